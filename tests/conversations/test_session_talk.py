"""Clinics where many come at once and each has a number: said wherever the visit is."""

from datetime import time

import pytest
from sqlalchemy import select

from crm.models import Hospital, PractitionerService, Schedule, Service, ServiceMode
from tests.people import ADA, MUSA


@pytest.fixture(autouse=True)
def antenatal(stack) -> Service:
    """Antenatal at Ikeja is a clinic on Tuesday mornings, with three places."""
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")
    with stack.wiring.transaction() as session:
        service = session.scalars(
            select(Service)
            .join(Hospital, Hospital.id == Service.hospital_id)
            .where(Hospital.code == "IKJ", Service.name == "Antenatal")
        ).one()
        service.mode, service.capacity = ServiceMode.SESSION, 3
        who = session.scalars(
            select(PractitionerService.practitioner_id).where(
                PractitionerService.service_id == service.id
            )
        ).one()
        session.add(
            Schedule(
                practitioner_id=who,
                service_id=service.id,
                weekday=1,
                starts=time(9),
                ends=time(12),
            )
        )
    return service


def test_the_number_is_in_the_confirmation_the_list_and_the_reminder(talk):
    talk("""
        Ada: book anc tuesday 9am
        Bot: Ada: Antenatal, GrandPro Ikeja, Tue 24 Nov, 9am. Shall I book it?...
        Ada: yes
        Bot: Booked: Ada, Tue 24 Nov, 9am (number 1 in the queue), GrandPro Ikeja. Your reference...
        Musa: book anc tuesday 9am
        Bot: Musa: Antenatal, GrandPro Ikeja, Tue 24 Nov, 9am. Shall I book it?...
        Musa: 1
        Bot: Booked: Musa, Tue 24 Nov, 9am (number 2 in the queue), GrandPro Ikeja...
        Ada: my appointments
        Bot: Your next visit: Tue 24 Nov, 9am. To see or change visits, send...
        Ada: 25/11/1990
        Bot: Ada: Tue 24 Nov, 9am (number 1 in the queue), GrandPro Ikeja. Reference...
        Ada: [I will come]
        Bot: Thank you. We expect Ada on Tue 24 Nov, 9am (number 1 in the queue) at GrandPro...
        -- 24 hours later --
        Bot to Ada: Reminder: Ada, you...on Tue 24 Nov, 9am (number 1 in the queue). Will you...
        Bot to Musa: Reminder: Musa, you...on Tue 24 Nov, 9am (number 2 in the queue). Will...
        Musa: 1
        Bot: Thank you. We expect Musa on Tue 24 Nov, 9am (number 2 in the queue) at GrandPro...
    """)


def test_who_moves_to_another_week_has_the_number_of_that_day(talk):
    talk("""
        Ada: book anc tuesday 9am
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked: Ada, Tue 24 Nov, 9am (number 1 in the queue)...
        Musa: book anc 1/12 9am
        Bot: ...Shall I book it?...
        Musa: 1
        Bot: Booked: Musa, Tue 1 Dec, 9am (number 1 in the queue)...
        Ada: my appointments
        Bot: Your next visit...
        Ada: 25/11/1990
        Bot: ...What would you like to do?...
        Ada: [Move it]
        Bot: Which day?...
        Ada: 1/12 9am
        Bot: Ada: Antenatal, GrandPro Ikeja. Shall I move it to Tue 1 Dec, 9am?...
        Ada: yes
        Bot: Moved: Ada, Tue 1 Dec, 9am (number 2 in the queue), GrandPro Ikeja...
    """)


def test_in_pidgin(talk):
    talk("""
        Ada: pidgin
        Bot: We go dey write Pidgin...
        Ada: book anc tuesday 9am
        Bot: ...
        Ada: yes
        Bot: E don set: Ada, Tue 24 Nov, 9am (number 1 for queue), GrandPro Ikeja...
    """)
