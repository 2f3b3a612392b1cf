"""What became of attempts, written down for a whole batch at once."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.channels.errors import NO_EMAIL_ADDRESS, OPTED_OUT, WINDOW_CLOSED
from crm import gate
from crm.kit.ids import uuid7
from crm.models import MessageStatus, SuppressionReason

MOST_ATTEMPTS = 8
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 3600.0

# What the carrier says of an address for good; a person who writes to us is heard all the same.
_SUPPRESSES = {
    OPTED_OUT: SuppressionReason.CARRIER,
    21211: SuppressionReason.INVALID,
    21614: SuppressionReason.INVALID,
    NO_EMAIL_ADDRESS: SuppressionReason.INVALID,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's end, and what it makes of its message."""

    message_id: UUID
    n: int
    word: str
    """How the attempt ended, for people: accepted, not sent, refused, unknown, turned away."""
    status: MessageStatus
    provider_id: str | None = None
    code: int | None = None
    reason: str | None = None
    pause_s: float | None = None
    until: datetime | None = None

    @property
    def is_put_off(self) -> bool:
        """True when it will be tried again, and whoever waits for it will notice."""
        return self.status is MessageStatus.QUEUED and bool(self.pause_s)

    @classmethod
    def accepted(cls, message_id: UUID, n: int, provider_id: str) -> Self:
        """The carrier took it."""
        return cls(message_id, n, "accepted", MessageStatus.ACCEPTED, provider_id)

    @classmethod
    def not_sent(
        cls, message_id: UUID, n: int, reason: str, *, retry_after_s: float | None = None
    ) -> Self:
        """It never left: again after a growing pause, and not for ever."""
        if n >= MOST_ATTEMPTS:
            return cls(message_id, n, "not sent", MessageStatus.FAILED, reason=reason)
        pause_s = max(retry_after_s or 0.0, _pause_s(n))
        return cls(message_id, n, "not sent", MessageStatus.QUEUED, reason=reason, pause_s=pause_s)

    @classmethod
    def put_back(cls, message_id: UUID, n: int) -> Self:
        """It was claimed and not tried, because the lease would not have lasted."""
        return cls(message_id, n, "not tried", MessageStatus.QUEUED, pause_s=0.0)

    @classmethod
    def refused(cls, message_id: UUID, n: int, code: int | None, reason: str) -> Self:
        """The carrier, or our own rendering, said no for good."""
        return cls(message_id, n, "refused", MessageStatus.FAILED, code=code, reason=reason)

    @classmethod
    def unknown(cls, message_id: UUID, n: int, reason: str) -> Self:
        """Nobody knows: to be looked up."""
        return cls(message_id, n, "unknown", MessageStatus.UNKNOWN, reason=reason)

    @classmethod
    def turned_away(cls, message_id: UUID, n: int, verdict: gate.Verdict) -> Self:
        """The gate, asked again, said no or not now."""
        is_stopped = verdict.kind is gate.Kind.STOP
        return cls(
            message_id,
            n,
            "turned away",
            MessageStatus.SUPPRESSED if is_stopped else MessageStatus.QUEUED,
            reason=verdict.reason,
            until=verdict.until,
        )


# A receipt may have come first: only what still waits for this attempt moves. An acceptance also
# reaches a message that was put back in doubt, so that it is not sent again; not one that was put
# back because this very attempt failed at WhatsApp's window.
_SETTLE = text("""
    with o as (
        select * from json_to_recordset(cast(:outcomes as json)) as o(
            id uuid, n smallint, word text, status text, due_at timestamptz, provider_id text,
            code bigint, reason text, suppression_id uuid, suppresses text
        )
    ), tried as (
        update message_attempts t set
            finished_at = :now, outcome = o.word, provider_id = o.provider_id, error_code = o.code
        from o
        where t.message_id = o.id and t.n = o.n and t.message_id between :oldest and :newest
    ), settled as (
        update messages m set
            status = o.status, status_at = :now, lease_until = null,
            due_at = coalesce(o.due_at, m.due_at),
            provider_id = coalesce(o.provider_id, m.provider_id),
            error_code = coalesce(o.code, m.error_code), reason = o.reason
        from o
        where m.id = o.id and m.attempts = o.n and m.id between :oldest and :newest
            and (m.status in ('sending', 'unknown')
                or (m.status = 'queued' and o.status = 'accepted'
                    and m.error_code is distinct from :window_closed))
        returning m.address_id, o.suppression_id, o.suppresses
    )
    insert into suppressions (id, address_id, reason, since)
    select distinct on (address_id) suppression_id, address_id, suppresses, :now
    from settled where suppresses is not null
    on conflict (address_id) where lifted_at is null do nothing
""")


def settle(session: Session, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write down how attempts ended, in one statement. Never lowers what a receipt has raised.

    An address that the carrier refuses for good is suppressed.
    """
    if not outcomes:
        return
    ids = [outcome.message_id for outcome in outcomes]
    values = {
        "now": now,
        "oldest": min(ids),
        "newest": max(ids),
        "window_closed": WINDOW_CLOSED,
        # One value to send and to read, where arrays would be ten.
        "outcomes": json.dumps([_record(outcome, now) for outcome in outcomes], default=str),
    }
    session.execute(_SETTLE, values)


def _record(outcome: Outcome, now: datetime) -> dict[str, object]:
    suppresses = _SUPPRESSES.get(outcome.code) if outcome.code else None
    return {
        "id": outcome.message_id,
        "n": outcome.n,
        "word": outcome.word,
        "status": outcome.status,
        "due_at": _due_at(outcome, now),
        "provider_id": outcome.provider_id,
        "code": outcome.code,
        "reason": outcome.reason,
        "suppression_id": suppresses and uuid7(),
        "suppresses": suppresses,
    }


def _due_at(outcome: Outcome, now: datetime) -> datetime | None:
    if outcome.pause_s is not None:
        return now + timedelta(seconds=outcome.pause_s)
    return outcome.until


def _pause_s(n: int) -> float:
    """5 s, 15 s, 45 s and so on up to an hour, spread by a fifth so that batches do not march."""
    pause_s = min(_FIRST_PAUSE_S * 3.0 ** (n - 1), _LONGEST_PAUSE_S)
    return pause_s * random.uniform(0.8, 1.2)  # noqa: S311 -- nothing to guess here
