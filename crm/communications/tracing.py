"""The last message that somebody got without having asked for it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm import gate
from crm.models import Direction, Message, MessageStatus, Purpose

_ASKED_FOR = (Purpose.REPLY, Purpose.ALERT)
_LEFT = (
    MessageStatus.SENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.ACCEPTED,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.READ,
)


def last_unasked(
    session: Session,
    *,
    address_id: UUID,
    conversation_id: UUID,
    patient_ids: Collection[UUID],
    owner_ids: Collection[UUID],
) -> Message | None:
    """The newest one of two months that left for this address of these people."""
    people = or_(
        Message.conversation_id == conversation_id,
        Message.patient_id.in_(patient_ids),
        Message.owner_id.in_(owner_ids),
    )
    return session.scalar(
        select(Message)
        .where(people, Message.address_id == address_id, Message.id >= gate.reach())
        .where(Message.direction == Direction.OUT, Message.purpose.not_in(_ASKED_FOR))
        .where(Message.status.in_(_LEFT), ~Message.is_test)
        .order_by(Message.id.desc())
        .limit(1)
    )
