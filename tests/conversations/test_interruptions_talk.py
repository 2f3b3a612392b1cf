"""What steps in front of a talk: stop words, distress, a person, old buttons, long pauses."""

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm.models import Answering, Conversation, Suppression
from tests.people import ADA, MUSA, Person

DESK = Person("Desk", "+2349140000101", Channel.SMS)


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


def test_three_times_not_understood_offers_a_person(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: blue
        Bot: Please pick one of these...
        Ada: green
        Bot: Please pick one of these...
        Ada: red
        Bot: Sorry, I do not understand. What would help?
             [Talk to a person] [Go on] [Menu]
        Ada: [Go on]
        Bot: GrandPro Ikeja. What do you need?...
    """)


def test_who_is_lost_may_answer_the_question_all_the_same(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: blue
        Bot: Please pick one of these...
        Ada: green
        Bot: Please pick one of these...
        Ada: red
        Bot: Sorry, I do not understand. What would help?...
        Ada: violet
        Bot: Please pick one of these.
             [Talk to a person] [Go on] [Menu]
        Ada: dental
        Bot: Which day?...
    """)


def test_the_word_of_the_open_talk_shows_what_is_now(talk, stack):
    talk("""
        Ada: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: my appointments
        Bot: Your next visit...
        Ada: 25/11/1990
        Bot: Ada: Tue 24 Nov, 3pm...
             [I will come] [Move it] [Cancel visit] [Directions]
        Ada: [Cancel visit]
        Bot: ...Why can you not come?...
        Ada: my appointments
        Bot: Ada: Tue 24 Nov, 3pm...
             [I will come] [Move it] [Cancel visit] [Directions]
    """)


def test_a_list_left_alone_for_hours_does_not_come_back_behind_another_answer(talk):
    talk("""
        Ada: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: my appointments
        Bot: Your next visit...
        Ada: 25/11/1990
        Bot: Ada: Tue 24 Nov, 3pm...What would you like to do?...
        -- 29 hours later --
        Bot to Ada: Reminder: ...Tue 24 Nov, 3pm...
             [I will come] [Move it] [Cancel visit]
        Ada: 1
        Bot: Thank you. We expect Ada on Tue 24 Nov, 3pm at GrandPro Ikeja.
    """)


def test_help_answers_and_asks_the_question_again(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: help
        Bot: GrandPro helps you book...In an emergency call 112.

             GrandPro Ikeja. What do you need?...
    """)


def test_stop_ends_messages_and_start_brings_them_back(talk, stack):
    talk("""
        Ada: stop
        Bot: You will get no more messages from us. To come back, send START.
    """)
    with stack.wiring.transaction() as session:
        assert session.scalars(select(Suppression.lifted_at)).all() == [None]
    talk("""
        Ada: start
        Bot: Welcome back. You will hear from us about your visits again.

             What would you like to do?...
    """)
    with stack.wiring.transaction() as session:
        assert (
            session.scalars(select(Suppression).where(Suppression.lifted_at.is_(None))).all() == []
        )


def test_stop_by_text_message_is_confirmed_once(talk):
    talk("""
        Musa: STOP
        Bot: You will get no more messages from us...
        Musa: START
        Bot: Welcome back...
    """)


def test_the_language_changes_in_the_middle_and_the_question_stays(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: pidgin
        Bot: We go dey write Pidgin.

             GrandPro Ikeja. Wetin you need?...
        Ada: menu
        Bot: Wetin you wan do?
             [Book visit] [My appointments] [My points]...[Change language] [More]
        Ada: [Change language]
        Bot: Which language make we use?
             [English] [Pidgin]
        Ada: [English]
        Bot: We will write in English.

             What would you like to do?...
    """)


def test_distress_comes_before_everything_and_one_tap_returns(talk, stack):
    talk("""
        Ada: book eye tomorrow
        Bot: Tomorrow, Mon 23 Nov. What time?...
        Ada: my wife is bleeding
        Bot: This may be an emergency...Call 112 now...We have told our desk.
             [Go on] [Talk to a person]
        Ada: [Go on]
        Bot: Tomorrow, Mon 23 Nov. What time?...
    """)
    alerts = [message.body for message in stack.heard_by(DESK)]
    assert len(alerts) == 1
    assert "URGENT" in alerts[0]
    assert "0011" in alerts[0]
    assert "Ada" not in alerts[0]


def test_asking_for_a_person_is_recorded_and_the_desk_told(talk, stack):
    talk("""
        Ada: talk to a person
        Bot: Our desk is closed now and opens at 8am...
        Ada: I lost my card
        Bot: Noted. A person will read it...
        Ada: menu
        Bot: What would you like to do?...
    """)
    assert ["asked for a person" in m.body for m in stack.heard_by(DESK)] == [True]
    with stack.wiring.transaction() as session:
        conversation = session.scalars(
            select(Conversation).where(Conversation.patient_id.is_not(None))
        ).one()
        assert conversation.answering is Answering.BOT


def test_in_opening_hours_a_person_is_promised_here(talk):
    talk("""
        -- 23 hours later --
        Ada: agent
        Bot: A person from GrandPro Ikeja will answer you here...
    """)


