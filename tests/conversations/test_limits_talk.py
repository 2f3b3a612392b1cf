"""How many visits one may book, and for whom a service is: said in words, with a way on."""

from datetime import date

import pytest
from sqlalchemy import func, select

from crm import appointments, availability
from crm.models import Appointment, AppointmentStatus, Service
from tests.people import ADA

FRIDAY = date(2026, 11, 27)


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")


def holds_and_visits(stack) -> list[int]:
    with stack.wiring.transaction() as session:
        return [
            session.scalar(select(func.count()).where(Appointment.status == status))
            for status in (AppointmentStatus.PENDING, AppointmentStatus.BOOKED)
        ]


def test_the_fourth_visit_waits_until_one_is_cancelled(talk, stack):
    for day in ("tomorrow", "tuesday", "wednesday"):
        talk(f"""
            Ada: book eye {day} 3pm
            Bot: ...Shall I book it?...
            Ada: yes
            Bot: Booked...
        """)
    talk("""
        Ada: book eye thursday 3pm
        Bot: Ada has as many visits to come as one can book here. To book another, cancel one...

             Nothing is booked. Send MENU when you need us.
        Ada: my appointments
        Bot: Your next visit...
        Ada: 25/11/1990
        Bot: Which visit?...
        Ada: 1
        Bot: ...What would you like to do?...
        Ada: [Cancel visit]
        Bot: ...Why can you not come?...
        Ada: [I cannot come]
        Bot: The visit on Mon 23 Nov, 3pm is cancelled...
        Ada: book eye thursday 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
    """)
    assert holds_and_visits(stack) == [0, 3]


def test_a_place_that_went_while_they_thought_is_told_and_the_hold_let_go(talk, stack):
    for day in ("tomorrow", "tuesday"):
        talk(f"""
            Ada: book eye {day} 3pm
            Bot: ...Shall I book it?...
            Ada: yes
            Bot: Booked...
        """)
    talk("""
        Ada: book eye thursday 3pm
        Bot: ...Shall I book it?...
    """)
    with stack.wiring.transaction() as session:  # the desk books one for her meanwhile
        visit = session.scalars(select(Appointment).limit(1)).one()
        service = session.get_one(Service, visit.service_id)
        now = stack.wiring.now()
        friday = availability.free_slots(session, service, first=FRIDAY, last=FRIDAY, now=now)[0]
        appointments.book(
            session,
            patient_id=visit.patient_id,
            service=service,
            slot=friday,
            source="desk",
            now=now,
        )
    talk("""
        Ada: yes
        Bot: Ada has as many visits to come as one can book here...

             Nothing is booked. Send MENU when you need us.
    """)
    assert holds_and_visits(stack) == [0, 3]


def test_a_service_for_children_is_not_for_a_mother(talk, stack):
    with stack.wiring.transaction() as session:
        for service in session.scalars(select(Service).where(Service.name == "Child health")):
            service.max_age_years = 17
    talk("""
        Ada: book child health tomorrow 10am
        Bot: Sorry, that is not for Ada: it is for people of another age...Send PERSON...

             Nothing is booked. Send MENU when you need us.
    """)
    assert holds_and_visits(stack) == [0, 0]
