"""Why did I get this: what it was, on what ground it came, how such messages end; anywhere."""

import pytest

from tests.conversations.clinics import a_past_visit
from tests.people import ADA, MUSA


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


REMINDED = """
        Ada: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        -- 29 hours later --
        Bot: Reminder: Ada...
"""


def test_a_reminder_is_explained_with_when_and_how_they_agreed(talk):
    talk(
        REMINDED
        + """
        Ada: why did I get this?
        Bot: Our last message to you, Mon 23 Nov at 3pm, was a reminder of a visit...

             You agreed to it on WhatsApp on Sun 22 Nov.

             To choose what we send, send PREFERENCES. To get nothing more, send STOP.
    """
    )


def test_in_the_middle_of_a_talk_it_is_answered_and_the_question_stays(talk, stack):
    a_past_visit(stack, MUSA)
    talk("""
        Musa: book
        Bot: GrandPro Ikeja. What do you need?...
        -- 20 minutes later --
        Bot: Musa: thank you for coming...
        Musa: why una dey text me
        Bot: Our last message to you, ...asked how satisfied you are, because you are with us...

             GrandPro Ikeja. What do you need?...
        Musa: 5
        Bot: Which day?...
    """)


def test_who_never_heard_from_us_is_told_who_we_are(talk):
    talk("""
        Bisi: who is this?
        Bot: This is the assistant of GrandPro Hospitals...
        Bisi: hi
        Bot: Welcome...
    """)


def test_in_the_middle_of_registering_too(talk):
    talk("""
        Bisi: hi
        Bot: Welcome...
        Bisi: English
        Bot: To book visits...Do you agree?...
        Bisi: who are you
        Bot: This is the assistant of GrandPro Hospitals...

             To book visits...Do you agree?...
    """)


def test_after_stop_it_is_said_that_no_more_will_come(talk):
    talk(
        REMINDED
        + """
        Ada: stop
        Bot: You will get no more messages...
        Ada: why did i get this message
        Bot: Our last message to you...

             You agreed to it on WhatsApp...

             You have stopped such messages since: no more will come.
    """
    )
