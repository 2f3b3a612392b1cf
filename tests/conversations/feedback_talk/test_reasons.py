"""The number and its reason in one message."""

import pytest

from crm.models import (
    Topic,
)
from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.feedback_talk.opinions import ASKED, comment, said
from tests.people import ADA


def test_thanks_is_a_comment_where_one_is_asked_for(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: 5
        Bot: Thank you. You gave us 5 of 5...
        Ada: skip
        Bot: Would you like to tell us more?...
        Ada: thank you
        Bot: Thank you. It helps us do better...
    """
    )


@pytest.mark.parametrize("words", ["2 because the nurse was rude", "e bad, the nurse was rude"])
def test_the_number_and_the_reason_in_one_message_are_both_kept(talk, stack, words):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + f"""
        Ada: {words}
        Bot: We are sorry that it was not good: 2 of 5...

             May a person of the hospital call you about it?
             [Yes] [No]
        Ada: yes
        Bot: Thank you. A person of the hospital will call you within a day.
    """
    )
    (row,) = said(stack)
    assert (row.rating, row.categories) == (2, [Topic.STAFF_COURTESY])
    assert "the nurse was rude" in comment(stack, row)


def test_asked_by_the_word_the_reason_may_come_with_the_number_too(talk, stack):
    a_past_visit(stack, ADA)
    talk("""
        Ada: feedback
        Bot: How was Ada's last visit to us?...
        Ada: 5. The doctor explained everything to me
        Bot: Thank you. You gave us 5 of 5.

             You get 20 points for it.

             Thank you. It helps us do better...
    """)
    (row,) = said(stack)
    assert comment(stack, row) == "The doctor explained everything to me"


def test_an_hour_is_no_rating(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: 2 pm tomorrow
        Bot: ...GrandPro Ikeja. What do you need?...
    """
    )
    assert said(stack) == []
