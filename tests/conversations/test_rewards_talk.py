"""Rewards: what one can afford first; one yes spends once; codes lost, used and given back."""

import re
from datetime import date

import pytest
from sqlalchemy import update

from crm import loyalty
from crm.kit.permissions import Actor
from crm.loyalty import desk
from crm.models import RedemptionStatus, Reward
from tests.conversations.members import KNOWN, a_member, a_reward, available, give, got
from tests.people import ADA, BISI, MUSA


@pytest.fixture
def ada(stack):
    return a_member(stack)


def test_a_reward_is_chosen_and_its_code_shown_once(talk, stack, ada):
    a_reward(stack, "A free consultation", 1_200, terms="Not on public holidays.")
    a_reward(stack, "No waiting at the desk", 800)
    a_reward(stack, "A heart check", 2_000)
    talk(
        KNOWN
        + """
        Bot: Ada has 1,240 points. Which reward?
             [No waiting at the desk] [A free consultation] [A heart check]
        Ada: [A free consultation]
        Bot: A free consultation: No queue on one visit. Not on public......until 20 Feb 2027...
             [Yes] [Another reward] [No]
        Ada: [Yes]
        Bot: Your code for A free consultation: ...
             Show this message at the desk of any...by 20 Feb 2027...Points left: 40.
    """
    )
    [made] = got(stack)
    assert (made.points_spent, available(stack, ada)) == (1_200, 40)
    code = re.search(r": (\w{5}-\w{5}-\S)", stack.heard_by(ADA)[-1].body)[1]
    assert code.replace("-", "")[-4:] == made.code_last4
    with stack.wiring.transaction() as session:
        now = stack.wiring.now()
        assert desk.look(session, code, by=Actor.system(), now=now)[0].id == made.id


def test_by_text_message_with_prices_and_what_is_missing(talk, stack):
    give(stack, stack.register(MUSA, "Musa Bello"), 500)
    a_reward(stack, "Lab test at half price", 300)
    a_reward(stack, "A heart check", 2_000)
    a_reward(stack, "Glasses", 400, min_tier="gold")
    talk("""
        Musa: JARA
        Bot: To show this...
        Musa: 25/11/90
        Bot: Musa has 500 points. Which reward?
             1 Lab test at half price - 300 points
             2 Glasses - 400 points, for Gold and above
             3 A heart check - 2,000 points, 1,500 more needed
        Musa: 3
        Bot: A heart check costs 2,000 points: 1,500 more are needed. Your points are untouched.

             Musa has 500 points. Which reward?...
        Musa: glasses
        Bot: Glasses is for members of tier Gold and above...
        Musa: 1
        Bot: Lab test at half price: ...Shall we get it for Musa?
             1 Yes
             2 Another reward
             3 No
        Musa: 1
        Bot: Your code for Lab test at half price: ...Points left: 200.
        Musa: 1
        Bot: What would you like to do?...
    """)
    assert len(got(stack)) == 1


def test_yes_twice_gets_it_once(talk, stack, ada):
    a_reward(stack, "No waiting at the desk", 100)
    talk(
        KNOWN
        + """
        Bot: ...Which reward?...
        Ada: no waiting
        Bot: ...Shall we get it for Ada?...
        Ada: yes
        Bot: Your code for No waiting at the desk...
        Ada: yes
        Bot: What would you like to do?...
        Ada: [Yes]
        Bot: That button is from an earlier message...
    """
    )
    assert (len(got(stack)), available(stack, ada)) == (1, 1_140)


def test_the_last_one_is_taken_by_somebody_else_meanwhile(talk, stack, ada):
    give(stack, stack.register(BISI, "Bisi Ade"), 500)
    a_reward(stack, "A heart check", 500, stock=1)
    a_reward(stack, "No waiting at the desk", 100)
    talk(
        KNOWN
        + """
        Bot: ...[No waiting at the desk] [A heart check]
        Ada: heart check
        Bot: ...Shall we get it for Ada?...
        Bisi: rewards
        Bot: To show this...
        Bisi: 25/11/1990
        Bot: ...Which reward?...
        Bisi: the heart check abeg
        Bot: ...Shall we get it for Bisi?...
        Bisi: yes
        Bot: Your code for A heart check...
        Ada: yes
        Bot: Sorry, the last A heart check has just gone to somebody else...untouched.

             Ada has 1,240 points. Which reward?
             [No waiting at the desk]
    """
    )
    assert available(stack, ada) == 1_240


def test_a_price_that_rose_is_shown_again_before_anything_is_spent(talk, stack, ada):
    reward_id = a_reward(stack, "No waiting at the desk", 100)
    talk(
        KNOWN
        + """
        Bot: ...Which reward?...
        Ada: 1
        Bot: ...It costs 100 points...
    """
    )
    with stack.wiring.transaction() as session:
        session.execute(update(Reward).where(Reward.id == reward_id).values(points_cost=900))
    talk("""
        Ada: yes
        Bot: The price has just changed. Please look again.

             ...It costs 900 points; 340 will be left...
        Ada: no
        Bot: Nothing is spent: Ada keeps 1,240 points...
    """)
    assert got(stack) == []


