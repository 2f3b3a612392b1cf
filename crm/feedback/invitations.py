"""Inviting patients to say how a visit was: written down with the visit's end, posted when due.

Two hours after the visit, in waking hours, and once: a patient is not asked again for thirty days.
Each visit has one row here, which also lets it be rated once (`crm.feedback.answers`).
"""

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.kit.clock import at_lagos, lagos
from crm.kit.ids import uuid7
from crm.models import (
    Appointment,
    FeedbackInvitation,
    FollowUp,
    InvitationStatus,
    Patient,
    PatientFeedback,
    PatientStatus,
)

AFTER = timedelta(hours=2)
COOLDOWN = timedelta(days=30)
OPEN_FOR = timedelta(days=14)
ASKED_WITHIN = timedelta(days=3)
"""A visit further back is not asked about: the record came late, the memory is gone."""
_WAKING = (time(9), time(20))


def invite(
    session: Session, *, appointment: Appointment, now: datetime
) -> FeedbackInvitation | None:
    """Write down the invitation for a visit that has taken place; None when there is one already.

    Whoever should be left alone gets a skipped one with the reason.
    """
    over_at = min(appointment.ends_at, now)
    due_at = due_time(over_at, now=now)
    reason = _reason_to_skip(session, appointment.patient_id, over_at, now)
    return session.scalar(
        insert(FeedbackInvitation)
        .values(
            id=uuid7(),
            appointment_id=appointment.id,
            patient_id=appointment.patient_id,
            hospital_id=appointment.hospital_id,
            due_at=due_at,
            expires_at=due_at + OPEN_FOR,
            status=InvitationStatus.SKIPPED if reason else InvitationStatus.PENDING,
            skip_reason=reason,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["appointment_id"])
        .returning(FeedbackInvitation)
    )


def due_time(over_at: datetime, *, now: datetime) -> datetime:
    """Two hours after the visit, at once if that has passed, but never at night."""
    return waking(max(over_at + AFTER, now))


def waking(moment: datetime) -> datetime:
    """The same moment, or the next morning when people sleep."""
    local = lagos(moment)
    opens, closes = _WAKING
    if opens <= local.time() < closes:
        return moment
    return at_lagos(local.date() + timedelta(days=local.time() >= closes), opens)


def was_asked_lately(
    session: Session, patient_id: UUID, *, now: datetime, besides: UUID | None = None
) -> bool:
    """True when this patient waits for a question, or got one in the last thirty days."""
    asked = or_(
        FeedbackInvitation.status == InvitationStatus.PENDING,
        FeedbackInvitation.posted_at > now - COOLDOWN,
    )
    others = [FeedbackInvitation.id != besides] if besides else []
    found = select(FeedbackInvitation.id).where(
        FeedbackInvitation.patient_id == patient_id, asked, *others
    )
    return session.scalar(found.limit(1)) is not None


def awaiting(session: Session, *, address_id: UUID, now: datetime) -> FeedbackInvitation | None:
    """The newest question posted to this address that still waits for its answer."""
    return session.scalar(
        select(FeedbackInvitation)
        .where(FeedbackInvitation.address_id == address_id)
        .where(FeedbackInvitation.status == InvitationStatus.POSTED)
        .where(FeedbackInvitation.answered_at.is_(None), FeedbackInvitation.expires_at > now)
        .order_by(FeedbackInvitation.posted_at.desc())
        .limit(1)
    )


def still_open(session: Session, patient_id: UUID, *, now: datetime) -> list[FeedbackInvitation]:
    """What a patient may still say something about without being asked twice, newest first."""
    return list(
        session.scalars(
            select(FeedbackInvitation)
            .where(FeedbackInvitation.patient_id == patient_id)
            .where(FeedbackInvitation.answered_at.is_(None), FeedbackInvitation.expires_at > now)
            .order_by(FeedbackInvitation.due_at.desc())
            .limit(10)
        )
    )


def _reason_to_skip(
    session: Session, patient_id: UUID, over_at: datetime, now: datetime
) -> str | None:
    if now - over_at > ASKED_WITHIN:
        return "the visit is long past"
    status = session.scalar(select(Patient.status).where(Patient.id == patient_id))
    if status != PatientStatus.ACTIVE:
        return "the patient is not active"
    if was_asked_lately(session, patient_id, now=now):
        return "the patient was asked in the last 30 days"
    if _has_open_complaint(session, patient_id):
        return "a complaint of this patient is open"
    return None


def _has_open_complaint(session: Session, patient_id: UUID) -> bool:
    complaint = exists().where(
        FollowUp.feedback_id == PatientFeedback.id, FollowUp.resolved_at.is_(None)
    )
    found = select(PatientFeedback.id).where(PatientFeedback.patient_id == patient_id, complaint)
    return session.scalar(found.limit(1)) is not None
