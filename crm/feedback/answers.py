"""Giving feedback: once for each visit, points for any score, a follow-up for a bad one.

Who wants to stay unknown leaves a row without patient, visit, doctor or hour; the points come by
way of the invitation. Such a row cannot be found again, so it cannot be changed either.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import follow_ups, loyalty
from crm.feedback import rows, turns
from crm.feedback.rows import Said
from crm.kit.errors import DomainError, Gone, Invalid, NotFound
from crm.kit.permissions import Scope
from crm.models import (
    AnswerSource,
    Appointment,
    AppointmentStatus,
    FeedbackInvitation,
    FollowUp,
    PatientFeedback,
)

LATEST = timedelta(days=90)
EDITABLE = timedelta(hours=24)
_VISITED = (AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW)
_HOUR = timedelta(hours=1)


class InvitationExpired(Gone):
    """The invitation is too old."""

    code = "invitation_expired"


class EditClosed(DomainError):
    """What was said a day ago stays as it is."""

    code = "edit_closed"


@dataclass(frozen=True, slots=True)
class Given:
    """What giving feedback led to."""

    feedback: PatientFeedback
    points: int
    follow_up: FollowUp | None


def give(
    session: Session,
    *,
    patient_id: UUID,
    appointment_id: UUID,
    said: Said,
    source: AnswerSource,
    now: datetime,
    scope: Scope,
    is_anonymous: bool = False,
) -> Given:
    """Write down what a patient says of a visit. Of two at once, one counts.

    Raises NotFound, Invalid (not visited, too long ago), AlreadyAnswered.
    """
    visit = _visit(session, patient_id, appointment_id, scope)
    _refuse_unless_past(visit, now)
    turns.take(session, visit, answered_at=rows.day_of(now) if is_anonymous else now)
    row = rows.make(session, visit, said, source=source, now=now, is_anonymous=is_anonymous)
    award = loyalty.award(
        session,
        patient_id=patient_id,
        rule="feedback",
        source_type="appointment",
        source_id=visit.id,
        now=now,
    )
    return Given(row, award.points if award else 0, follow_up(session, row, said, now))


def invited_to(session: Session, invitation_id: UUID, *, patient_id: UUID, now: datetime) -> UUID:
    """The visit that an invitation asks this patient about. Raises NotFound, InvitationExpired."""
    invitation = session.get(FeedbackInvitation, invitation_id)
    if invitation is None or invitation.patient_id != patient_id:
        raise NotFound("There is no such invitation.")
    if invitation.expires_at <= now:
        raise InvitationExpired("This invitation has expired.")
    return invitation.appointment_id


def edit(
    session: Session,
    feedback_id: UUID,
    *,
    patient_id: UUID,
    now: datetime,
    scope: Scope,
    **changes: Any,
) -> Given:
    """Change what was said less than a day ago; `changes` are fields of `Said`.

    A follow-up stays, whatever the new score. Raises NotFound, EditClosed.
    """
    row = editable(session, feedback_id, patient_id=patient_id, now=now, scope=scope)
    said = rows.changed(session, row, changes)
    rows.write(session, row, said)
    row.edited_at = now
    session.flush()
    return Given(row, 0, follow_up(session, row, said, now))


def editable(
    session: Session, feedback_id: UUID, *, patient_id: UUID, now: datetime, scope: Scope
) -> PatientFeedback:
    """What they said themselves less than a day ago, locked. Raises NotFound, EditClosed."""
    row = _own(session, feedback_id, patient_id, scope)
    if now - row.said_at > EDITABLE:
        raise EditClosed("This can no longer be changed.")
    return row


def _visit(session: Session, patient_id: UUID, appointment_id: UUID, scope: Scope) -> Appointment:
    visit = session.get(Appointment, appointment_id)
    if visit is None or visit.patient_id != patient_id or not _may_speak(scope, visit):
        raise NotFound("There is no such visit.")
    return visit


def _may_speak(scope: Scope, row: Appointment | PatientFeedback) -> bool:
    if scope.is_staff:
        return scope.covers(row.hospital_id)
    return scope.patient_id is not None and scope.patient_id == row.patient_id


def _refuse_unless_past(visit: Appointment, now: datetime) -> None:
    if visit.status not in _VISITED:
        raise Invalid("appointment_id", "This visit has not taken place.", code="not_visited")
    if now - visit.ends_at > LATEST:
        raise Invalid("appointment_id", "This visit was too long ago.", code="too_long_ago")


def follow_up(session: Session, row: PatientFeedback, said: Said, now: datetime) -> FollowUp | None:
    """The follow-up that these words ask for, opened or made more urgent; None for none."""
    severity = said.severity
    if severity is None:
        return None
    return follow_ups.start(
        session,
        hospital_id=row.hospital_id,
        severity=severity,
        opened_at=next_hour(now) if row.is_anonymous else now,
        now=now,
        feedback_id=row.id,
    )


def _own(session: Session, feedback_id: UUID, patient_id: UUID, scope: Scope) -> PatientFeedback:
    row = session.scalar(
        select(PatientFeedback).where(PatientFeedback.id == feedback_id).with_for_update()
    )
    if row is None or row.patient_id != patient_id or not _may_speak(scope, row):
        raise NotFound("There is no such feedback.")
    return row


def next_hour(now: datetime) -> datetime:
    """The hour that follows: who knows when somebody got points should not know what they said."""
    return now.replace(minute=0, second=0, microsecond=0) + _HOUR
