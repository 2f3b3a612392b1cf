"""Eight owners are asked about the quarter: digits, words, late, half, low, STOP, one nudge."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm import satisfaction
from crm.models import AnswerSource, FollowUp, InvitationStatus, OwnerSatisfaction, OwnerSurvey
from tests.conversations.estates import earned, own
from tests.people import AMINA, DANLADI, FOLAKE, HALIMA, OKON, OWNERS, SIMON, TUNDE, UCHE
from workers import schedule

CODES = ("IKJ", "WUS", "PHC")
INVITED = """
    Bot to {name}: ...ow satisfied are you with how ...GrandPro ...
"""


@pytest.fixture
def asked(stack):
    """The owners' ids by name, asked on a Sunday morning."""
    found = {
        person.name: own(
            stack, person, code=CODES[at % 3], language="pcm" if person is OKON else "en"
        )
        for at, person in enumerate(OWNERS)
    }
    for job in ("survey", "owners"):
        schedule.run_now(stack.wiring, job)
        stack.work()
    return found


def later(stack, **by):
    """Let time pass and let the owners' job run, which nudges."""
    stack.later(timedelta(**by))
    schedule.run_now(stack.wiring, "owners")
    stack.work()


def rows(stack):
    """What was said, by owner."""
    with stack.wiring.transaction() as session:
        found = session.scalars(select(OwnerSatisfaction)).all()
        return {row.owner_id: (row, satisfaction.comment_of(session, row)) for row in found}


def scores(row) -> list[int | None]:
    return [row.overall, row.payout_timeliness, row.communication, row.transparency]


def heard(stack, person, words) -> int:
    return len([m for m in stack.heard_by(person) if words in m.body])


def test_eight_owners_are_asked(talk, stack, asked):
    talk("\n".join(INVITED.format(name=person.name) for person in OWNERS if person is not OKON))

    # Danladi, all of it in digits.
    talk("""
        Danladi: 4
        Bot: Thank you. You gave us 4 of 5. Three short questions more.

             How good are we at paying you in time?
             1 Very poor
             2 Poor
             3 Fair
             4 Good
             5 Excellent
             6 Skip
        Danladi: 5
        Bot: How well do we keep you informed?...
        Danladi: 6
        Bot: How clear are our figures and statements?...
        Danladi: 3
        Bot: What should we do better? Please write it here...
        Danladi: Send the statement before the money comes
        Bot: Thank you. We read every answer. Send MENU for your account.
    """)
    # Folake, by buttons and words.
    talk("""
        Folake: [Excellent]
        Bot: Thank you. You gave us 5 of 5...
        Folake: very good
        Bot: How well do we keep you informed?...
        Folake: [Good]
        Bot: How clear are our figures and statements?...
        Folake: it is fair
        Bot: What should we do better?...
        Folake: nothing
        Bot: Thank you. We read every answer...
    """)
    # Okon, in Pidgin and not happy: somebody calls him.
    talk("""
        Okon: una no try
        Bot: We dey sorry: 2 of 5. Person go call you within one day. E remain three...

             How we dey try to pay you on time?...
        Okon: e bad die
        Bot: How we dey try to carry you along?...
        Okon: wetin?
        Bot: We dey carry you along? Abeg send one number...
    """)
    # Halima answers half of it, and asks for her balance instead.
    talk("""
        Halima: four
        Bot: Thank you. You gave us 4 of 5...
        Halima: bal
        Bot: This is about money...
    """)
    # Simon wants no more of it.
    talk("""
        Simon: STOP
        Bot: ...
    """)
    # Uche was in the middle of something else.
    talk("""
        Uche: contract
        Bot: This is about money...
        Uche: 4321
        Bot: GrandPro Wuse: you get 10% of the revenue received...
        Uche: 3
        Bot: Your ...GrandPro...
    """)
    # Five days later those who kept silent are nudged, once.
    later(stack, days=5, hours=1)
    for person in (UCHE, TUNDE, AMINA):
        assert heard(stack, person, "eminder") == 1
    for person in (DANLADI, FOLAKE, OKON, HALIMA, SIMON):
        assert heard(stack, person, "reminder from GrandPro") == 0
    talk("""
        Tunde: 1
        Bot: We are sorry: 1 of 5. A person will call you within a day...
        Tunde: 2
        Bot: How well do we keep you informed?...
        -- 2 days later --
        Tunde: 2
        Bot: How clear are our figures and statements?...
    """)
    later(stack, days=4)
    for person in (UCHE, AMINA):
        assert heard(stack, person, "eminder") == 1
    # Uche is late, Amina too late.
    talk("""
        Uche: 5 stars
        Bot: Thank you. You gave us 5 of 5...
    """)
    later(stack, days=14)
    talk("""
        Amina: [Good]
        Bot: This survey is over. Thank you all the same. Send MENU for your account.
    """)

    said = rows(stack)
    assert {name: scores(said[id_][0]) for name, id_ in asked.items() if id_ in said} == {
        "Danladi": [4, 5, None, 3],
        "Folake": [5, 5, 4, 3],
        "Okon": [2, 1, None, None],
        "Halima": [4, None, None, None],
        "Tunde": [1, 2, 2, None],
        "Uche": [5, None, None, None],
    }
    assert said[asked["Danladi"]][1] == "Send the statement before the money comes"
    assert said[asked["Folake"]][0].source == AnswerSource.WHATSAPP
    assert {asked["Okon"], asked["Tunde"]} == low(stack, said)
    assert nudges(stack) == {"Uche": 1, "Tunde": 1, "Amina": 1, "Simon": 0}


