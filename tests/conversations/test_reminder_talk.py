"""Reminders: one digit or one tap answers, whatever else was being said."""

import pytest
from sqlalchemy import select

from crm.models import Appointment, AppointmentStatus
from tests.people import ADA, MUSA


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


BY_TEXT = """
    Musa: book eye tuesday 3pm
    Bot: ...Shall I book it?...
    Musa: 1
    Bot: Booked...
    -- 29 hours later --
    Bot to Musa: Reminder: Musa, you have an appointment at GrandPro Ikeja on ...Tue 24 Nov, 3pm...
         1 I will come
         2 Move it
         3 Cancel visit
"""

ON_WHATSAPP = """
    Ada: book eye tuesday 3pm
    Bot: ...Shall I book it?...
    Ada: yes
    Bot: Booked...
    -- 29 hours later --
    Bot to Ada: Reminder: Ada, you have an appointment at GrandPro Ikeja on ...Tue 24 Nov, 3pm...
         [I will come] [Move it] [Cancel visit]
"""


def only_visit(stack):
    with stack.wiring.transaction() as session:
        return session.scalars(select(Appointment).order_by(Appointment.id.desc())).first()


def test_one_confirms_by_text_message(talk, stack):
    talk(
        BY_TEXT
        + """
    Musa: 1
    Bot: Thank you. We expect Musa on Tue 24 Nov, 3pm at GrandPro Ikeja.
    """
    )
    assert only_visit(stack).confirmed_at is not None


def test_after_a_day_the_reminder_is_a_template_and_its_button_confirms(talk, stack):
    talk(
        ON_WHATSAPP
        + """
    Ada: [I will come]
    Bot: Thank you. We expect Ada on Tue 24 Nov, 3pm at GrandPro Ikeja.
    """
    )
    assert any(message.is_template for message in stack.heard_by(ADA))
    assert only_visit(stack).confirmed_at is not None


@pytest.mark.parametrize("words", ["yes", "Yes I will come", "I go come", "ok sir", "yes na"])
def test_a_yes_in_any_words_confirms(talk, stack, words):
    talk(
        BY_TEXT
        + f"""
    Musa: {words}
    Bot: Thank you. We expect Musa on Tue 24 Nov, 3pm at GrandPro Ikeja.
    """
    )
    assert only_visit(stack).confirmed_at is not None


@pytest.mark.parametrize("words", ["no", "I can't come", "I no fit come again"])
def test_a_no_in_any_words_asks_whether_to_cancel(talk, words):
    talk(
        BY_TEXT
        + f"""
    Musa: {words}
    Bot: Cancel Musa's visit on Tue 24 Nov, 3pm at GrandPro Ikeja?...
    """
    )


def test_to_change_it_in_words_leads_to_other_days(talk):
    talk(
        BY_TEXT
        + """
    Musa: reschedule
    Bot: Which day?...
    """
    )


def test_two_moves_the_visit(talk, stack):
    talk(
        BY_TEXT
        + """
    Musa: 2
    Bot: Which day?...
    Musa: friday 9am
    Bot: ...Shall I move it to Fri 27 Nov, 9am?...
    Musa: 1
    Bot: Moved: Musa, Fri 27 Nov, 9am...
    """
    )
    assert only_visit(stack).status is AppointmentStatus.BOOKED


def test_three_asks_once_and_cancels(talk, stack):
    talk(
        BY_TEXT
        + """
    Musa: 3
    Bot: Cancel Musa's visit on Tue 24 Nov, 3pm at GrandPro Ikeja?
         1 Yes
         2 No
    Musa: 1
    Bot: The visit on Tue 24 Nov, 3pm is cancelled...
    """
    )
    assert only_visit(stack).status is AppointmentStatus.CANCELLED


def test_a_reminder_in_the_middle_of_a_talk_is_answered_and_the_talk_goes_on(talk):
    talk("""
        Musa: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Musa: 1
        Bot: Booked...
        -- 28 hours later --
        Musa: book
        Bot: GrandPro Ikeja. What do you need?...
        -- 20 minutes later --
        -- 1 hour later --
        Bot to Musa: Reminder...
        Musa: 1
        Bot: Thank you. We expect Musa on Tue 24 Nov, 3pm at GrandPro Ikeja.

             GrandPro Ikeja. What do you need?...
    """)


def test_an_old_reminder_acts_on_its_own_visit_or_says_it_has_passed(talk):
    talk(
        ON_WHATSAPP
        + """
    -- 2 days later --
    Ada: [I will come]
    Bot: That visit has passed or was changed...
    """
    )


def test_who_said_stop_gets_no_reminder(talk):
    talk("""
        Ada: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: stop
        Bot: You will get no more messages...
        -- 29 hours later --
    """)


def test_no_reminder_is_sent_at_night(talk):
    talk("""
        Ada: book eye wednesday 8am
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        -- 46 hours later --
        Bot to Ada: Reminder: Ada...
    """)
