"""A question gets another name while people stand at it."""

from types import SimpleNamespace

from sqlalchemy import select, update

from conversations import engine
from conversations.desk import Desk
from conversations.renamed import catch_up
from conversations.said import Said
from crm import inbox
from crm.kit.ids import uuid7
from crm.models import Conversation
from tests.people import ADA

RENAMED = {"menu.ask_old": "menu.asked", "menu.asked": "menu.ask"}


def leave_at_the_old_question(stack) -> None:
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "menu")
    with stack.wiring.transaction() as session:
        session.execute(update(Conversation).values(state="ask_old"))


def test_a_talk_at_a_renamed_question_goes_on_at_the_new_one(stack):
    leave_at_the_old_question(stack)
    now, links = stack.wiring.now(), stack.wiring.links
    with stack.wiring.transaction() as session:
        talk = inbox.take_up(session, session.scalars(select(Conversation.id)).one())
        desk = Desk(session, talk, ADA.channel, uuid7(), ("en",), links, now)
        said = Said("test", "SM1", ADA.channel, ADA.number, "1")
        _, reply = engine.play(desk, said, renamed=RENAMED)
    assert reply.text.startswith("GrandPro Ikeja. What do you need?")


def test_without_a_new_name_the_place_is_lost_and_said_so(stack):
    leave_at_the_old_question(stack)
    stack.press(ADA, "Book a visit")
    assert "we lost our place" in stack.heard_by(ADA)[-1].body


def test_talks_put_aside_and_the_way_back_are_moved_too():
    paused, trail = [["menu", "ask_old", {"a": 1}]], ["ask_old", "ask"]
    talk = SimpleNamespace(
        dialogue="menu", state="asked", context={"paused": paused, "trail": trail}
    )
    catch_up(talk, RENAMED)
    assert (talk.dialogue, talk.state) == ("menu", "ask")
    assert talk.context == {"paused": [["menu", "ask", {"a": 1}]], "trail": ["ask", "ask"]}
