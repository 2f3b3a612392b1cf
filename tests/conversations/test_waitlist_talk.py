"""Nothing free: joining the line, an offer that comes in the middle of anything, leaving."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from crm.models import Appointment, AppointmentStatus, DayPart, Patient, WaitlistEntry
from tests.conversations.clinics import fill, free
from tests.people import ADA, MUSA

TUESDAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


@pytest.fixture
def full(stack):
    """Tuesday is full; the visits that fill it, first one first."""
    return fill(stack, "Eye", TUESDAY)


def entry(stack) -> WaitlistEntry:
    with stack.wiring.transaction() as session:
        return session.scalars(select(WaitlistEntry)).one()


def visits(stack, name: str) -> list[Appointment]:
    with stack.wiring.transaction() as session:
        return list(
            session.scalars(
                select(Appointment)
                .join(Patient, Patient.id == Appointment.patient_id)
                .where(Patient.full_name == name)
                .where(Appointment.status == AppointmentStatus.BOOKED)
            )
        )


WAITS_BY_TEXT = """
        Musa: book eye tuesday
        Bot: Tue 24 Nov is full. These days have room.

             Which day?...
             8 Tell me when free
        Musa: 8
        Bot: Musa is on the waiting list of GrandPro Ikeja, place 1, for Tue 24 Nov. When a time...
"""
WAITS = """
        Ada: book eye tuesday
        Bot: Tue 24 Nov is full. These days have room...[Tell me when free]
        Ada: [Tell me when free]
        Bot: Ada is on the waiting list of GrandPro Ikeja, place 1, for Tue 24 Nov...
"""


def test_a_full_day_is_waited_for_and_one_digit_takes_the_time_that_became_free(talk, stack, full):
    talk(WAITS_BY_TEXT)
    assert (entry(stack).earliest_on, entry(stack).latest_on) == (TUESDAY, TUESDAY)
    free(stack, full[3])
    talk("""
        Musa: 1
        Bot: Booked: Musa, Tue 24 Nov, 9:30am, GrandPro Ikeja. Your reference is IKJ-...
    """)
    assert len(visits(stack, "Musa Bello")) == 1
    assert entry(stack).status == "booked"


def test_a_no_that_the_open_talk_does_not_expect_is_for_the_offer(talk, stack, full):
    talk(
        WAITS
        + """
        Ada: invite a friend
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada, your code for friends is ...
        """
    )
    free(stack, full[3])
    talk("""
        Ada: no
        Bot: Noted, Ada. You stay on the waiting list...
    """)


def test_what_they_asked_for_is_what_is_waited_for(talk, stack, full):
    talk("""
        Ada: book eye tuesday after 4
        Bot: Tue 24 Nov is full...
        Ada: tell me when free
        Bot: Ada is on the waiting list...
    """)
    assert entry(stack).parts == [DayPart.EVENING]


def test_an_offer_in_the_middle_of_another_talk_is_answered_and_the_talk_goes_on(talk, stack, full):
    talk(
        WAITS
        + """
        Ada: book dental
        Bot: Which day?...
    """
    )
    free(stack, full[0])
    assert stack.heard_by(ADA)[-1].body.startswith("Good news, Ada: a time is free")
    talk("""
        Ada: [Take it]
        Bot: Booked: Ada, Tue 24 Nov, 8am, GrandPro Ikeja...

             Which day?...
        Ada: friday 8am
        Bot: ...Fri 27 Nov, 8am. Shall I book it?...
    """)


def test_pass_leaves_it_to_the_next_and_the_place_stays(talk, stack, full):
    talk(WAITS)
    free(stack, full[0])
    talk("""
        Ada: [No, thank you]
        Bot: Noted, Ada. You stay on the waiting list.
    """)
    assert entry(stack).status == "waiting"
    assert visits(stack, "Ada Obi") == []


def test_yes_in_words_takes_the_offer(talk, stack, full):
    talk(WAITS)
    free(stack, full[0])
    talk("""
        Ada: oya
        Bot: Booked: Ada, Tue 24 Nov, 8am...
        Ada: [Take it]
        Bot: You have it already: Ada, Tue 24 Nov, 8am...
    """)
    assert len(visits(stack, "Ada Obi")) == 1


def test_too_late_it_is_already_taken_and_the_place_stays(talk, stack, full):
    talk(WAITS)
    free(stack, full[0])
    talk("""
        Musa: book eye tuesday 8am
        Bot: ...Tue 24 Nov, 8am. Shall I book it?...
        Musa: 1
        Bot: Booked...
        Ada: [Take it]
        Bot: Sorry, Tue 24 Nov, 8am at GrandPro Ikeja has just been taken. You stay...
    """)
    assert entry(stack).status == "waiting"


def test_after_half_an_hour_a_late_digit_takes_nothing_and_rates_nothing(talk, stack, full):
    talk(WAITS_BY_TEXT)
    free(stack, full[0])
    talk("""
        -- 31 minutes later --
        Musa: 1
        Bot: That offer is over. You stay on the waiting list...
    """)
    assert visits(stack, "Musa Bello") == []


def test_my_place_is_told_after_the_date_of_birth_and_one_can_leave(talk, stack, full):
    talk(
        WAITS
        + """
        -- 1 day later --
        Ada: waiting list
        Bot: ...date of birth...
        Ada: 25/11/1990
        Bot: Ada is number 1 in the line of GrandPro Ikeja, since Sun 22 Nov, for Tue 24 Nov...
             [Stay on the list] [Leave the list]
        Ada: [Leave the list]
        Bot: You are off the waiting list...
        Ada: my place
        Bot: You are on no waiting list...
             [Book a visit] [Menu]
    """
    )
    assert entry(stack).status == "left"


def test_waiting_twice_for_the_same_is_waiting_once(talk, stack, full):
    talk(
        WAITS
        + """
        Ada: book eye tuesday
        Bot: Tue 24 Nov is full...
        Ada: [Tell me when free]
        Bot: Ada is on that waiting list of GrandPro Ikeja already, place 1...
    """
    )
    assert entry(stack).status == "waiting"


def test_when_nothing_at_all_is_free_the_line_is_offered(talk, stack):
    for day in range(90):
        fill(stack, "Eye", date(2026, 11, 22) + timedelta(days=day))
    talk("""
        Ada: book eye
        Bot: Sorry, there is no free time for this in the coming weeks. What would you like?
             [Tell me when free] [Another day] [Another hospital] [Talk to a person]
        Ada: [Tell me when free]
        Bot: Ada is on the waiting list of GrandPro Ikeja, place 1...
    """)


def test_an_earlier_time_takes_the_place_of_a_later_visit(talk, stack, full):
    talk("""
        Ada: book eye friday 9am
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked: Ada, Fri 27 Nov, 9am...
        Ada: change my appointment
        Bot: ...date of birth...
        Ada: 25/11/1990
        Bot: Ada: Fri 27 Nov, 9am...
        Ada: [Move it]
        Bot: Which day?...
        Ada: tuesday
        Bot: Tue 24 Nov is full...
        Ada: [Tell me when free]
        Bot: Ada is on the waiting list...
    """)
    free(stack, full[2])
    talk("""
        Ada: [Take it]
        Bot: Moved: Ada, Tue 24 Nov, 9am, GrandPro Ikeja...
    """)
    assert len(visits(stack, "Ada Obi")) == 1
