"""After a visit: one number is enough, more is welcome."""

import pytest

from crm.models import (
    Severity,
    Topic,
)
from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.feedback_talk.opinions import (
    ASKED,
    ASKED_BY_TEXT,
    comment,
    follow_ups,
    said,
)
from tests.people import ADA, MUSA


def test_five_by_a_tap_then_what_it_was_about_then_a_word(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: [Excellent]
        Bot: Thank you. You gave us 5 of 5.

             You get 20 points for it.

             What was it about? You can send several numbers, like 1 3...
             [Waiting time] [Nurses and staff] [The doctor] [Cleanliness] [The bill]...[Skip]
        Ada: [Nurses and staff]
        Bot: Would you like to tell us more?...
             [Skip] [Without my name]
        Ada: The nurse with the red scarf was an angel
        Bot: Thank you. It helps us do better. Send MENU for more.
    """
    )
    (row,) = said(stack)
    assert (row.rating, row.categories) == (5, [Topic.STAFF_COURTESY])
    assert comment(stack, row) == "The nurse with the red scarf was an angel"
    assert follow_ups(stack) == []


def test_two_by_text_message_in_numbers_and_a_call_is_wanted(talk, stack):
    a_past_visit(stack, MUSA)
    ask(stack)
    talk(
        ASKED_BY_TEXT
        + """
        Musa: 2
        Bot: We are sorry that it was not good: 2 of 5. Thank you for telling us.

             You get 20 points for it.

             What was it about?...
             1 Waiting time
             2 Nurses and staff
             3 The doctor...
             9 Skip
        Musa: 1 3
        Bot: Would you like to tell us more?...
             1 Skip
             2 Without my name
        Musa: no
        Bot: May a person of the hospital call you about it?
             1 Yes
             2 No
        Musa: 1
        Bot: Thank you. A person of the hospital will call you within a day.
    """
    )
    (row,) = said(stack)
    assert row.categories == [Topic.WAITING_TIME, Topic.DOCTOR_COMMUNICATION]
    assert row.may_contact
    assert [each.severity for each in follow_ups(stack)] == [Severity.LOW_SCORE]


def test_who_wants_no_call_is_not_called(talk, stack):
    a_past_visit(stack, MUSA)
    ask(stack)
    talk(
        ASKED_BY_TEXT
        + """
        Musa: e bad
        Bot: We are sorry that it was not good: 2 of 5...
        Musa: waiting and staff
        Bot: Would you like to tell us more?...
        Musa: skip
        Bot: May a person of the hospital call you about it?...
        Musa: no
        Bot: Thank you. It helps us do better...
    """
    )
    (row,) = said(stack)
    assert not row.may_contact
    assert row.categories == [Topic.WAITING_TIME, Topic.STAFF_COURTESY]


@pytest.mark.parametrize(
    ("words", "score"),
    [("very good", 5), ("e bad", 2), ("four", 4), ("4/5", 4), ("una try", 4), ("5 stars", 5)],
)
def test_words_are_answers_too(talk, stack, words, score):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + f"""
        Ada: {words}
        Bot: ...{score} of 5...
    """
    )
    assert [row.rating for row in said(stack)] == [score]


def test_a_rating_alone_is_kept_when_the_rest_never_comes(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: 3
        Bot: Thank you. You gave us 3 of 5...
        -- 3 days later --
        Ada: hi
        Bot: Welcome back. You were telling us how your visit was. Shall we go on?...
        Ada: [Go on]
        Bot: What was it about?...
        Ada: the queue
        Bot: We kept what you said before. It is too late to add to it here...
    """
    )
    assert [(row.rating, row.categories) for row in said(stack)] == [(3, [])]
