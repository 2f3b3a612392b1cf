"""What follows from a patient's rows: how old, how often seen, what comes next."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.kit.permissions import Scope
from crm.models import Appointment, AppointmentStatus, Patient
from crm.patients import sealed

OF_AGE = 18


@dataclass(frozen=True, slots=True)
class Counts:
    """Visits at the hospitals in scope."""

    visits: int
    no_shows: int
    last_visit_at: datetime | None
    next_visit_at: datetime | None


def born_on(session: Session, patient: Patient) -> date | None:
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
    """How often the patient was seen, and when next. One query."""
    starts_at = func.lower(Appointment.during)
    was_seen = Appointment.status == AppointmentStatus.FULFILLED
    is_ahead = and_(Appointment.status == AppointmentStatus.BOOKED, starts_at > now)
    mine = Appointment.patient_id == patient.id
    # A patient sees every visit of their own.
    place = scope.where(Appointment.hospital_id) if scope.is_staff else mine
    row = session.execute(
        select(
            func.count().filter(was_seen),
            func.count().filter(Appointment.status == AppointmentStatus.NOSHOW),
            func.max(starts_at).filter(was_seen),
            func.min(starts_at).filter(is_ahead),
        ).where(mine, place)
    ).one()
    return Counts(*row)
