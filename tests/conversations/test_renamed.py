"""A question gets another name while people stand at it."""

from types import SimpleNamespace

import pytest
from sqlalchemy import update

from conversations import renamed
from crm.models import Conversation
from tests.people import ADA


@pytest.fixture
def renaming(monkeypatch):
    table = {"menu.ask_old": "menu.asked", "menu.asked": "menu.ask"}
    monkeypatch.setattr(renamed, "RENAMED", table)


def test_a_talk_at_a_renamed_question_goes_on_at_the_new_one(stack, renaming):
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "menu")
    with stack.wiring.transaction() as session:
        session.execute(update(Conversation).values(state="ask_old"))
    stack.press(ADA, "Book a visit")
    assert stack.heard_by(ADA)[-1].body.startswith("GrandPro Ikeja. What do you need?")


def test_without_a_new_name_the_place_is_lost_and_said_so(stack):
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "menu")
    with stack.wiring.transaction() as session:
        session.execute(update(Conversation).values(state="ask_old"))
    stack.press(ADA, "Book a visit")
    assert "we lost our place" in stack.heard_by(ADA)[-1].body


def test_talks_put_aside_and_the_way_back_are_moved_too(renaming):
    paused, trail = [["menu", "ask_old", {"a": 1}]], ["ask_old", "ask"]
    talk = SimpleNamespace(
        dialogue="menu", state="asked", context={"paused": paused, "trail": trail}
    )
    renamed.catch_up(talk)
    assert (talk.dialogue, talk.state) == ("menu", "ask")
    assert talk.context == {"paused": [["menu", "ask", {"a": 1}]], "trail": ["ask", "ask"]}
