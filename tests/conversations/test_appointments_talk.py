"""My appointments: see, confirm, move, cancel, and who may."""

import re
from datetime import date
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy import select

from crm.models import Appointment, AppointmentStatus, Service
from tests.conversations.clinics import fill
from tests.people import ADA

BOOKED = """
    Ada: book eye tomorrow 3pm
    Bot: ...Shall I book it?...
    Ada: yes
    Bot: Booked...
"""
SHOWN = (
    BOOKED
    + """
    Ada: my appointments
    Bot: Your next visit...
    Ada: 25/11/1990
    Bot: ...What would you like to do?...
"""
)


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")


def test_a_visit_is_moved_and_then_cancelled(talk, stack):
    talk(
        BOOKED
        + """
    Ada: my appointments
    Bot: Your next visit: Mon 23 Nov, 3pm. To see or change visits, send...
    Ada: 25/11/1990
    Bot: Ada: Mon 23 Nov, 3pm, GrandPro Ikeja. Reference IKJ-...What would you like to do?
         [I will come]...
    Ada: [Move it]
    Bot: Which day?...
    Ada: wednesday 10am
    Bot: Ada: Eye, GrandPro Ikeja. Shall I move it to Wed 25 Nov, 10am?
         [Yes] [Another time] [No]
    Ada: yes
    Bot: Moved: Ada, Wed 25 Nov, 10am, GrandPro Ikeja...
    Ada: my appointments
    Bot: Ada: Wed 25 Nov, 10am...
    Ada: [Cancel visit]
    Bot: We will free Wed 25 Nov, 10am. Why can you not come?...
    Ada: [I cannot come]
    Bot: The visit on Wed 25 Nov, 10am is cancelled...
    Ada: my appointments
    Bot: You have no visit coming up.
         [Book a visit] [Menu]
    """
    )
    with stack.wiring.transaction() as session:
        old, new = session.scalars(select(Appointment).order_by(Appointment.id)).all()
    assert (old.status, old.cancel_reason) == (AppointmentStatus.CANCELLED, "rescheduled")
    assert new.previous_id == old.id
    assert new.status is AppointmentStatus.CANCELLED


def test_the_new_day_may_be_said_with_the_wish_to_move(talk):
    talk(
        SHOWN
        + """
    Ada: 25/11/1990
    Bot: Please pick what to do with the visit on Mon 23 Nov, 3pm...
    Ada: can you move it to wednesday 10
    Bot: ...Shall I move it to Wed 25 Nov, 10am?...
    Ada: yes
    Bot: Moved: Ada, Wed 25 Nov, 10am...
    """
    )


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("i am coming", "Thank you. We expect Ada on Mon 23 Nov, 3pm..."),
        ("I go dey there", "Thank you. We expect Ada on Mon 23 Nov, 3pm..."),
        ("move am", "Which day?..."),
        ("reschedule it please", "Which day?..."),
        ("i no fit come", "We will free Mon 23 Nov, 3pm. Why can you not come?..."),
        ("cancel my appointment for tomorrow", "We will free Mon 23 Nov, 3pm..."),
        ("do not cancel it please", "Please pick what to do with the visit on Mon..."),
        ("i will not come on monday", "Please pick what to do with the visit on Mon..."),
        ("i cant come monday, move it to friday 9", "...Shall I move it to Fri 27 Nov, 9am?..."),
    ],
)
def test_what_to_do_with_a_visit_is_heard_in_other_words(talk, said, answered):
    talk(
        SHOWN
        + f"""
    Ada: {said}
    Bot: {answered}
    """
    )


def test_who_says_no_to_the_new_time_keeps_the_old_one(talk, stack):
    talk(
        SHOWN
        + """
    Ada: [Move it]
    Bot: Which day?...
    Ada: wednesday 10am
    Bot: ...Shall I move it to Wed 25 Nov, 10am?...
    Ada: hmm let me think
    Bot: Shall I move it to Wed 25 Nov, 10am?...
    Ada: no
    Bot: Your visit stays as it was...
    """
    )
    with stack.wiring.transaction() as session:
        kept, let_go = session.scalars(select(Appointment).order_by(Appointment.id)).all()
    assert (kept.status, let_go.status) == (AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED)


def test_where_nothing_is_free_a_visit_is_not_moved_to_another_hospital(talk, stack):
    talk(BOOKED.replace("tomorrow", "wednesday"))
    fill(stack, "Eye", date(2026, 11, 23))
    with stack.wiring.transaction() as session:
        for service in session.scalars(select(Service)):
            service.horizon_days = 1
    talk("""
    Ada: my appointments
    Bot: Your next visit...
    Ada: 25/11/1990
    Bot: ...[Move it]...
    Ada: [Move it]
    Bot: Sorry, there is no free time for this in the coming weeks. What would you like?
         [Tell me when free] [Another day] [Talk to a person]
    """)


def test_a_move_to_a_time_that_overlaps_the_old_one_is_possible(talk):
    talk(
        BOOKED.replace("eye tomorrow 3pm", "dental tomorrow 2pm")
        + """
    Ada: my appointments
    Bot: Your next visit...
    Ada: 25/11/1990
    Bot: ...What would you like to do?...
    Ada: [Move it]
    Bot: Which day?...
    Ada: tomorrow 2:45pm
    Bot: ...Shall I move it to tomorrow, Mon 23 Nov, 2:45pm?...
    Ada: yes
    Bot: Moved: Ada, tomorrow, Mon 23 Nov, 2:45pm...
    """
    )


def test_a_wrong_date_of_birth_shows_nothing_and_locks_after_three(talk):
    talk(
        BOOKED
        + """
    Ada: my appointments
    Bot: Your next visit...
    Ada: 1/1/1990
    Bot: That does not match our records. Tries left: 2...
    Ada: 2/1/1990
    Bot: That does not match our records. Tries left: 1...
    Ada: 3/1/1990
    Bot: For your safety we stop here for 30 minutes...
    Ada: my appointments
    Bot: For your safety we stop here...
    -- 31 minutes later --
    Ada: my appointments
    Bot: Your next visit...
    """
    )


def test_who_said_the_date_of_birth_is_asked_again_the_next_day(talk):
    talk(
        BOOKED.replace("tomorrow 3pm", "thursday 3pm")
        + """
    Ada: my appointments
    Bot: Your next visit...
    Ada: 25/11/1990
    Bot: ...What would you like to do?...
    -- 20 hours later --
    Ada: menu
    Bot: What would you like to do?...
    Ada: my appointments
    Bot: Your next visit...
    """
    )


def test_the_way_and_the_calendar_file(talk, stack):
    talk(
        BOOKED
        + """
    Ada: my appointments
    Bot: Your next visit...
    Ada: 25/11/1990
    Bot: ...
    Ada: [Directions]
    Bot: GrandPro Ikeja: 14 Oba Akran Avenue...Add it to your calendar: ...
    """
    )
    body = stack.heard_by(ADA)[-1].body
    link = re.search(r"http\S+\.ics", body)[0]
    with urlopen(link) as answer:
        calendar = answer.read().decode()
    assert "BEGIN:VCALENDAR" in calendar
    assert "DTSTART:20261123T140000Z" in calendar
    assert "Eye" not in calendar


def test_a_forged_calendar_link_is_not_found(stack):
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{stack.url}/calendar/0123456789abcdef0123456789abcdef.forged.ics")
