"""Posting the invitations that are due: each once, to whoever may still be asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import dates, say, spoken_to
from crm import outbox, patients
from crm.feedback import questions
from crm.feedback.invitations import ASKED_WITHIN, was_asked_lately
from crm.kit.clock import lagos_day
from crm.kit.tokens import Links
from crm.models import (
    Address,
    Appointment,
    FeedbackInvitation,
    Hospital,
    InvitationStatus,
    Lane,
    Patient,
    Purpose,
)
from crm.outbox import Template

_NO_ADDRESS = "there is no address from which an answer can come"
# A literal, so that a prepared statement can still use the partial index.
_IS_PENDING = text("feedback_invitations.status = 'pending'")


@dataclass(frozen=True, slots=True)
class _Due:
    """A claimed invitation with what it speaks of."""

    invitation: FeedbackInvitation
    visit: Appointment
    patient: Patient
    place: str


def count_due(session: Session, *, now: datetime) -> int:
    """How many invitations wait to be posted."""
    due = select(func.count()).select_from(FeedbackInvitation)
    return session.scalar(due.where(_IS_PENDING, FeedbackInvitation.due_at <= now)) or 0


def post_due(
    session: Session, *, now: datetime, limit: int = 100, forms: Links | None = None
) -> Counter[str]:
    """Post one batch of due invitations; returns how many were posted and skipped.

    Those in another worker's hands are left to it. A question nobody may get is skipped with the
    reason, which is final: nobody is asked twice.
    """
    counts: Counter[str] = Counter()
    for due in _claim(session, now=now, limit=limit):
        address = _address(session, due.patient.id, forms=forms)
        reason = _reason_to_skip(session, due, address, now=now)
        if reason is None and address is not None:
            _post(session, due, address, forms if address.channel is Channel.SMS else None, now)
        else:
            _skip(due.invitation, reason or _NO_ADDRESS, now)
        counts[due.invitation.status] += 1
    session.flush()
    return counts


def _claim(session: Session, *, now: datetime, limit: int) -> Sequence[_Due]:
    rows = session.execute(
        select(FeedbackInvitation, Appointment, Patient, Hospital.name)
        .join(Appointment, Appointment.id == FeedbackInvitation.appointment_id)
        .join(Patient, Patient.id == FeedbackInvitation.patient_id)
        .join(Hospital, Hospital.id == FeedbackInvitation.hospital_id)
        .where(_IS_PENDING, FeedbackInvitation.due_at <= now)
        .order_by(FeedbackInvitation.due_at)
        .limit(limit)
        .with_for_update(of=FeedbackInvitation, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [_Due(*row) for row in rows]


def _address(session: Session, patient_id: UUID, *, forms: Links | None) -> Address | None:
    best = patients.best_address(session, patient_id)
    others = [address for address, _ in patients.addresses_of(session, patient_id)]
    return questions.answerable([best, *others] if best else [], forms=forms)


def _reason_to_skip(
    session: Session, due: _Due, address: Address | None, *, now: datetime
) -> str | None:
    invitation = due.invitation
    if now - invitation.due_at > ASKED_WITHIN:
        return "it could not be asked in time"
    if was_asked_lately(session, invitation.patient_id, now=now, besides=invitation.id):
        return "the patient was asked in the last 30 days"
    if address is None:
        return _NO_ADDRESS
    return questions.refusal(session, address.id, patient_id=invitation.patient_id, now=now)


def _skip(invitation: FeedbackInvitation, reason: str, now: datetime) -> None:
    invitation.status, invitation.skip_reason = InvitationStatus.SKIPPED, reason
    invitation.updated_at = now


def _post(
    session: Session, due: _Due, address: Address, forms: Links | None, now: datetime
) -> None:
    invitation, language = due.invitation, spoken_to(due.patient.language)
    hex_, day = invitation.id.hex, dates.day(lagos_day(due.visit.starts_at), language)
    name, place = due.patient.first_name, due.place
    facts = {"first_name": name, "place": place, "day": day}
    if forms:
        facts["link"] = forms.form("feedback", invitation.id)
    key = "invitation_one_way" if forms else "invitation"
    asked = questions.options(f"v1|feedback|{hex_}", language, address.channel)
    invitation.message_id = outbox.post(
        session,
        address_id=address.id,
        channel=address.channel,
        text=say("feedback", key, language, address.channel, **facts),
        purpose=Purpose.SURVEY,
        lane=Lane.UTILITY,
        options=() if forms else asked,
        button_word=say("options", "choose", language, address.channel),
        template=Template(f"feedback_invitation_{language}", (name, place, day, hex_)),
        conversation_id=questions.talk_with(session, address.id),
        patient_id=due.patient.id,
        about_id=due.visit.id,
        expires_at=invitation.expires_at,
        now=now,
    )
    invitation.status, invitation.posted_at = InvitationStatus.POSTED, now
    invitation.address_id, invitation.updated_at = address.id, now
