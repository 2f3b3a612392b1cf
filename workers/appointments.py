"""What becomes of visits when nobody says it."""

from collections import Counter

from bot.wiring import Wiring
from crm import appointments
from workers.runtime import Counts, job

_BATCH = 500


@job
def judge_unattended(wiring: Wiring, *, dry_run: bool = False) -> Counts:
    """Mark who did not come, each in a transaction of its own; with `dry_run` only count them."""
    with wiring.transaction() as session:
        waiting = appointments.unattended(session, now=wiring.now(), limit=_BATCH)
    if dry_run:
        return {"due": len(waiting)}
    counts: Counter[str] = Counter()
    for visit_id in waiting:
        with wiring.transaction() as session:
            status = appointments.judge(session, visit_id, now=wiring.now())
        counts[status or "left"] += 1
    return dict(counts)
