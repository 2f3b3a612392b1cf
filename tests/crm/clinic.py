"""A small clinic for tests: two doctors, eight to five, and people to visit them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.carrier import Channel
from crm import addresses, appointments, availability, consents
from crm.appointments import Booking
from crm.availability import Slot
from crm.kit.clock import LAGOS, at_lagos
from crm.kit.ids import uuid7
from crm.models import (
    Address,
    AddressHolder,
    Appointment,
    Hospital,
    Patient,
    Practitioner,
    PractitionerService,
    Schedule,
    Service,
)

TUESDAY = date(2026, 11, 24)


@dataclass
class Clinic:
    """What a test needs to name."""

    hospital: Hospital
    service: Service
    ngozi: Practitioner
    bayo: Practitioner
    ada: Patient
    musa: Patient
    phone: Address
    """Ada's WhatsApp."""

    def slot(self, hour: int, minute: int = 0, *, day: date = TUESDAY, who=None) -> Slot:
        """A time with Dr Ngozi, unless another is named."""
        who = who or self.ngozi
        starts_at = at_lagos(day, time(hour, minute))
        length = timedelta(minutes=self.service.duration_min)
        return Slot(who.id, who.name, starts_at, starts_at + length)

    def free(self, session: Session, *, now: datetime, day: date = TUESDAY, **wish) -> list[str]:
        """The free times of a day as a clock shows them."""
        slots = availability.free_slots(session, self.service, first=day, last=day, now=now, **wish)
        return [f"{slot.starts_at.astimezone(LAGOS):%H:%M}" for slot in slots]

    def book(self, session: Session, patient: Patient, slot: Slot, *, now: datetime, **more):
        """Book as the patient would on the phone. The visit's row."""
        booked = appointments.book(session, **self._what(patient, slot, now), **more)
        return row_of(session, booked)

    def hold(self, session: Session, patient: Patient, slot: Slot, *, now: datetime, **more):
        """Hold as the patient would on the phone. The hold's row; None where none is needed."""
        held = appointments.hold(session, **self._what(patient, slot, now), **more)
        return held and row_of(session, held)

    def _what(self, patient: Patient, slot: Slot, now: datetime):
        return {
            "patient_id": patient.id,
            "service": self.service,
            "slot": slot,
            "source": "whatsapp",
            "now": now,
        }


def row_of(session: Session, booking: Booking) -> Appointment:
    """What was written down for a booking."""
    return session.get_one(Appointment, booking.id, populate_existing=True)


def a_clinic(session: Session, *, now: datetime, code: str = "TST") -> Clinic:
    """A hospital with two doctors who see people for 30 minutes each, Monday to Friday."""
    hospital = Hospital(
        id=uuid7(),
        code=code,
        name="GrandPro Test",
        state="Lagos",
        address="1 Test Road, Ikeja",
        phone="+2349140009999",
    )
    session.add(hospital)
    session.flush()
    service = Service(id=uuid7(), hospital_id=hospital.id, name="General", duration_min=30)
    ngozi, bayo = (
        Practitioner(id=uuid7(), hospital_id=hospital.id, name=name)
        for name in ("Dr Ngozi", "Dr Bayo")
    )
    ada, musa = a_patient("Ada Obi"), a_patient("Musa Bello")
    session.add_all([service, ngozi, bayo, ada, musa])
    session.flush()
    for doctor in (ngozi, bayo):
        session.add(PractitionerService(service_id=service.id, practitioner_id=doctor.id))
        session.add_all(
            Schedule(practitioner_id=doctor.id, weekday=day, starts=time(8), ends=time(17))
            for day in range(5)
        )
    session.flush()
    phone = a_phone(session, ada, "+2349140000001", now=now)
    return Clinic(hospital, service, ngozi, bayo, ada, musa, phone)


def a_patient(name: str) -> Patient:
    """A person in our care."""
    return Patient(id=uuid7(), full_name=name)


def a_phone(
    session: Session,
    patient: Patient,
    number: str,
    *,
    now: datetime,
    channel: Channel = Channel.WHATSAPP,
) -> Address:
    """A number that speaks for the patient, who agreed to be written to."""
    address = addresses.find_or_make(session, channel, number, now=now)
    session.add(AddressHolder(address_id=address.id, patient_id=patient.id))
    consents.record(
        session,
        address_id=address.id,
        patient_id=patient.id,
        purpose="care",
        is_granted=True,
        wording="care-2026-11",
        language="en",
        source="test",
        now=now,
    )
    session.flush()
    return address


def people(crowd: sessionmaker[Session], count: int, now: datetime) -> list[Patient]:
    """Patients that everybody sees, each with a phone."""
    with crowd.begin() as session:
        patients = [a_patient(f"Person{number} Test") for number in range(count)]
        session.add_all(patients)
        session.flush()
        for number, patient in enumerate(patients):
            a_phone(session, patient, f"+23491400010{number:02}", now=now)
    return patients


def assert_no_overlaps(session: Session) -> None:
    """Nobody, doctor or patient, is in two places at once."""
    overlaps = text(
        "select count(*) from appointments a join appointments b on a.id < b.id "
        "and (a.practitioner_id = b.practitioner_id or a.patient_id = b.patient_id) "
        "and a.during && b.during "
        "where a.status in ('pending', 'booked') and b.status in ('pending', 'booked')"
    )
    assert session.scalar(overlaps) == 0


def assert_reminders_only_for_live_visits(session: Session) -> None:
    """Nobody is reminded of a visit that will not be."""
    dead = text(
        "select count(*) from appointment_reminders r join appointments a "
        "on a.id = r.appointment_id where r.status = 'pending' and a.status <> 'booked'"
    )
    assert session.scalar(dead) == 0