def test_an_old_button_is_known_as_old(talk):
    talk("""
        Ada: hi
        Bot: What would you like to do?...
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: [My appointments]
        Bot: That button is from an earlier message.

             GrandPro Ikeja. What do you need?...
    """)


def test_a_talk_left_alone_is_offered_again(talk):
    talk("""
        Ada: book eye
        Bot: Which day?...
        -- 45 minutes later --
        Ada: hello
        Bot: Welcome back. You were booking a visit. Shall we go on?
             [Go on] [Start over]
        Ada: [Go on]
        Bot: Which day?...
        -- 3 hours later --
        Ada: hello
        Bot: Welcome back...
        Ada: [Start over]
        Bot: What would you like to do?...
    """)


def test_asked_whether_to_go_on_they_may_answer_at_once_or_wish_something_else(talk):
    talk("""
        Ada: book eye
        Bot: Which day?...
        -- 45 minutes later --
        Ada: hello
        Bot: Welcome back. You were booking a visit. Shall we go on?...
        Ada: thursday 3pm
        Bot: Ada: Eye, GrandPro Ikeja, Thu 26 Nov, 3pm. Shall I book it?...
        -- 45 minutes later --
        Ada: hello
        Bot: Welcome back...
        Ada: book dental for friday 9:30am
        Bot: Ada: Dental, GrandPro Ikeja, Fri 27 Nov, 9:30am. Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: book eye
        Bot: Which day?...
        -- 45 minutes later --
        Ada: hello
        Bot: Welcome back...
        Ada: invite a friend
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada, your code for friends is...
        Ada: book eye
        Bot: Which day?...
        -- 45 minutes later --
        Ada: hello
        Bot: Welcome back...
        Ada: qwrtz plk
        Bot: Which day?...
    """)


SEEN = """
        Ada: book eye thursday 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: my appointments
        Bot: Your next visit...
        Ada: 25/11/1990
        Bot: Ada: Thu 26 Nov, 3pm...
"""


def test_a_wish_after_a_pause_is_heard(talk):
    talk(
        SEEN
        + """
        -- 2 hours later --
        Ada: invite a friend
        Bot: Ada, your code for friends is ...
        """
    )


def test_the_next_day_a_list_is_not_shown_again_unasked(talk):
    talk(
        SEEN
        + """
        -- 1 day later --
        Ada: hello
        Bot: What would you like to do?...
        Ada: my appointments
        Bot: Your next visit...
        """
    )


def test_what_cannot_be_read_is_said_so(talk, stack):
    talk("""
        Ada: book eye
        Bot: Which day?...
    """)
    stack.sandbox.say(ADA.channel, ADA.number, "", media=("image/jpeg",))
    stack.work()
    assert stack.heard_by(ADA)[-1].body.startswith("I can only read text for now.")


def test_a_greeting_or_thanks_is_no_mistake(talk):
    talk("""
        Ada: menu
        Bot: What would you like to do?...
        Ada: hello
        Bot: What would you like to do?...
        Ada: book eye
        Bot: Which day?...
        Ada: good morning
        Bot: Which day?...
        Ada: thank you
        Bot: You are welcome.

             Which day?...
    """)


def test_another_wish_in_the_middle_of_a_talk_is_heard(talk):
    talk("""
        Ada: book eye
        Bot: Which day?...
        Ada: my appointments
        Bot: You have no visit coming up...
    """)


def test_a_wish_to_book_is_heard_wherever_it_is_no_answer(talk):
    talk("""
        Ada: my appointments
        Bot: You have no visit coming up.
             [Book a visit] [Menu]
        Ada: I wan see doctor tomorrow
        Bot: ...GrandPro Ikeja. What do you need?...
        Ada: menu
        Bot: What would you like to do?...
        Ada: my appointments
        Bot: You have no visit coming up...
        Ada: 20/03/1983
        Bot: Please pick one of these.
             [Book a visit] [Menu]
        Ada: tuesday by 2
        Bot: Noted: Tue 24 Nov, 2pm.

             GrandPro Ikeja. What do you need?...
        Ada: eye
        Bot: Ada: Eye, GrandPro Ikeja, Tue 24 Nov, 2pm. Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: my appointments
        Bot: Your next visit: Tue 24 Nov, 2pm. To see or change visits, send...
        Ada: 12/12
        Bot: I could not read that date...
        Ada: no, I want to see a doctor on friday
        Bot: ...GrandPro Ikeja. What do you need?...
    """)


def test_in_danger_a_doctor_is_not_looked_for_in_the_diary(talk):
    talk("""
        Ada: my wife is bleeding
        Bot: This may be an emergency...Call 112 now...
        Ada: I want to see a doctor
        Bot: Call 112 now...
    """)


def test_after_danger_the_way_back_is_heard_in_english_by_who_reads_pidgin(talk):
    talk("""
        Ada: pidgin
        Bot: ...
        Ada: book eye tomorrow
        Bot: Tomorrow, Mon 23 Nov. Which time?...
        Ada: my wife dey bleed
        Bot: This one fit be emergency...112...
        Ada: go on
        Bot: Tomorrow, Mon 23 Nov. Which time?...
    """)
