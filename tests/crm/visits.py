"""Visits that have taken place, and what people said of them."""

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from crm import feedback
from crm.feedback import Given, Said
from crm.kit.ids import uuid7
from crm.kit.permissions import Scope
from crm.models import AnswerSource, Appointment, AppointmentStatus, Patient, PatientFeedback
from tests.crm.clinic import Clinic

HOUR = timedelta(hours=1)


def a_visit(
    session: Session,
    clinic: Clinic,
    patient: Patient,
    *,
    over_at: datetime,
    status: AppointmentStatus = AppointmentStatus.FULFILLED,
) -> Appointment:
    """A visit that ended then, as the desk wrote it down."""
    visit = Appointment(
        id=uuid7(),
        reference=f"TST-{uuid7().hex[-10:]}",
        hospital_id=clinic.hospital.id,
        patient_id=patient.id,
        service_id=clinic.service.id,
        practitioner_id=clinic.ngozi.id,
        during=Range(over_at - HOUR / 2, over_at),
        status=status,
        source="whatsapp",
    )
    session.add(visit)
    session.flush()
    return visit


def give(session: Session, visit: Appointment, said: Said, *, now: datetime, **more) -> Given:
    """What its patient says of a visit, on WhatsApp."""
    usual = {
        "patient_id": visit.patient_id,
        "appointment_id": visit.id,
        "source": AnswerSource.WHATSAPP,
        "scope": Scope(frozenset(), patient_id=visit.patient_id),
    }
    return feedback.give(session, said=said, now=now, **usual | more)


def some_feedback(
    session: Session, clinic: Clinic, ratings: list[int], *, now: datetime, **more
) -> list[PatientFeedback]:
    """Anonymous rows with these ratings: quick to make, and they need no visits."""
    made = [
        PatientFeedback(
            hospital_id=clinic.hospital.id,
            rating=rating,
            is_anonymous=True,
            source=AnswerSource.WEB,
            said_at=now,
            **more,
        )
        for rating in ratings
    ]
    session.add_all(made)
    session.flush()
    return made
