"""How much waits, and for how long."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm.models import Lane
from crm.outbox.claims import oldest_claimable

_DEPTH = text("""
    select lane, count(*) from messages
    where status = 'queued' and id >= :oldest
    group by lane
""")

# One step into the index per lane, however long the queue is.
_OLDEST = text("""
    select min(first.due_at) from unnest(cast(:lanes as text[])) as l(lane), lateral (
        select due_at from messages m
        where m.lane = l.lane and m.status = 'queued' and m.due_at <= :now and m.id >= :oldest
        order by due_at limit 1
    ) as first
""")


def depth(session: Session) -> dict[Lane, int]:
    """How many messages wait in each lane, those set for later among them."""
    rows = session.execute(_DEPTH, {"oldest": oldest_claimable()})
    return dict.fromkeys(Lane, 0) | {Lane(lane): count for lane, count in rows}


def oldest_pending_age_s(session: Session, *, now: datetime) -> float:
    """How long the message that waits longest has been due, in seconds; 0 when none waits."""
    values = {"now": now, "oldest": oldest_claimable(), "lanes": list(Lane)}
    due_at: datetime | None = session.scalar(_OLDEST, values)
    return (now - due_at).total_seconds() if due_at else 0.0
