"""Talks as they really go: crossed, doubled, left, stopped, mixed, and over versions of the bot."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from crm.models import (
    Appointment,
    AppointmentStatus,
    Conversation,
    Patient,
    PatientFeedback,
    WaitlistEntry,
)
from tests.conversations.clinics import a_past_visit, ask, fill, free
from tests.people import ADA, MUSA

TUESDAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


def ratings(stack) -> list[int]:
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(PatientFeedback.rating)))


def booked(stack) -> list[str]:
    with stack.wiring.transaction() as session:
        return list(
            session.scalars(
                select(Patient.full_name)
                .join(Appointment, Appointment.patient_id == Patient.id)
                .where(Appointment.status == AppointmentStatus.BOOKED)
                .where(~Patient.full_name.startswith("Stranger"))
            )
        )


def move_to(stack, dialogue: str, state: str) -> None:
    """As if the bot had been another one yesterday."""
    with stack.wiring.transaction() as session:
        session.execute(
            update(Conversation)
            .where(Conversation.dialogue.is_not(None))
            .values(dialogue=dialogue, state=state)
        )


# -- versions of the bot --------------------------------------------------------------------------


def test_at_a_question_that_is_no_more_there_is_an_apology_and_the_menu(talk, stack):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
    """)
    move_to(stack, "booking", "ask_shoe_size")
    talk("""
        Ada: dental
        Bot: Sorry, we lost our place.

             What would you like to do?...
    """)


def test_in_a_talk_that_is_no_more_there_is_an_apology_and_the_menu(talk, stack):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
    """)
    move_to(stack, "horoscope", "ask_sign")
    talk("""
        Ada: lion
        Bot: Sorry, we lost our place.

             What would you like to do?...
    """)


def test_a_button_of_a_talk_that_is_no_more_is_old(talk, stack):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
    """)
    move_to(stack, "horoscope", "ask_sign")
    talk("""
        Ada: [Dental]
        Bot: That button is from an earlier message.

             Sorry, we lost our place.

             What would you like to do?...
    """)


# -- crossed and doubled --------------------------------------------------------------------------


def test_two_messages_sent_in_one_breath_are_answered_one_after_the_other(talk, stack):
    heard = len(stack.heard_by(ADA))
    for words in ("book eye", "tuesday 3pm"):
        stack.sandbox.say(ADA.channel, ADA.number, words)
    stack.work()
    first, second = stack.heard_by(ADA)[heard:]
    assert first.body.startswith("Which day?")
    assert "Tue 24 Nov, 3pm. Shall I book it?" in second.body


def test_a_digit_sent_twice_books_once_and_rates_nothing(talk, stack):
    a_past_visit(stack, MUSA)
    ask(stack)
    talk("""
        Bot to Musa: Musa: thank you for coming...
        Musa: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Musa: 1
        Bot: Booked: Musa...
        Musa: 1
        Bot: What would you like to do?...
    """)
    assert booked(stack) == ["Musa Bello"]
    assert ratings(stack) == []


def test_a_time_tapped_in_an_old_list_is_not_taken(talk, stack):
    talk("""
        Ada: book eye tuesday morning
        Bot: Tue 24 Nov. What time?
             [8am] [8:30am]...
        Ada: another day
        Bot: Which day?...
        Ada: friday morning
        Bot: Fri 27 Nov. What time?
             [8am]...
        Ada: [8am]
        Bot: ...Fri 27 Nov, 8am. Shall I book it?...
        Ada: [8:30am]
        Bot: That button is from an earlier message.

             ...Fri 27 Nov, 8am. Shall I book it?...
    """)
    assert booked(stack) == []


# -- several questions at once --------------------------------------------------------------------


def test_the_newest_question_has_the_digit_and_the_older_one_comes_next(talk, stack):
    full = fill(stack, "Eye", TUESDAY)
    a_past_visit(stack, MUSA)
    talk("""
        Musa: book eye tuesday
        Bot: Tue 24 Nov is full...
        Musa: tell me when free
        Bot: Musa is on the waiting list...
        -- 15 minutes later --
        Bot: Musa: thank you for coming...
    """)
    free(stack, full[0])
    talk("""
        Musa: 2
        Bot: Noted, Musa. You stay on the waiting list.
        -- 5 minutes later --
        Musa: 5
        Bot: Thank you. You gave us 5 of 5...
    """)
    assert ratings(stack) == [5]


def test_a_reminder_and_a_survey_on_one_phone_are_told_apart_by_their_buttons(talk, stack):
    talk("""
        Ada: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        -- 29 hours later --
        Bot: Reminder: Ada...
    """)
    a_past_visit(stack, ADA)
    talk("""
        Ada: thank you
        Bot: ...
        -- 15 minutes later --
        Bot: Hello Ada, thank you for coming...
        Ada: [I will come]
        Bot: Thank you. We expect Ada on Tue 24 Nov, 3pm at GrandPro Ikeja...
        Ada: [Good]
        Bot: Thank you. You gave us 4 of 5...
    """)
    assert ratings(stack) == [4]


