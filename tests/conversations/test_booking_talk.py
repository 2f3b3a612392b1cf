"""Booking: by words, by buttons, by numbers; taken, held, let go; changed minds."""

from datetime import date, time

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from crm.kit.clock import at_lagos
from crm.models import Appointment, AppointmentStatus, Closure
from tests.people import ADA, BISI, MUSA


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


def visits(stack, status=AppointmentStatus.BOOKED):
    with stack.wiring.transaction() as session:
        return session.scalars(select(Appointment).where(Appointment.status == status)).all()


def test_a_visit_is_booked_by_buttons_alone(talk, stack):
    talk("""
        Ada: hi
        Bot: What would you like to do?...
        Ada: [Book a visit]
        Bot: GrandPro Ikeja. What do you need?
             [General consultation] [Antenatal] [Child health] [Dental] [Eye] [Another hospital]
        Ada: [Dental]
        Bot: Which day?...
             [tomorrow, Mon 23 Nov] [Tue 24 Nov]...
        Ada: [Tue 24 Nov]
        Bot: Tue 24 Nov. What time?
             [8am]...[Another day]
        Ada: [8am]
        Bot: Ada: Dental, GrandPro Ikeja, Tue 24 Nov, 8am. Shall I book it?
             [Yes] [Another time] [No]
        Ada: [Yes]
        Bot: Booked: Ada, Tue 24 Nov, 8am, GrandPro Ikeja...
    """)
    assert len(visits(stack)) == 1


def test_a_visit_is_booked_by_text_message_in_numbers(talk, stack):
    talk("""
        Musa: 1
        Bot: What would you like to do?...
        Musa: 1
        Bot: GrandPro Ikeja. What do you need?
             1 General consultation
             2 Antenatal
             3 Child health
             4 Dental
             5 Eye
             6 Another hospital
        Musa: 5
        Bot: Which day?...
             1 tomorrow, Mon 23 Nov...
        Musa: 1
        Bot: Tomorrow, Mon 23 Nov. What time?
             1 8am...
        Musa: 2
        Bot: Musa: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov...
             1 Yes
             2 Another time
             3 No
        Musa: 1
        Bot: Booked: Musa...
    """)
    assert len(visits(stack)) == 1


def test_all_in_one_message_asks_only_for_what_is_missing(talk):
    talk("""
        Ada: I wan book dental for Ikeja next tomorrow by 2
        Bot: Ada: Dental, GrandPro Ikeja, Tue 24 Nov, 2pm. Shall I book it?...
        Ada: oya
        Bot: Booked: Ada, Tue 24 Nov, 2pm, GrandPro Ikeja...
    """)


def test_a_time_that_is_not_on_the_grid_brings_the_nearest(talk):
    talk("""
        Ada: book eye clinic tomorrow 3:10pm
        Bot: That time is not free. These are the nearest.

             Tomorrow, Mon 23 Nov. What time?
             [2:30pm] [3pm] [3:30pm] [Another day]
        Ada: 3:30
        Bot: ...3:30pm. Shall I book it?...
    """)


def test_a_taken_time_brings_the_nearest_free_ones(talk, stack):
    stack.register(BISI, "Bisi Ade")
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...3pm. Shall I book it?...
        Bisi: book eye tomorrow 3pm
        Bot: That time is not free...
             ...[2:30pm] [3:30pm]...
        Ada: yes
        Bot: Booked...
    """)


def test_another_time_another_day_another_hospital(talk):
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...3pm. Shall I book it?...
        Ada: [Another time]
        Bot: Which day?...
        Ada: thursday by 10
        Bot: ...Thu 26 Nov, 10am. Shall I book it?...
        Ada: 11am instead
        Bot: ...Thu 26 Nov, 11am. Shall I book it?...
        Ada: menu
        Bot: What would you like to do?...
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: [Another hospital]
        Bot: Which hospital?
             [GrandPro Ikeja] [GrandPro Wuse] [GrandPro Port Harcourt]
        Ada: port harcourt
        Bot: GrandPro Port Harcourt. What do you need?
             [General consultation] [Child health] [Dental]...
    """)


def test_zero_goes_back_one_question(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: eye
        Bot: Which day?...
        Ada: 0
        Bot: GrandPro Ikeja. What do you need?...
        Ada: dental
        Bot: Which day?...
        Ada: tomorrow
        Bot: Tomorrow, Mon 23 Nov. What time?...
        Ada: back
        Bot: Which day?...
    """)


def test_no_lets_the_time_go(talk, stack):
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...Shall I book it?...
        Ada: no
        Bot: Nothing is booked...
    """)
    assert visits(stack) == []
    assert visits(stack, AppointmentStatus.PENDING) == []


def test_a_hold_that_ran_out_is_taken_again_if_nobody_did(talk):
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...3pm. Shall I book it?...
        -- 15 minutes later --
        Ada: yes
        Bot: Booked: Ada, tomorrow, Mon 23 Nov, 3pm...
    """)


def test_a_hold_that_ran_out_and_went_to_another_brings_alternatives(talk, stack):
    stack.register(BISI, "Bisi Ade")
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...3pm. Shall I book it?...
        -- 15 minutes later --
        Bisi: book eye tomorrow 3pm
        Bot: ...3pm. Shall I book it?...
        Bisi: yes
        Bot: Booked: Bisi...
        Ada: yes
        Bot: Sorry, Mon 23 Nov, 3pm has just been taken. These are the nearest free times...
        Ada: [3:30pm]
        Bot: ...3:30pm. Shall I book it?...
    """)


@pytest.mark.parametrize(
    ("until", "day", "first"),
    [
        (time(18), "Tue 24 Nov", "1:30pm"),
        (time(16, 30), "Mon 23 Nov - Tue 24 Nov", "Mon 23 Nov, 4:30pm"),
    ],
)
def test_nearest_times_stand_under_their_own_days(talk, stack, until, day, first):
    talk("""
        Ada: book eye tomorrow 2pm
        Bot: ...Mon 23 Nov, 2pm. Shall I book it?...
        -- 15 minutes later --
    """)
    monday = date(2026, 11, 23)
    with stack.wiring.transaction() as session:
        closed = Range(at_lagos(monday), at_lagos(monday, until))
        session.add(Closure(during=closed, reason="no light"))
    talk(f"""
        Ada: yes
        Bot: Sorry, Mon 23 Nov, 2pm has just been taken. These are the nearest free times.

             {day}. What time?
             [{first}]...
        Ada: [{first}]
        Bot: ...{first}. Shall I book it?...
    """)


def test_in_two_places_at_once_is_said_so(talk):
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: book dental tomorrow by 3
        Bot: ...
        Ada: menu
        Bot: What would you like to do?...
    """)


def test_nothing_about_the_visit_is_readable_in_the_database(talk, stack):
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...Shall I book it?...
    """)
    with stack.wiring.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "select encode(context_sealed, 'escape') from conversations"
            " union all select encode(body_sealed, 'escape') from messages"
            " union all select encode(value_sealed, 'escape') from addresses"
        ).scalars()
        dump = "\n".join(rows)
    assert "Eye" not in dump
    assert ADA.number not in dump
