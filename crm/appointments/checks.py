"""What a booking that somebody asks for must satisfy, before the race for the time begins."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import availability, patients
from crm.kit.errors import DomainError
from crm.models import Appointment, Gender, Patient, PatientStatus, Service
from crm.models import AppointmentStatus as Status
from crm.slots import Slot

MOST_OPEN = 3
_SAID = (Gender.FEMALE, Gender.MALE)


class NotEligible(DomainError):
    """The service is not for this patient; `facts["reason"]` is age, gender or status."""

    code = "not_eligible"
    status = 422


class TooSoon(DomainError):
    """The hospital needs more notice; `facts["earliest"]` is the first moment."""

    code = "too_soon"
    status = 422


class TooFar(DomainError):
    """That is further ahead than can be booked; `facts["latest"]` is the last day."""

    code = "too_far"
    status = 422


class OutsideHours(DomainError):
    """Nobody sees patients for this then; `facts["alternatives"]` are the nearest free times."""

    code = "outside_hours"
    status = 422


class BookingLimit(DomainError):
    """The patient has as many visits to come as one may have."""

    code = "booking_limit"
    status = 422


def check(
    session: Session,
    patient: Patient,
    service: Service,
    slot: Slot,
    *,
    now: datetime,
    is_move: bool = False,
) -> None:
    """Raise NotEligible, BookingLimit, TooSoon, TooFar or OutsideHours."""
    refuse_unless_eligible(session, patient, service, on=slot.day)
    if not is_move:
        _refuse_too_many(session, patient, now)
    earliest = now + timedelta(minutes=service.min_notice_min)
    if slot.starts_at < earliest:
        raise TooSoon("The hospital needs more notice.", earliest=earliest.isoformat())
    last = availability.horizon(service, now=now)
    if slot.day > last:
        raise TooFar("That is too far ahead to book.", latest=last.isoformat())
    if not availability.is_offered(session, service, slot):
        near = availability.nearest(
            session, service, slot.starts_at, now=now, patient_id=patient.id
        )
        raise OutsideHours("Nobody sees patients for this then.", alternatives=near)


def refuse_unless_eligible(
    session: Session, patient: Patient, service: Service, *, on: date
) -> None:
    """Raise NotEligible when patient and service do not go together on that day."""
    if patient.status != PatientStatus.ACTIVE:
        raise NotEligible("This patient's record is not active.", reason="status")
    if service.gender and patient.gender in _SAID and patient.gender != service.gender:
        raise NotEligible("This service is not for this patient.", reason="gender")
    youngest, oldest = service.min_age_years, service.max_age_years
    if youngest is None and oldest is None:
        return
    born = patients.born_on(session, patient)
    age = patients.age(born, on=on) if born else None
    if age is not None and not (youngest or 0) <= age <= (age if oldest is None else oldest):
        raise NotEligible("This service is for another age.", reason="age")


def _refuse_too_many(session: Session, patient: Patient, now: datetime) -> None:
    coming = session.scalar(
        select(func.count())
        .select_from(Appointment)
        .where(Appointment.patient_id == patient.id, Appointment.status == Status.BOOKED)
        .where(func.lower(Appointment.during) > now)
    )
    if (coming or 0) >= MOST_OPEN:
        raise BookingLimit(f"At most {MOST_OPEN} visits to come can be booked.", limit=MOST_OPEN)
