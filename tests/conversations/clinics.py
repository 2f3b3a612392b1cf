"""Visits that have taken place, for talks about them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from crm import feedback
from crm.kit.ids import uuid7
from crm.models import (
    Appointment,
    AppointmentStatus,
    Hospital,
    Patient,
    Practitioner,
    PractitionerService,
    Service,
)
from tests.people import Person
from tests.stack import Stack
from workers import schedule

HOUR = timedelta(hours=1)


def a_past_visit(stack: Stack, person: Person, name: str = "") -> UUID:
    """Somebody's visit to Ikeja that ended three hours ago."""
    now = stack.wiring.now()
    with stack.wiring.transaction() as session:
        who = Patient.full_name == name if name else Patient.full_name.startswith(person.name)
        patient = session.scalars(select(Patient).where(who)).one()
        ikeja = session.scalars(select(Hospital).where(Hospital.code == "IKJ")).one()
        service, practitioner = session.execute(
            select(Service, Practitioner)
            .join(PractitionerService, PractitionerService.service_id == Service.id)
            .join(Practitioner, Practitioner.id == PractitionerService.practitioner_id)
            .where(Service.hospital_id == ikeja.id)
            .order_by(Practitioner.id)
            .limit(1)
        ).one()
        over_at = now - 3 * HOUR - HOUR * (len(name) / 10)
        visit = Appointment(
            id=uuid7(),
            reference=f"IKJ-{uuid7().hex[-8:]}",
            hospital_id=ikeja.id,
            patient_id=patient.id,
            service_id=service.id,
            practitioner_id=practitioner.id,
            during=Range(over_at - HOUR / 60, over_at),
            status=AppointmentStatus.FULFILLED,
            source="desk",
        )
        session.add(visit)
        session.flush()
        assert feedback.invite(session, appointment=visit, now=now)
        return visit.id


def ask(stack: Stack) -> None:
    """Let the house ask about visits that are over."""
    schedule.run_now(stack.wiring, "feedback")
    stack.work()
