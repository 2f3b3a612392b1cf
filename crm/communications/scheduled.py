"""Messages set for later: what is due, what is too late, and waking the lanes it waits in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.models import Lane
from crm.outbox.claims import oldest_claimable


@dataclass(frozen=True, slots=True)
class DueCounts:
    """How much is due, how much of it too late, and since when the oldest waits."""

    due: int
    expired: int
    oldest_due_at: datetime | None
    lanes: Sequence[str]


# Index steps lane by lane, and no further than the limit.
_LOOK = text("""
    select count(*) filter (where d.expires_at is null or d.expires_at >= :now) as due,
        count(*) filter (where d.expires_at < :now) as expired,
        min(d.due_at) as oldest_due_at,
        coalesce(array_agg(distinct d.lane), '{}') as lanes
    from unnest(cast(:lanes as text[])) as l(lane), lateral (
        select lane, due_at, expires_at from messages m
        where m.lane = l.lane and m.status = 'queued' and m.due_at <= :now and m.id >= :oldest
            and m.channel = any(:channels)
        order by due_at limit :limit
    ) as d
""")

_EXPIRE = text("""
    with late as materialized (
        select m.id from unnest(cast(:lanes as text[])) as l(lane), lateral (
            select id from messages
            where lane = l.lane and status = 'queued' and due_at <= :now and id >= :oldest
                and expires_at < :now and channel = any(:channels)
            order by due_at limit :limit
            for update skip locked
        ) as m
    )
    update messages set status = 'expired', status_at = :now, reason = 'it was too late to send it'
    from late where messages.id = late.id and messages.id >= :oldest
    returning messages.id
""")


def look(
    session: Session, *, now: datetime, limit: int = 10_000, channels: Sequence[Channel] = ()
) -> DueCounts:
    """What is due, counted up to the limit in each lane; changes nothing."""
    row = session.execute(_LOOK, _values(now, limit, channels)).one()
    return DueCounts(row.due, row.expired, row.oldest_due_at, row.lanes)


def expire(
    session: Session, *, now: datetime, limit: int = 10_000, channels: Sequence[Channel] = ()
) -> int:
    """End what is too late to be sent; how many. Claims would end it too, one batch at a time."""
    return len(session.execute(_EXPIRE, _values(now, limit, channels)).all())


def wake(session: Session, due: DueCounts) -> None:
    """Wake the lanes where something is due, once the transaction has committed."""
    session.info.setdefault("lanes", set()).update(Lane(lane) for lane in due.lanes)


def _values(now: datetime, limit: int, channels: Sequence[Channel]) -> dict[str, object]:
    return {
        "now": now,
        "oldest": oldest_claimable(),
        "lanes": list(Lane),
        "limit": limit,
        "channels": [str(channel) for channel in channels or Channel],
    }
