"""Reading feedback: staff what was said at their hospitals, patients what they said themselves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from crm.kit.errors import NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import FollowUp, PatientFeedback, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which feedback; what is None narrows nothing."""

    since: datetime | None = None
    until: datetime | None = None
    hospital_id: UUID | None = None
    patient_id: UUID | None = None
    practitioner_id: UUID | None = None
    category: Topic | None = None
    most_rating: int | None = None


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query: said at a hospital in scope, or by the one who asks."""
    if scope.patient_id is not None:
        return PatientFeedback.patient_id == scope.patient_id
    return scope.where(PatientFeedback.hospital_id)


def search(
    session: Session, wanted: Narrowed, *, scope: Scope, page: PageRequest
) -> Found[PatientFeedback]:
    """What was said, newest first."""
    statement = select(PatientFeedback).where(visible(scope), *_narrowing(wanted))
    return keyset(
        session, statement, page, PatientFeedback.said_at.desc(), PatientFeedback.id.desc()
    )


def get(session: Session, feedback_id: UUID, *, scope: Scope) -> PatientFeedback:
    """One word of a patient. Raises NotFound, also outside the scope."""
    row = session.scalar(
        select(PatientFeedback).where(PatientFeedback.id == feedback_id, visible(scope))
    )
    if row is None:
        raise NotFound("There is no such feedback.")
    return row


def of_visit(session: Session, appointment_id: UUID) -> PatientFeedback | None:
    """What was said of a visit under a name."""
    return session.scalar(
        select(PatientFeedback).where(PatientFeedback.appointment_id == appointment_id)
    )


def follow_up_of(session: Session, row: PatientFeedback) -> FollowUp | None:
    """What it led to."""
    return session.scalar(select(FollowUp).where(FollowUp.feedback_id == row.id))


def _narrowing(wanted: Narrowed) -> list[ColumnElement[bool]]:
    same = {
        PatientFeedback.hospital_id: wanted.hospital_id,
        PatientFeedback.patient_id: wanted.patient_id,
        PatientFeedback.practitioner_id: wanted.practitioner_id,
    }
    conditions = [column == value for column, value in same.items() if value is not None]
    if wanted.since:
        conditions.append(PatientFeedback.said_at >= wanted.since)
    if wanted.until:
        conditions.append(PatientFeedback.said_at < wanted.until)
    if wanted.category:
        conditions.append(PatientFeedback.categories.contains([wanted.category]))
    if wanted.most_rating:
        conditions.append(PatientFeedback.rating <= wanted.most_rating)
    return conditions
