"""Three visits to come and not one more, also when several are asked for at the same moment."""

from sqlalchemy import func, select

from crm.appointments import MOST_OPEN
from crm.kit.errors import DomainError
from crm.models import Appointment, AppointmentStatus
from tests.at_once import kinds, race


def booked(crowd, patient) -> int:
    with crowd() as session:
        return session.scalar(
            select(func.count())
            .where(Appointment.patient_id == patient.id)
            .where(Appointment.status == AppointmentStatus.BOOKED)
        )


def test_of_eight_bookings_at_once_three_succeed(crowd, clinic, now):
    acts = [
        lambda session, hour=hour: clinic.book(session, clinic.ada, clinic.slot(hour), now=now)
        for hour in range(8, 16)
    ]
    outcomes = race(crowd, acts)
    assert kinds(outcomes) == {"Appointment": MOST_OPEN, "BookingLimit": 5}
    assert booked(crowd, clinic.ada) == MOST_OPEN


def test_of_two_holds_turned_to_bookings_at_once_the_last_place_goes_to_one(crowd, clinic, now):
    """The holds were two: one of each phone of the patient, both from when there was room."""
    with crowd.begin() as session:
        for hour in (8, 9):
            clinic.book(session, clinic.ada, clinic.slot(hour), now=now)
        held = clinic.hold(session, clinic.ada, clinic.slot(14), now=now)
    acts = [
        lambda session: clinic.book(session, clinic.ada, clinic.slot(14), now=now, hold_id=held.id),
        lambda session: clinic.book(session, clinic.ada, clinic.slot(11), now=now),
    ]
    outcomes = race(crowd, acts)
    assert kinds(outcomes) == {"Appointment": 1, "BookingLimit": 1}
    assert booked(crowd, clinic.ada) == MOST_OPEN


def test_two_patients_and_one_slot_wait_for_each_other_only_once(crowd, clinic, now):
    """Each holds a lock of their own while waiting for the other's row: nobody deadlocks."""
    wants = [(clinic.ada, 8), (clinic.musa, 8), (clinic.ada, 9), (clinic.musa, 9)] * 3
    acts = [
        lambda session, who=who, hour=hour: clinic.book(session, who, clinic.slot(hour), now=now)
        for who, hour in wants
    ]
    outcomes = race(crowd, acts)
    assert kinds(outcomes)["Appointment"] == 2
    assert all(isinstance(o, (Appointment, DomainError)) for o in outcomes)
