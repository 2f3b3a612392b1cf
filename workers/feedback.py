"""Asking patients and owners what they think of us, when it is time."""

from collections import Counter
from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.wiring import Wiring
from crm import feedback, satisfaction
from workers.runtime import Counts, job


@job
def post_due(wiring: Wiring, *, dry_run: bool = False) -> Counts:
    """Ask the patients whose visit is some hours ago; with `dry_run` only count them."""
    if dry_run:
        with wiring.transaction() as session:
            return {"due": feedback.count_due(session, now=wiring.now())}
    return _in_batches(
        wiring,
        lambda session: feedback.post_due(session, now=wiring.now(), forms=wiring.forms),
    )


@job
def invite_owners(wiring: Wiring) -> Counts:
    """Write down which owners are to be asked about this quarter."""
    now = wiring.now()
    with wiring.transaction() as session:
        period = satisfaction.current(now)
        return {"invited": satisfaction.invite_owners(session, period=period, now=now)}


@job
def ask_owners(wiring: Wiring, *, dry_run: bool = False) -> Counts:
    """Post the owners' questions that are due, and nudge once who kept silent."""
    if dry_run:
        with wiring.transaction() as session:
            return {"due": satisfaction.count_due(session, now=wiring.now())}
    asked = _in_batches(
        wiring,
        lambda session: satisfaction.post_due(session, now=wiring.now(), forms=wiring.forms),
    )
    nudged = _in_batches(
        wiring,
        lambda session: Counter(
            nudged=satisfaction.nudge_due(session, now=wiring.now(), forms=wiring.forms)
        ),
    )
    return asked | nudged


def _in_batches(wiring: Wiring, step: Callable[[Session], Counter[str]]) -> dict[str, int]:
    """A transaction for each batch, until one finds nothing."""
    counts: Counter[str] = Counter()
    while True:
        with wiring.transaction() as session:
            batch = step(session)
        if not batch.total():
            return dict(counts)
        counts += batch
