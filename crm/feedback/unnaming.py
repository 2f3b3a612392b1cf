"""Taking the name off what was said: a rating given by name becomes one of nobody's."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm import follow_ups
from crm.feedback import answers, rows
from crm.kit.permissions import Scope
from crm.models import Appointment, FeedbackInvitation, FollowUp, PatientFeedback


def unname(
    session: Session,
    feedback_id: UUID,
    *,
    patient_id: UUID,
    now: datetime,
    scope: Scope,
    **changes: Any,
) -> PatientFeedback:
    """Let a row without patient, visit, doctor or hour take the place of theirs.

    Its follow-up stays, at the next full hour. `changes` are fields of `Said`. Raises NotFound,
    EditClosed.
    """
    row = answers.editable(session, feedback_id, patient_id=patient_id, now=now, scope=scope)
    assert row.appointment_id is not None  # noqa: S101 -- only a named row is anybody's own
    visit = session.get_one(Appointment, row.appointment_id)
    said = rows.changed(session, row, changes)
    bare = rows.make(session, visit, said, source=row.source, now=row.said_at, is_anonymous=True)
    _hand_on(session, row, bare)
    session.delete(row)
    _forget_the_hour(session, visit.id, now)
    session.flush()
    answers.follow_up(session, bare, said, now)
    return bare


def _hand_on(session: Session, row: PatientFeedback, bare: PatientFeedback) -> None:
    found = session.scalars(
        update(FollowUp)
        .where(FollowUp.feedback_id == row.id)
        .values(feedback_id=bare.id)
        .returning(FollowUp)
    ).one_or_none()
    if found is not None and found.first_contact_at is None:
        opened_at = answers.next_hour(found.opened_at)
        found.opened_at = found.created_at = found.updated_at = opened_at
        found.due_at = opened_at + follow_ups.SPAN[found.severity]


def _forget_the_hour(session: Session, visit_id: UUID, now: datetime) -> None:
    session.execute(
        update(FeedbackInvitation)
        .where(FeedbackInvitation.appointment_id == visit_id)
        .values(answered_at=rows.day_of(now), updated_at=rows.day_of(now))
    )
