"""Codes of rewards: lost and replaced, given back, used meanwhile, or ended."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.kit.permissions import Actor
from crm.loyalty import desk
from crm.loyalty.refusals import CodeUnknown
from crm.models import Hospital, RewardKind
from tests.conversations.members import KNOWN, a_member, a_reward, available, got
from tests.people import ADA


@pytest.fixture
def ada(stack):
    return a_member(stack)


@pytest.fixture
def code(talk, stack, ada):
    """Ada has got a reward, and knows its code."""
    a_reward(stack, "No waiting at the desk", 100, kind=RewardKind.PRIORITY_ACCESS)
    talk(
        KNOWN
        + """
        Bot: ...Which reward?...
        Ada: 1
        Bot: ...Shall we get it for Ada?...
        Ada: yes
        Bot: Your code for...
    """
    )
    return _code(stack)


def test_a_lost_code_is_replaced_and_the_old_one_is_dead(talk, stack, code):
    talk("""
        Ada: my codes
        Bot: Codes of Ada, newest first. Pick one if it is lost or not wanted.
             [No waiting at the desk]
        Ada: 1
        Bot: No waiting at the desk, code ending ..., until 20 Feb 2027. To use it, show the code...
             [I lost the code] [Give it back] [Leave it]
        Ada: [I lost the code]
        Bot: Your new code for No waiting at the desk: ...
             The old one does not work any more...
    """)
    new = _code(stack)
    with stack.wiring.transaction() as session:
        now = stack.wiring.now()
        assert desk.look(session, new, by=Actor.system(), now=now)
        with pytest.raises(CodeUnknown):
            desk.look(session, code, by=Actor.system(), now=now)
    assert len(got(stack)) == 1


def test_a_reward_given_back_brings_the_points_back_once(talk, stack, ada, code):
    talk("""
        Ada: CODES
        Bot: Codes of Ada...
        Ada: 1
        Bot: ...What would you like?...
        Ada: [Give it back]
        Bot: Give back No waiting at the desk and get 100 points back?
             [Yes] [No]
        Ada: yes
        Bot: No waiting at the desk is given back: 100 points are yours again...
        Ada: yes
        Bot: What would you like to do?...
        Ada: my codes
        Bot: Codes of Ada...
        Ada: 1
        Bot: No waiting at the desk, code ending ...: given back, points returned...
    """)
    assert available(stack, ada) == 1_240


def test_a_code_used_meanwhile_is_neither_replaced_nor_given_back(talk, stack, ada, code):
    talk("""
        Ada: my codes
        Bot: Codes of Ada...
        Ada: 1
        Bot: ...What would you like?...
    """)
    use(stack, code)
    talk("""
        Ada: [I lost the code]
        Bot: That code was used or ended a moment ago.

             Codes of Ada...
        Ada: 1
        Bot: No waiting at the desk, code ending ...: used on 22 Nov...
    """)
    assert available(stack, ada) == 1_140


def test_a_code_that_ended_says_so(talk, stack, code):
    stack.clock.move(timedelta(days=100))
    talk("""
        Ada: my codes
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Codes of Ada...
        Ada: 1
        Bot: ...: ended 20 Feb. Nothing more can be done with it...
    """)


def test_who_has_no_codes_is_shown_to_the_rewards(talk, stack, ada):
    a_reward(stack, "No waiting at the desk", 100)
    talk("""
        Ada: where my code
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada has no codes yet...
             [Rewards] [My points]
        Ada: [Rewards]
        Bot: Ada has 1,240 points. Which reward?...
    """)


def use(stack, code: str) -> None:
    """The desk hands out what the code gets."""
    with stack.wiring.transaction() as session:
        place = session.scalars(select(Hospital.id).where(Hospital.code == "IKJ")).one()
        now = stack.wiring.now()
        desk.use(session, code, hospital_id=place, by=Actor.system(), now=now)


def _code(stack) -> str:
    return re.search(r": (\w{5}-\w{5}-\S)", stack.heard_by(ADA)[-1].body)[1]
