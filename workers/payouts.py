"""The monthly payout run: drafted on the first of the month, gone on with after a death."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from bot.wiring import Wiring
from crm.kit.permissions import Actor, Kind
from crm.models import PayoutRun, User
from crm.payouts import months, running, runs
from crm.payouts.running import Position
from crm.payouts.runs import Wish
from crm.payouts.writing import Made
from workers.runtime import Counts, is_stopping, job

GIVEN_UP = timedelta(minutes=2)
"""A run nobody has worked at for so long was cut off."""


@job
def draft_month(wiring: Wiring, *, dry_run: bool = False) -> Counts:
    """Draft the month before for every contract; with `dry_run` only say what would be drafted.

    May run as often as one likes: what is there stays. Raises RunInProgress.
    """
    house, now = Actor.system("GrandPro"), wiring.now()
    period = months.last_month(now)
    with wiring.transaction() as session:
        if dry_run:
            return _try(session, wiring)
        run, _ = runs.begin(session, Wish(), period=period, by=house, now=now)
    return _finish(wiring, run.id, house)


@job
def go_on(
    wiring: Wiring,
    run_id: str,
    by_id: str = "",
    *,
    submits: bool = False,
    recalculates: bool = False,
) -> Counts:
    """Work at a run until everything was tried, for the one who asked. Raises RunInProgress."""
    with wiring.transaction() as session:
        by = _actor(session, UUID(by_id) if by_id else None)
    return _finish(wiring, UUID(run_id), by, submits=submits, recalculates=recalculates)


@job
def finish_runs(wiring: Wiring) -> Counts:
    """Go on with the runs that were cut off, for those who began them."""
    with wiring.transaction() as session:
        cut_off = runs.unfinished(session, before=wiring.now() - GIVEN_UP)
        begun = [(run_id, session.get_one(PayoutRun, run_id).started_by) for run_id in cut_off]
        acting = [(run_id, _actor(session, by_id)) for run_id, by_id in begun]
    for run_id, by in acting:
        _finish(wiring, run_id, by)
    return {"finished": len(acting)}


def _finish(
    wiring: Wiring, run_id: UUID, by: Actor, *, submits: bool = False, recalculates: bool = False
) -> Counts:
    """One transaction for each chunk; a worker that is told to stop leaves the rest for later."""
    if recalculates:
        _chunks(
            wiring,
            run_id,
            lambda session, run, after: running.recalculate(
                session, run, by=by, now=wiring.now(), after=after
            ),
        )
    _chunks(
        wiring,
        run_id,
        lambda session, run, after: running.advance(
            session, run, by=by, now=wiring.now(), after=after, submits=submits
        ),
    )
    with wiring.transaction() as session:
        counts = session.get_one(PayoutRun, run_id).counts
    return {name: counts.get(name, 0) for name in ("contracts", "created", "existing", "failed")}


def _chunks(
    wiring: Wiring,
    run_id: UUID,
    work: Callable[[Session, PayoutRun, Position | None], Position | None],
) -> None:
    after: Position | None = None
    while not is_stopping():
        with wiring.transaction() as session:
            after = work(session, runs.take(session, run_id), after)
        if after is None:
            return


def _try(session: Session, wiring: Wiring) -> Counts:
    now = wiring.now()
    found = running.preview(session, Wish(), period=months.last_month(now), now=now)
    return dict(Counter("draftable" if isinstance(each, Made) else "failed" for each in found))


def _actor(session: Session, user_id: UUID | None) -> Actor:
    """Whoever began a run drafts what it drafts, and so cannot approve it."""
    user = user_id and session.get(User, user_id)
    if not user:
        return Actor.system("GrandPro")
    return Actor(Kind.USER, user.id, user.name)
