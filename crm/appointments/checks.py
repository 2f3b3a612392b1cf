"""What a booking that somebody asks for must satisfy, before the race for the time begins."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from crm import availability, patients
from crm.kit.errors import DomainError
from crm.models import Gender, Patient, PatientStatus, Service
from crm.slots import Slot

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


def check(
    session: Session,
    patient: Patient,
    service: Service,
    slot: Slot,
    *,
    now: datetime,
) -> None:
    """Raise NotEligible, TooSoon, TooFar or OutsideHours."""
    refuse_unless_eligible(session, patient, service, on=slot.day)
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


def refuse_unless_meant(session: Session, patient_id: UUID, service: Service, slot: Slot) -> None:
    """The same of a patient who is read only when the service is not for everybody."""
    limits = (service.gender, service.min_age_years, service.max_age_years)
    if any(limit is not None for limit in limits):
        patient = session.get_one(Patient, patient_id)
        refuse_unless_eligible(session, patient, service, on=slot.day)


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
