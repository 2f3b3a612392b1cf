"""Who was invited, and how many of those answered."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from crm.kit.intervals import Rate
from crm.kit.permissions import Scope
from crm.kit.windows import Window
from crm.models import (
    AnswerSource,
    Appointment,
    FeedbackInvitation,
    InvitationStatus,
    Message,
    MessageStatus,
    Topic,
)

ANSWERED_WITHIN = timedelta(days=14)
_ARRIVED = (MessageStatus.DELIVERED, MessageStatus.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which feedback; what is None narrows nothing."""

    window: Window
    hospital_id: UUID | None = None
    practitioner_id: UUID | None = None
    service_id: UUID | None = None
    category: Topic | None = None
    source: AnswerSource | None = None


def response(session: Session, wanted: Wanted, scope: Scope) -> Rate:
    """Answered within fourteen days, of those that arrived."""
    is_posted = FeedbackInvitation.status == InvitationStatus.POSTED
    arrived = (
        select(Message.id)
        .where(Message.id == FeedbackInvitation.message_id, Message.status.in_(_ARRIVED))
        .exists()
    )
    in_time = FeedbackInvitation.answered_at < FeedbackInvitation.posted_at + ANSWERED_WITHIN
    row = session.execute(
        _invited(wanted, scope).add_columns(
            func.count().filter(is_posted, arrived, in_time),
            func.count().filter(is_posted, arrived),
            func.count().filter(is_posted, ~arrived),
        )
    ).one()
    return Rate(row[0], row[1], _left_out(session, wanted, scope) | _some("not delivered", row[2]))


def unasked(session: Session, wanted: Wanted, scope: Scope) -> int:
    """How many spoke without having been asked."""
    is_unasked = FeedbackInvitation.status == InvitationStatus.SKIPPED
    found = _invited(wanted, scope).add_columns(func.count())
    row = session.execute(
        found.where(is_unasked, FeedbackInvitation.answered_at.is_not(None))
    ).one()
    return int(row[0])


def _invited(wanted: Wanted, scope: Scope) -> Select[*tuple[Any, ...]]:
    """The invitations of this hospital, practitioner or service that were due in the window."""
    found: Select[*tuple[Any, ...]] = select().select_from(FeedbackInvitation)
    found = found.where(
        scope.where(FeedbackInvitation.hospital_id), wanted.window.holds(FeedbackInvitation.due_at)
    )
    if wanted.hospital_id:
        found = found.where(FeedbackInvitation.hospital_id == wanted.hospital_id)
    by_visit = {
        Appointment.practitioner_id: wanted.practitioner_id,
        Appointment.service_id: wanted.service_id,
    }
    narrowed = [column == value for column, value in by_visit.items() if value is not None]
    if narrowed:
        is_its = Appointment.id == FeedbackInvitation.appointment_id
        found = found.join(Appointment, is_its).where(*narrowed)
    return found


def _left_out(session: Session, wanted: Wanted, scope: Scope) -> dict[str, int]:
    reason = FeedbackInvitation.skip_reason
    rows = session.execute(
        _invited(wanted, scope)
        .add_columns(reason, func.count())
        .where(FeedbackInvitation.status == InvitationStatus.SKIPPED)
        .group_by(reason)
        .order_by(reason)
    )
    return {row[0]: row[1] for row in rows}


def _some(reason: str, number: int) -> dict[str, int]:
    return {reason: number} if number else {}
