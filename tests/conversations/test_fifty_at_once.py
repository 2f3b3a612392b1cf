"""Fifty people want the last free hour of the same doctor, in the same instant."""

from functools import partial

from sqlalchemy import select

from bot.channels.carrier import Channel
from crm.models import Appointment, AppointmentStatus
from tests.at_once import at_once
from tests.people import Person

CROWD = [Person(f"Guest{n}", f"+23491400005{n:02}", Channel.SMS) for n in range(50)]


def test_one_is_booked_and_the_others_are_offered_the_nearest(stack):
    for person in CROWD:
        stack.register(person, f"{person.name} Obi")
    everybody_says(stack, "book eye tomorrow 3pm")
    everybody_says(stack, "1")

    answers = [stack.heard_by(person)[-1].body for person in CROWD]
    booked = [answer for answer in answers if answer.startswith("Booked: ")]
    with stack.wiring.transaction() as session:
        at_three = session.scalars(
            select(Appointment).where(Appointment.status == AppointmentStatus.BOOKED)
        ).all()
    assert all(len(stack.heard_by(person)) == 2 for person in CROWD)
    assert len(booked) == len(at_three)
    assert len({visit.during.lower for visit in at_three}) == len(at_three)
    first = [stack.heard_by(person)[0].body for person in CROWD]
    assert sum("3pm. Shall I book it?" in answer for answer in first) == 1
    assert sum("These are the nearest" in answer for answer in first) == 49


def everybody_says(stack, text: str) -> None:
    """All in the same instant, each on a connection of their own."""
    say = stack.sandbox.say
    told = at_once([partial(say, person.channel, person.number, text) for person in CROWD])
    assert {delivery.http_status for delivery in told} == {200}
    stack.work()