def test_an_offer_for_a_child_comes_to_the_mothers_phone(talk, stack):
    stack.register(ADA, "Chidi Obi", born_on=date(2019, 4, 3))
    full = fill(stack, "Eye", TUESDAY)
    talk("""
        Ada: book eye for Chidi tuesday
        Bot: Tue 24 Nov is full...
        Ada: [Tell me when free]
        Bot: Chidi is on the waiting list of GrandPro Ikeja...
    """)
    free(stack, full[0])
    talk("""
        Ada: [Take it]
        Bot: Booked: Chidi, Tue 24 Nov, 8am...
    """)
    assert booked(stack) == ["Chidi Obi"]


# -- STOP, distress and languages in the middle ---------------------------------------------------


def test_stop_in_the_middle_of_a_booking_books_nothing_and_start_begins_anew(talk, stack):
    talk("""
        Ada: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Ada: abeg stop
        Bot: You will get no more messages from us...
        Ada: start
        Bot: Welcome back...

             What would you like to do?...
        Ada: [Yes]
        Bot: That button is from an earlier message...
    """)
    assert booked(stack) == []


def test_stop_in_the_middle_of_feedback_keeps_the_rating_and_asks_no_more(talk, stack):
    a_past_visit(stack, MUSA)
    ask(stack)
    talk("""
        Bot to Musa: Musa: thank you...
        Musa: 2
        Bot: We are sorry that it was not good: 2 of 5...
        Musa: STOP
        Bot: You will get no more messages from us...
        -- 2 days later --
    """)
    assert ratings(stack) == [2]


def test_who_waits_and_says_stop_gets_no_offer_but_keeps_the_place(talk, stack):
    full = fill(stack, "Eye", TUESDAY)
    talk("""
        Musa: book eye tuesday
        Bot: Tue 24 Nov is full...
        Musa: 8
        Bot: Musa is on the waiting list...
        Musa: STOP
        Bot: You will get no more messages...
    """)
    heard = len(stack.heard_by(MUSA))
    free(stack, full[0])
    assert len(stack.heard_by(MUSA)) == heard
    with stack.wiring.transaction() as session:
        assert session.scalars(select(WaitlistEntry.status)).all() == ["waiting"]


def test_danger_in_the_middle_of_registering_is_answered_and_registering_goes_on(talk):
    talk("""
        Bisi: hi
        Bot: Welcome...
        Bisi: English
        Bot: To book visits...Do you agree?...
        Bisi: my mother don faint
        Bot: This may be an emergency...Call 112 now...
             [Go on] [Talk to a person]
        Bisi: [Go on]
        Bot: To book visits...Do you agree?...
        Bisi: yes
        Bot: What is the patient's full name?
    """)


def test_feedback_in_pidgin_from_the_first_word_to_the_last(talk, stack):
    talk("""
        Musa: pidgin
        Bot: We go dey write Pidgin...
    """)
    a_past_visit(stack, MUSA)
    stack.later(timedelta(minutes=15))
    talk("""
        Musa: e bad well well
        Bot: We dey sorry say e no good: 1 for 5...
             9 Pass am
        Musa: nurse and money
        Bot: You wan tell us more?...
        Musa: dem shout for my mama
        Bot: Make person from the hospital call you about am?...
        Musa: oya
        Bot: Thank you. Person from the hospital go call you before one day.
    """)
    assert ratings(stack) == [1]


def test_the_bot_follows_from_english_to_pidgin_and_back_in_one_booking(talk, stack):
    talk("""
        Ada: How far, I wan book eye
        Bot: Which day?...
        Ada: pidgin
        Bot: We go dey write Pidgin.

             Which day? Pick one, or talk am...
        Ada: next tomorrow by 3
        Bot: ...Tue 24 Nov, 3pm. Make I book am?...
        Ada: in english please
        Bot: We will write in English.

             ...Shall I book it?...
        Ada: na so
        Bot: Booked: Ada...
    """)
    assert booked(stack) == ["Ada Obi"]


def test_a_talk_left_for_a_night_under_a_survey_is_taken_up_after_it(talk, stack):
    a_past_visit(stack, ADA)
    talk("""
        Ada: book eye
        Bot: Which day?...
        -- 15 minutes later --
        Bot: Hello Ada, thank you for coming...
        -- 22 hours later --
        Ada: [Good]
        Bot: Thank you. You gave us 4 of 5...
        Ada: [Skip]
        Bot: Would you like to tell us more?...
        Ada: [Skip]
        Bot: Thank you. It helps us do better. Send MENU for more.

             Which day?...
        Ada: friday 9am
        Bot: ...Fri 27 Nov, 9am. Shall I book it?...
    """)
