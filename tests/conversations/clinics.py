"""Visits that have taken place, for talks about them."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from crm import appointments, availability, feedback
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
    who = Patient.full_name == name if name else Patient.full_name.startswith(person.name)
    with stack.wiring.transaction() as session:
        patient = session.scalars(select(Patient).where(who)).one()
        over_at = stack.wiring.now() - 3 * HOUR - HOUR * (len(name) / 10)
        return visited(session, patient, over_at=over_at, now=stack.wiring.now())


def visited(session: Session, patient: Patient, *, over_at: datetime, now: datetime) -> UUID:
    """A visit that has taken place; its patient will be asked how it was."""
    service, practitioner = session.execute(
        select(Service, Practitioner)
        .join(PractitionerService, PractitionerService.service_id == Service.id)
        .join(Practitioner, Practitioner.id == PractitionerService.practitioner_id)
        .join(Hospital, Hospital.id == Service.hospital_id)
        .where(Hospital.code == "IKJ")
        .order_by(Practitioner.id)
        .limit(1)
    ).one()
    visit = Appointment(
        id=uuid7(),
        reference=f"IKJ-{uuid7().hex[-8:]}",
        hospital_id=service.hospital_id,
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


def fill(stack: Stack, service: str, day: date) -> list[UUID]:
    """Let strangers book every time there is for a service of Ikeja on a day."""
    with stack.wiring.transaction() as session:
        return booked_out(session, service, day, now=stack.wiring.now())


def booked_out(session: Session, service: str, day: date, *, now: datetime) -> list[UUID]:
    """The same within a transaction."""
    wanted = session.scalars(
        select(Service)
        .join(Hospital, Hospital.id == Service.hospital_id)
        .where(Hospital.code == "IKJ", Service.name == service)
    ).one()
    slots = availability.free_slots(session, wanted, first=day, last=day, now=now)
    strangers = [Patient(id=uuid7(), full_name=f"Stranger {n}") for n in range(len(slots))]
    session.add_all(strangers)
    session.flush()
    return [
        appointments.book(
            session, patient_id=who.id, service=wanted, slot=slot, source="desk", now=now
        ).id
        for who, slot in zip(strangers, slots, strict=True)
    ]


def free(stack: Stack, visit_id: UUID) -> None:
    """Let one of them stay away, and the house look whom that helps."""
    with stack.wiring.transaction() as session:
        appointments.cancel(session, visit_id, reason="ill", now=stack.wiring.now())
    stack.later(timedelta(minutes=1))
