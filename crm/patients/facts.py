"""What follows from a patient's rows: how old, how often seen, what comes next."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.kit.permissions import Scope
from crm.models import (
    Appointment,
    AppointmentStatus,
    FollowUp,
    Hospital,
    Patient,
    PatientFeedback,
    Service,
)
from crm.patients import sealed

OF_AGE = 18


@dataclass(frozen=True, slots=True)
class Counts:
    """Visits at the hospitals in scope."""

    visits: int
    no_shows: int
    last_visit_at: datetime | None
    next_visit_at: datetime | None
    open_follow_ups: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One line of a patient's visits."""

    id: UUID
    reference: str
    status: AppointmentStatus
    starts_at: datetime
    hospital_id: UUID
    hospital: str
    service: str


def born_on(session: Session, patient: sealed.Record) -> date | None:
    """The date of birth, opened."""
    day: date | None = sealed.read(session, patient, "born_on")
    return day


def age(born: date, *, on: date) -> int:
    """Whole years; somebody born on 29 February turns on 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def is_minor(born: date | None, *, now: datetime) -> bool:
    """Under eighteen today, in Lagos; False when nobody knows."""
    return born is not None and age(born, on=lagos_day(now)) < OF_AGE


def counts(session: Session, patient: Patient, *, scope: Scope, now: datetime) -> Counts:
    """How often the patient was seen, when next, and what is still open. One query."""
    starts_at = func.lower(Appointment.during)
    was_seen = Appointment.status == AppointmentStatus.FULFILLED
    is_ahead = and_(Appointment.status == AppointmentStatus.BOOKED, starts_at > now)
    seen, missed, last, coming, still_open = session.execute(
        select(
            func.count().filter(was_seen),
            func.count().filter(Appointment.status == AppointmentStatus.NOSHOW),
            func.max(starts_at).filter(was_seen),
            func.min(starts_at).filter(is_ahead),
            _open_follow_ups(patient, scope),
        ).where(_seen_by(scope, patient))
    ).one()
    return Counts(seen, missed, last, coming, still_open)


def visits(session: Session, patient: Patient, *, scope: Scope, limit: int = 20) -> list[Visit]:
    """The newest visits at the hospitals in scope, those ahead first."""
    starts_at = func.lower(Appointment.during)
    rows = session.execute(
        select(
            Appointment.id,
            Appointment.reference,
            Appointment.status,
            starts_at,
            Hospital.id,
            Hospital.name,
            Service.name,
        )
        .join(Hospital, Hospital.id == Appointment.hospital_id)
        .join(Service, Service.id == Appointment.service_id)
        .where(_seen_by(scope, patient), Appointment.status != AppointmentStatus.PENDING)
        .order_by(starts_at.desc())
        .limit(limit)
    )
    return [Visit(*row) for row in rows]


def _seen_by(scope: Scope, patient: Patient) -> ColumnElement[bool]:
    """Visits at one's hospitals; a patient sees every one of their own."""
    mine = Appointment.patient_id == patient.id
    return and_(mine, scope.where(Appointment.hospital_id)) if scope.is_staff else mine


def _open_follow_ups(patient: Patient, scope: Scope) -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(FollowUp)
        .join(PatientFeedback, PatientFeedback.id == FollowUp.feedback_id)
        .where(PatientFeedback.patient_id == patient.id, FollowUp.resolved_at.is_(None))
        .where(scope.where(FollowUp.hospital_id))
        .scalar_subquery()
    )