def test_one_a_month_is_said_with_the_day_of_the_next(talk, stack, ada):
    a_reward(stack, "No waiting at the desk", 100, member_limit=1, limit_period="month")
    talk(
        KNOWN
        + """
        Bot: ...Which reward?...
        Ada: 1
        Bot: ...Shall we get it for Ada?...
        Ada: yes
        Bot: Your code for...
        Ada: rewards
        Bot: ...Which reward?...
        Ada: 1
        Bot: ...Shall we get it for Ada?...
        Ada: yes
        Bot: You had all of No waiting at the desk...There is more from Tue 1 Dec...
    """
    )
    assert len(got(stack)) == 1


def test_a_long_list_has_pages(talk, stack, ada):
    for number in range(1, 8):
        a_reward(stack, f"Gift {number}", number * 100)
    talk(
        KNOWN
        + """
        Bot: ...
             [Gift 1] [Gift 2] [Gift 3] [Gift 4] [Gift 5] [More]
        Ada: [More]
        Bot: ...
             [Gift 6] [Gift 7] [More]
        Ada: gift 7
        Bot: Gift 7: ...
        Ada: [Another reward]
        Bot: ...[Gift 1]...
    """
    )


def test_what_waits_for_approval_says_so(talk, stack, ada):
    a_reward(stack, "A heart check", 200, needs_approval=True)
    talk(
        KNOWN
        + """
        Bot: ...
        Ada: 1
        Bot: ...Shall we get it for Ada?...
        Ada: yes
        Bot: Your code for A heart check: ...
             It works as soon as our staff have approved it...
        Ada: my codes
        Bot: Codes of Ada, newest first...
    """
    )
    assert got(stack)[0].status is RedemptionStatus.PENDING


def test_left_alone_overnight_the_price_is_asked_for_anew(talk, stack, ada):
    a_reward(stack, "No waiting at the desk", 100)
    talk(
        KNOWN
        + """
        Bot: ...Which reward?...
        Ada: 1
        Bot: ...Shall we get it for Ada?...
        -- 20 hours later --
        Ada: yes
        Bot: Welcome back. You were choosing a reward. Shall we go on?...
        Ada: yes
        Bot: To show this, we need to know it is you...
        Ada: 25/11/1990
        Bot: Ada has 1,240 points. Which reward?...
    """
    )
    assert got(stack) == []


def test_stop_in_the_middle_spends_nothing(talk, stack, ada):
    a_reward(stack, "No waiting at the desk", 100)
    talk(
        KNOWN
        + """
        Bot: ...Which reward?...
        Ada: 1
        Bot: ...Shall we get it for Ada?...
        Ada: STOP
        Bot: You will get no more messages from us...
        Ada: yes
        Bot: What would you like to do?...
    """
    )
    assert (got(stack), available(stack, ada)) == ([], 1_240)


def test_distress_in_the_middle_and_back(talk, stack, ada):
    a_reward(stack, "No waiting at the desk", 100)
    talk(
        KNOWN
        + """
        Bot: ...Which reward?...
        Ada: 1
        Bot: ...Shall we get it for Ada?...
        Ada: my son no fit breathe
        Bot: This may be an emergency...Call 112 now...
        Ada: [Go on]
        Bot: No waiting at the desk: ...Shall we get it for Ada?...
        Ada: oya
        Bot: Your code for No waiting at the desk...
    """
    )
    assert len(got(stack)) == 1


def test_a_child_spends_its_own(talk, stack, ada):
    tola = stack.register(ADA, "Tola Obi", born_on=date(2019, 5, 1))
    give(stack, tola, 150)
    a_reward(stack, "No waiting at the desk", 100)
    talk("""
        Ada: i wan use my points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Who is it about?
             [Ada] [Tola]
        Ada: Tola
        Bot: Tola has 150 points. Which reward?...
        Ada: 1
        Bot: ...Shall we get it for Tola?...
        Ada: na so
        Bot: Your code for...Points left: 50.
    """)
    assert (available(stack, tola), available(stack, ada)) == (50, 1_240)


def test_in_pidgin(talk, stack, ada):
    a_reward(stack, "No waiting at the desk", 100)
    talk("""
        Ada: pidgin
        Bot: We go dey write Pidgin...
        Ada: wetin my points fit buy
        Bot: Make we sure say na you...
        Ada: 25/11/1990
        Bot: Ada get 1,240 points. Which reward?...
        Ada: 1
        Bot: No waiting at the desk: ...Make we collect am for Ada?...
        Ada: yes o
        Bot: Your code for No waiting at the desk: ...Na only now we dey show am...
    """)
    assert len(got(stack)) == 1


def test_a_frozen_account_is_told_to_ask(talk, stack, ada):
    with stack.wiring.transaction() as session:
        account = loyalty.of(session, ada)
        loyalty.freeze(session, account, reason="looked into", now=stack.wiring.now())
    talk(
        KNOWN
        + """
        Bot: Your points do not move now. Please ask our desk, or send PERSON.
    """
    )
