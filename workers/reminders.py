"""Appointment reminders, when they fall due."""

from collections import Counter

from bot.wiring import Wiring
from crm import reminders
from workers.runtime import Counts, job


@job
def post_due(wiring: Wiring, *, dry_run: bool = False) -> Counts:
    """Post what is due, a transaction for each batch; with `dry_run` only count it.

    What was left because its patient is writing just now is found by the next run.
    """
    if dry_run:
        with wiring.transaction() as session:
            return {"due": reminders.count_due(session, now=wiring.now())}
    counts: Counter[str] = Counter()
    while batch := _post_batch(wiring):
        counts += batch
        if not batch["posted"] + batch["skipped"]:
            break
    return dict(counts)


def _post_batch(wiring: Wiring) -> Counter[str]:
    with wiring.transaction() as session:
        return reminders.post_due(session, now=wiring.now(), forms=wiring.forms)
