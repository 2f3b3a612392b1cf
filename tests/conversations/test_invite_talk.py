"""Bringing friends: a code, a message to forward, and what became of those who came."""

import re

import pytest

from crm import loyalty, referrals
from tests.people import ADA, BISI, EMEKA


@pytest.fixture
def ada(stack):
    return stack.register(ADA, "Ada Obi")


def test_the_code_and_a_message_to_forward(talk, stack, ada):
    talk("""
        Ada: invite a friend
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada, your code for friends is ... you get 100 points and your friend gets 50...
             [Message to forward] [My points]
        Ada: [Message to forward]
        Bot: I book my hospital visits with GrandPro by chat. Send HI to ... on WhatsApp...
    """)
    with stack.wiring.transaction() as session:
        code = loyalty.of(session, ada).referral_code
    assert code in stack.heard_by(ADA)[-1].body
    assert stack.wiring.settings.twilio_whatsapp_number in stack.heard_by(ADA)[-1].body


def test_friends_who_came_are_counted(talk, stack, ada):
    with stack.wiring.transaction() as session:
        code = loyalty.enrol(session, ada, now=stack.wiring.now()).referral_code
    for person, name in ((BISI, "Bisi Ade"), (EMEKA, "Emeka Eze")):
        friend = stack.register(person, name)
        with stack.wiring.transaction() as session:
            referrals.join(session, code=code, friend_id=friend, now=stack.wiring.now())
    talk("""
        Ada: bring my friend
        Bot: To show this...
        Ada: 25/11/1990
        Bot: ...Friends who came: 2. Rewarded: 0...
        Ada: ok
        Bot: I book my hospital visits with GrandPro...
    """)


def test_in_pidgin_by_text_message(talk, stack):
    stack.register(BISI, "Bisi Ade")
    talk("""
        Bisi: pidgin
        Bot: We go dey write Pidgin...
        Bisi: invite my padi
        Bot: Make we sure say na you...
        Bisi: 25/11/1990
        Bot: Bisi, your code for friends na ...
    """)
    assert re.search(r"na [2-9A-Z]{8}\.", stack.heard_by(BISI)[-1].body)
