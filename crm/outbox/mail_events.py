"""What the carrier reports of e-mails, in batches: receipts, bounces, complaints, farewells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import consents, suppressions
from crm.models import Direction, InboundKey, Message, MessageStatus, SuppressionReason
from crm.outbox.receipts import Receipt, receipts

_WORDING = "unsubscribe-2026-11"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """One event, in our words; the carrier may bring it more than once, and in any order."""

    id: str
    message_id: UUID
    n: int
    provider_id: str
    status: MessageStatus | None = None
    """What it makes of the message; None when it says nothing about delivery."""
    code: int | None = None
    suppresses: SuppressionReason | None = None
    is_unsubscribe: bool = False


def take_in_mail_events(
    session: Session, batch: Sequence[MailEvent], *, provider: str, now: datetime
) -> int:
    """Take in a batch, set-wise, each event once. Returns how many were new."""
    new = _first_time(session, batch, provider=provider, now=now)
    told = [event for event in new if event.status]
    receipts(session, [_receipt(event) for event in told], now=now)
    _heed(session, [e for e in new if e.suppresses or e.is_unsubscribe], provider, now)
    return len(new)


def _first_time(
    session: Session, batch: Sequence[MailEvent], *, provider: str, now: datetime
) -> list[MailEvent]:
    """The events that nobody took in before, oldest first as they stand in the batch."""
    if not batch:
        return []
    message_ids = {event.id: event.message_id for event in batch}
    # In one order for all batches, so that two of them never wait for each other.
    rows = [
        {"provider": provider, "provider_id": id_, "message_id": message_ids[id_]}
        for id_ in sorted(message_ids)
    ]
    statement = (
        insert(InboundKey)
        .values([row | {"received_at": now} for row in rows])
        .on_conflict_do_nothing()
        .returning(InboundKey.provider_id)
    )
    new = set(session.scalars(statement))
    once = {event.id: event for event in reversed(batch) if event.id in new}
    return list(reversed(once.values()))


def _receipt(event: MailEvent) -> Receipt:
    status = event.status or MessageStatus.ACCEPTED
    return Receipt(event.message_id, event.n, status, event.provider_id, event.code)


def _heed(session: Session, events: Sequence[MailEvent], provider: str, now: datetime) -> None:
    """Suppress what bounced or complained, and take marketing back where it was asked."""
    addresses = _addresses(session, {event.message_id for event in events})
    heard = [(addresses[e.message_id], e) for e in events if e.message_id in addresses]
    reasons = {address: event.suppresses for address, event in heard if event.suppresses}
    suppressions.suppress_many(session, reasons, now=now)
    leaving = {address for address, event in heard if event.is_unsubscribe}
    if leaving:
        consents.withdraw_marketing(session, leaving, wording=_WORDING, source=provider, now=now)


def _addresses(session: Session, message_ids: set[UUID]) -> dict[UUID, UUID]:
    """Whose e-mails these are; a message of another channel, or none of ours, is left out."""
    if not message_ids:
        return {}
    statement = select(Message.id, Message.address_id).where(
        Message.id.in_(message_ids),
        Message.id.between(min(message_ids), max(message_ids)),
        Message.channel == Channel.EMAIL,
        Message.direction == Direction.OUT,
    )
    return {row.id: row.address_id for row in session.execute(statement)}
