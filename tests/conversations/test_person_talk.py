"""A person of the house and the bot: who speaks when, and where the talk goes on afterwards."""

from datetime import timedelta

import pytest

from crm.kit.permissions import Role
from crm.models import AccountKind
from tests.api.caller import Api, Caller
from tests.conversations.test_interruptions_talk import DESK
from tests.people import ADA, MUSA
from tests.stack import Stack
from workers import schedule

MONDAY = "-- 23 hours later --"


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


class Desk:
    """One clerk of Ikeja, who signs in anew for each thing to do."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.api = stack, Api(stack.app, stack.wiring)
        self.id = self.api.as_(Role.FRONT_DESK, hospital="IKJ").id

    def talks(self, **wanted: str) -> list[dict]:
        return self._caller().get("/conversations", **wanted).json["data"]

    def take_over(self) -> None:
        (talk,) = self.talks()
        self.talk = f"/conversations/{talk['id']}"
        assert self._caller().post(f"{self.talk}/take-over").status_code == 200

    def write(self, text: str) -> None:
        assert self._caller().post(f"{self.talk}/replies", {"text": text}).status_code == 202
        self.stack.work()

    def hand_back(self) -> None:
        answer = self._caller().post(f"{self.talk}/hand-back").json
        assert answer["data"]["answering"] == "bot"
        self.stack.work()

    def _caller(self) -> Caller:
        return self.api._signed_in(AccountKind.USER, self.id)


@pytest.fixture
def desk(stack) -> Desk:
    """The desk of Ikeja."""
    return Desk(stack)


def test_a_person_answers_in_between_and_the_booking_goes_on(talk, stack, desk):
    talk(f"""
        {MONDAY}
        Ada: book eye
        Bot: Which day?...
        Ada: can I talk to somebody?
        Bot: A person from GrandPro Ikeja will answer you here...
        Ada: do I need to bring my old glasses
        Bot: Noted. A person will read it...
    """)
    desk.take_over()
    desk.write("Yes, please bring them.")
    talk("""
        Ada: ok thank you
    """)
    desk.hand_back()
    assert stack.heard_by(ADA)[-1].body.startswith("You are back with the assistant.\n\nWhich day?")
    talk("""
        Ada: friday 9am
        Bot: ...Fri 27 Nov, 9am. Shall I book it?...
    """)


def test_menu_does_not_take_the_talk_from_the_person_who_answers(talk, stack, desk):
    talk(f"""
        {MONDAY}
        Ada: person
        Bot: A person from GrandPro Ikeja will answer you here...
    """)
    desk.take_over()
    talk("""
        Ada: menu
        Ada: book
        Ada: 1
    """)
    desk.hand_back()
    assert "What would you like to do?" in stack.heard_by(ADA)[-1].body
    talk("""
        Ada: book eye
        Bot: Which day?...
    """)


def test_menu_takes_it_back_while_nobody_has_come_yet(talk):
    talk(f"""
        {MONDAY}
        Musa: person
        Bot: A person from GrandPro Ikeja will answer you here...
        Musa: menu
        Bot: What would you like to do?...
    """)


def test_a_person_steps_in_unasked_and_the_question_waits(talk, stack, desk):
    talk("""
        Ada: book eye
        Bot: Which day?...
        Ada: blue
        Bot: I could not read that day...
    """)
    desk.take_over()
    desk.write("Shall I look for a time for you?")
    talk("""
        Ada: no I can do it
    """)
    desk.hand_back()
    talk("""
        Ada: tomorrow
        Bot: Tomorrow, Mon 23 Nov. What time?...
    """)


def test_stop_and_danger_are_heard_while_a_person_answers(talk, stack, desk):
    talk(f"""
        {MONDAY}
        Ada: person
        Bot: A person from GrandPro Ikeja will answer you here...
    """)
    desk.take_over()
    talk("""
        Ada: she no fit breathe
        Bot: This may be an emergency...Call 112 now...
        Ada: we are on the way
    """)
    (row,) = desk.talks(answering="person")
    assert row["people"] == ["Ada Obi"]
    assert "URGENT" in stack.heard_by(DESK)[-1].body
    talk("""
        Ada: STOP
        Bot: You will get no more messages...
    """)


def test_closing_hours_are_said_and_the_desk_is_told_again_until_somebody_comes(talk, stack, desk):
    talk("""
        Musa: I wan talk to person
        Bot: Our desk is closed now and opens at 8am...
    """)
    for _ in range(2):
        stack.clock.move(timedelta(minutes=31))
        schedule.run_now(stack.wiring, "alerts")
        stack.work()
    assert len(stack.heard_by(DESK)) == 3
    desk.take_over()
    stack.clock.move(timedelta(minutes=31))
    schedule.run_now(stack.wiring, "alerts")
    stack.work()
    assert len(stack.heard_by(DESK)) == 3


def test_handed_back_the_next_day_nothing_is_forced_through_a_closed_window(talk, stack, desk):
    talk(f"""
        {MONDAY}
        Ada: book eye
        Bot: Which day?...
        Ada: agent
        Bot: A person from GrandPro Ikeja will answer you here...
    """)
    desk.take_over()
    desk.write("Please hold on.")
    heard = len(stack.heard_by(ADA))
    stack.clock.move(timedelta(hours=26))
    desk.hand_back()
    assert len(stack.heard_by(ADA)) == heard
    talk("""
        Ada: hello
        Bot: Welcome back. You were booking a visit. Shall we go on?...
        Ada: [Go on]
        Bot: Which day?...
    """)
