"""Messages of which nobody knows whether they were sent: looked up before anything goes again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.channels.carrier import Accepted, Channel
from crm.kit.ids import uuid7_floor
from crm.models import Purpose
from crm.outbox.claims import Claimed, oldest_claimable

# The carrier's list may lag behind what it took, so one look that finds nothing proves nothing.
SECOND_LOOK = timedelta(seconds=10)
# An e-mail is in no list: only its events tell, and they come in batches. Ten minutes without any
# mean that it was never taken.
EVENTS_COME_WITHIN = timedelta(minutes=10)
GIVE_UP = timedelta(hours=1)
_NOT_KNOWN = "not known whether it was sent"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message to look up at the carrier."""

    message: Claimed
    looked_up_until: datetime | None
    """When the second look was due; None before the first."""


_REAP = text("""
    with m as (
        update messages set
            status = 'unknown', status_at = :now, lease_until = null, reason = :reason
        where status = 'sending' and lease_until < :now and id >= :oldest
        returning id, attempts
    ), tried as (
        update message_attempts t set outcome = 'unknown', finished_at = :now
        from m where t.message_id = m.id and t.n = m.attempts and t.message_id >= :oldest
    )
    select count(*) from m
""")

_GIVE_UP = text("""
    update messages set status = 'failed', status_at = :now, lease_until = null, reason = :reason
    where status = 'unknown' and status_at < :since and id >= :oldest
""")

_DUE = text("""
    select m.id, m.attempts, m.channel, m.purpose, m.address_id, m.body_sealed,
        m.lease_until, a.value_sealed, t.started_at
    from messages m
    join addresses a on a.id = m.address_id
    join message_attempts t on t.message_id = m.id and t.n = m.attempts
    where m.status = 'unknown' and (m.lease_until is null or m.lease_until <= :now)
        and m.id >= :oldest and t.message_id >= :oldest
    order by m.status_at
    limit :limit
""")

# Two messages may say the same to the same person; a carrier's id that another one has is not ours.
_ADOPT = text("""
    with m as (
        update messages set
            status = 'accepted', status_at = :now, lease_until = null, reason = null,
            provider_id = :provider_id
        where id = :id and attempts = :n and status = 'unknown' and not exists (
            select from messages o where o.provider_id = :provider_id and o.id >= :lately
        )
        returning id, attempts
    )
    update message_attempts t set
        outcome = 'found', provider_id = :provider_id, finished_at = :now
    from m where t.message_id = m.id and t.n = m.attempts and t.message_id = :id
    returning t.message_id
""")

_LOOK_AGAIN = text("""
    update messages set lease_until = :later
    where id = :id and attempts = :n and status = 'unknown' and lease_until is null
""")

_DECIDE = text("""
    update messages set
        status = :status, status_at = :now, due_at = :now, lease_until = null, reason = :reason
    where id = :id and attempts = :n and status = 'unknown' and lease_until = :looked_up_until
    returning lane
""")


def reap(session: Session, *, now: datetime) -> int:
    """Put in doubt what a sender has not settled before its lease ran out. Returns how many.

    What stayed in doubt for an hour, because no look-up gave an answer, has failed.
    """
    values = {"now": now, "oldest": oldest_claimable()}
    session.execute(_GIVE_UP, {**values, "since": now - GIVE_UP, "reason": _NOT_KNOWN})
    return session.scalar(_REAP, {**values, "reason": "the sender was interrupted"}) or 0


def unknown_due(session: Session, *, now: datetime, limit: int = 50) -> list[Doubt]:
    """The messages in doubt whose look-up is due, longest in doubt first."""
    values = {"now": now, "oldest": oldest_claimable(), "limit": limit}
    return [
        Doubt(
            Claimed(
                id=row.id,
                n=row.attempts,
                channel=Channel(row.channel),
                purpose=Purpose(row.purpose),
                address_id=row.address_id,
                value_sealed=row.value_sealed,
                body_sealed=row.body_sealed,
                must_use_template=False,
                attempted_at=row.started_at,
            ),
            looked_up_until=row.lease_until,
        )
        for row in session.execute(_DUE, values)
    ]


def adopt(session: Session, doubt: Doubt, accepted: Accepted, *, now: datetime) -> bool:
    """The carrier has it. False when its id belongs to another message, or the doubt is over."""
    values = {
        **_identity(doubt),
        "now": now,
        "provider_id": accepted.provider_id,
        "lately": uuid7_floor(datetime.now(UTC) - timedelta(days=3)),
    }
    return session.scalar(_ADOPT, values) is not None


def not_found(session: Session, doubt: Doubt, *, now: datetime) -> bool:
    """The carrier does not have it: look once more, then decide. True when decided.

    It is sent again, unless it is marketing, which nobody misses and nobody forgives twice.
    """
    if doubt.looked_up_until is None:
        is_mail = doubt.message.channel is Channel.EMAIL
        later = now + (EVENTS_COME_WITHIN if is_mail else SECOND_LOOK)
        session.execute(_LOOK_AGAIN, {**_identity(doubt), "later": later})
        return False
    is_marketing = doubt.message.purpose is Purpose.MARKETING
    values = {
        **_identity(doubt),
        "now": now,
        "status": "failed" if is_marketing else "queued",
        "reason": _NOT_KNOWN if is_marketing else "the carrier does not have it",
        "looked_up_until": doubt.looked_up_until,
    }
    lane = session.scalar(_DECIDE, values)
    if lane and not is_marketing:
        session.info.setdefault("lanes", set()).add(lane)
    return lane is not None


def _identity(doubt: Doubt) -> dict[str, UUID | int]:
    return {"id": doubt.message.id, "n": doubt.message.n}
