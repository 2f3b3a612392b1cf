"""Session clinics for tests: many come on a Tuesday morning and get a number."""

from datetime import time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.kit.clock import at_lagos
from crm.kit.ids import uuid7
from crm.models import ClinicSession, PractitionerService, Schedule, Service, ServiceMode
from crm.slots import Slot
from tests.crm.clinic import TUESDAY, Clinic


def a_session_service(
    session: Session, clinic: Clinic, *, capacity: int = 3, overbook: int = 0, name="Antenatal"
) -> Service:
    """Ngozi's clinic, six to eight on Tuesday evenings."""
    service = Service(
        id=uuid7(),
        hospital_id=clinic.hospital.id,
        name=name,
        duration_min=15,
        mode=ServiceMode.SESSION,
        capacity=capacity,
        overbook=overbook,
    )
    session.add(service)
    session.flush()
    starts = 18 + session.query(Schedule).filter(Schedule.service_id.is_not(None)).count()
    session.add(PractitionerService(service_id=service.id, practitioner_id=clinic.ngozi.id))
    session.add(
        Schedule(
            practitioner_id=clinic.ngozi.id,
            service_id=service.id,
            weekday=1,
            starts=time(starts),
            ends=time(starts + 1),
        )
    )
    session.flush()
    session.refresh(service)
    return service


def the_session(clinic: Clinic, *, hour: int = 18) -> Slot:
    """The session as a slot."""
    begin, end = at_lagos(TUESDAY, time(hour)), at_lagos(TUESDAY, time(hour + 1))
    return Slot(clinic.ngozi.id, clinic.ngozi.name, begin, end)


def booked(session: Session, service_id: UUID) -> int:
    """How many places of the service's sessions are taken, as the rows count them."""
    counts = session.scalars(
        select(ClinicSession.booked).where(ClinicSession.service_id == service_id)
    )
    return sum(counts)