def low(stack, said):
    """The owners somebody must call."""
    with stack.wiring.transaction() as session:
        ids = set(session.scalars(select(FollowUp.satisfaction_id)))
    return {owner_id for owner_id, (row, _) in said.items() if row.id in ids}


def nudges(stack):
    return {p.name: heard(stack, p, "eminder") for p in (UCHE, TUNDE, AMINA, SIMON)}


def test_the_first_answer_counts_in_the_middle_of_another_talk(talk, stack):
    own(stack, DANLADI)
    talk("""
        Danladi: hi
        Bot: Your ...GrandPro...
        Danladi: payout
        Bot: This is about money...
    """)
    stack.clock.move(timedelta(minutes=5))
    for job in ("survey", "owners"):
        schedule.run_now(stack.wiring, job)
    stack.work()
    talk("""
        Danladi: 5
        Bot: Thank you. You gave us 5 of 5...
        Danladi: skip
        Bot: ...
        Danladi: skip
        Bot: ...
        Danladi: skip
        Bot: What should we do better?...
        Danladi: skip
        Bot: Thank you. We read every answer. Send MENU for your account.

             This is about money...
        Danladi: 4321
        Bot: There is no payout of yours yet...
    """)


def test_another_number_within_the_day_counts_and_later_it_does_not(talk, stack, asked):
    talk("""
        Folake: [Fair]
        Bot: Thank you. You gave us 3 of 5...
        Folake: menu
        Bot: ...
    """)
    press_old(stack, FOLAKE, "Good")
    assert scores(rows(stack)[asked["Folake"]][0])[0] == 4
    stack.later(timedelta(hours=25))
    press_old(stack, FOLAKE, "Very poor")
    assert scores(rows(stack)[asked["Folake"]][0])[0] == 4
    assert "stays as it is" in stack.heard_by(FOLAKE)[-1].body


def press_old(stack, person, label):
    """Press the button of the invitation."""
    [invitation] = [m for m in stack.heard_by(person) if "asks its owners" in m.body]
    choice = next(choice for choice in invitation.choices if choice.label == label)
    stack.sandbox.press(person.number, choice.id, title=label, kind=choice.kind)
    stack.work()


def test_an_invitation_of_another_owner_is_nothing(talk, stack, asked):
    with stack.wiring.transaction() as session:
        theirs = session.scalars(
            select(OwnerSurvey).where(OwnerSurvey.owner_id == asked["Danladi"])
        ).one()
        assert theirs.status is InvitationStatus.POSTED
    stack.sandbox.press(AMINA.number, f"v1|survey|{theirs.id.hex}|1", title="x", kind="button")
    stack.work()
    assert "This survey is over" in stack.heard_by(AMINA)[-1].body
    assert not rows(stack)


def test_where_texts_hear_no_answer_a_form_is_offered_and_no_number_asked(stack):
    own(stack, DANLADI)
    own(stack, AMINA, code="WUS")
    stack.change(sms_two_way=False)
    for job in ("survey", "owners"):
        schedule.run_now(stack.wiring, job)
        stack.work()
    assert heard(stack, AMINA, "answer with one number") == 1
    [by_text] = stack.heard_by(DANLADI)
    assert "Please tell us here: http" in by_text.body
    assert "number" not in by_text.body


def test_a_survey_of_another_owner_on_the_phone_leaves_the_list_of_the_first_alone(talk, stack):
    own(stack, DANLADI, name="Chief Danladi")
    own(stack, DANLADI, name="Zuma Holdings", code="WUS")
    earned(stack, 2_000_000)
    talk("""
        Danladi: payout
        Bot: This phone writes to us in more than one role...
             1 Chief Danladi
             2 Zuma Holdings
        Danladi: 1
        Bot: This is about money...
        Danladi: 4321
        Bot: October 2026, GrandPro Ikeja: NGN 180,000.00...
    """)
    stack.later(timedelta(minutes=5))
    for job in ("survey", "owners"):
        schedule.run_now(stack.wiring, job)
        stack.work()
    talk("""
        Danladi: 4
        Bot: Thank you. You gave us 4 of 5...
        Danladi: 5
        Bot: How well...
        Danladi: 5
        Bot: How clear...
        Danladi: 5
        Bot: What should we do better?...
        Danladi: nothing
        Bot: Thank you. We read every answer. Send MENU for your account.
    """)
