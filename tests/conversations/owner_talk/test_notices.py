"""What owners are told of their payouts, and the first answer to it."""

import re
from datetime import timedelta

from crm.models import PayoutStatus
from tests.conversations.estates import approve, earned, own, step
from tests.conversations.owner_talk.account import segments
from tests.people import DANLADI


def test_the_first_answer_to_a_notice_needs_no_proof_and_the_second_does(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    approve(stack, id_)
    stack.later(timedelta(hours=2))
    talk("""
        Danladi: payout
        Bot: October 2026, GrandPro Ikeja: NGN 1,125,000.00, approved, due on 2 Dec 2026...
             1 Statement
             2 Something is wrong
        Danladi: 1
        Bot: This is about money...
        Danladi: 4321
        Bot: Your statement for October 2026...
    """)


def test_an_old_notice_opens_nothing(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    approve(stack, id_)
    stack.later(timedelta(days=4))
    talk("""
        Danladi: payout
        Bot: This is about money...
    """)


def test_every_event_is_told_in_at_most_two_parts_that_ask_for_no_answer(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    for to in (
        "on_hold",
        "pending_approval",
        "approved",
        "processing",
        "failed",
        "processing",
        "completed",
        "reversed",
    ):
        step(stack, id_, PayoutStatus(to))
    said = [message.body for message in stack.heard_by(DANLADI)]
    assert [word for text in said for word in WORDS_OF_EVENTS if word in text] == WORDS_OF_EVENTS
    assert max(segments(stack, DANLADI)) <= 2
    assert not [
        text for text in said if re.search(r"\b(?:reply|send|answer)\b", text, re.IGNORECASE)
    ]


WORDS_OF_EVENTS = [
    "waits while we check",
    "is approved",
    "did not take",
    "was paid on",
    "came back",
]
