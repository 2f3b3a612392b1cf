"""A conversation played again from its messages: what would be said today."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select, text

from bot.cli import main
from conversations import replay
from conversations.engine import House
from crm.inbox import BODY
from crm.models import Address, Conversation, Direction, Message
from tests.people import ADA, MUSA
from workers import schedule


def talk_of(stack, person) -> UUID:
    with stack.wiring.sessions() as session:
        return session.scalars(
            select(Conversation.id)
            .join(Address, Address.id == Conversation.address_id)
            .where(Address.channel == person.channel)
        ).one()


def played(stack, person, **more) -> list[replay.Turn]:
    with stack.wiring.sessions() as session:
        turns = replay.replay(session, talk_of(stack, person), House.of(stack.wiring), **more)
        session.rollback()
    return turns


def differing(turns) -> list[str]:
    return [f"{t.words}: {t.then!r} -> {t.now!r}" for t in turns if t.differs]


def everything(stack) -> dict[str, str]:
    """Every table of the database, as one sum of its rows."""
    with stack.wiring.sessions() as session:
        names = inspect(session.connection()).get_table_names()
        sums = "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {} t"
        return {name: session.scalar(text(sums.format(name))) for name in names}


def rewrite(stack, direction: Direction, change: Callable[[str], str]) -> None:
    """The past as an older house would have kept it: each body of that direction, changed."""
    with stack.wiring.transaction() as session:
        for row in session.scalars(select(Message).where(Message.direction == direction)):
            was = stack.wiring.vault.open(row.body_sealed, where=BODY, row=row.id)
            row.body_sealed = stack.wiring.vault.seal(change(was), where=BODY, row=row.id)


def tell_the_story(stack) -> None:
    """Someone new registers and books, loses the way, changes language, stops."""
    for words in ("hi", "1", "yes", "Ada Obi", "25/11/1990", "Lagos", "1", "no", "0", "menu"):
        stack.say(ADA, words)
    for words in ("book", "1", "any", "tomorrow 10am", "qqq", "yes", "pidgin", "my appointments"):
        stack.say(ADA, words)
    for words in ("25/11/1990", "0", "STOP", "START", "english", "person", "hello?", "menu"):
        stack.say(ADA, words)


def test_a_talk_is_said_again_word_for_word(stack):
    tell_the_story(stack)
    before = everything(stack)
    turns = played(stack, ADA)
    assert len(turns) == 26
    assert differing(turns) == []
    assert not any(turn.asks_house for turn in turns)
    assert everything(stack) == before
    assert "Booked: Ada" in "".join(turn.now for turn in turns)


def test_a_changed_text_is_shown_beside_the_old_one(stack):
    tell_the_story(stack)
    rewrite(stack, Direction.OUT, lambda body: body.replace("Who would you like to see?", "Whom?"))
    turns = played(stack, ADA)
    changed = [turn for turn in turns if turn.differs]
    assert changed
    assert all("Whom?" in turn.then and "Whom?" not in turn.now for turn in changed)
    lines = "\n".join(replay.side_by_side(turns))
    assert "! General consultation. Who would you like" in lines
    assert f"26 turns, {len(changed)} of them different." in lines


def test_a_changed_script_is_asked_of_todays_house_and_undone(stack):
    """Nothing is kept of what today's script asks."""
    tell_the_story(stack)
    rewrite(stack, Direction.IN, lambda body: json.dumps(json.loads(body) | {"house": []}))
    before = everything(stack)
    with stack.wiring.sessions() as session:
        forget = text("select count(*) from appointments where status = 'booked'")
        assert session.scalar(forget) == 1
    turns = played(stack, ADA)
    assert any(turn.asks_house for turn in turns)
    assert everything(stack) == before


def test_a_script_that_breaks_is_a_difference_not_a_crash(stack):
    """The house said something then that today's script does not hear."""
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "book")
    rewrite(stack, Direction.IN, lambda body: body.replace('"kind":"', '"kind":"no longer '))
    turns = played(stack, ADA)
    assert "it breaks" in turns[0].now
    assert turns[0].differs


def test_reminders_answered_in_the_talk_are_asked_again_at_their_time(talk, stack):
    stack.register(MUSA, "Musa Bello")
    for words in ("book", "1", "any", "tuesday 10am", "yes"):
        stack.say(MUSA, words)
    stack.later(timedelta(hours=25))
    stack.say(MUSA, "1")
    turns = played(stack, MUSA)
    assert "We expect Musa" in turns[-1].then
    assert differing(turns) == []


def test_only_the_turns_asked_for_are_shown(stack):
    tell_the_story(stack)
    assert [turn.words for turn in played(stack, ADA, since=25)] == ["hello?", "menu"]


def test_messages_whose_words_are_forgotten_are_left_out(stack):
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "menu")
    stack.say(ADA, "book")
    with stack.wiring.transaction() as session:
        forget = """update messages set body_sealed = null
            where id = (select id from messages order by id limit 1)"""
        session.execute(text(forget))
    assert [turn.words for turn in played(stack, ADA)] == ["book"]


def test_who_is_not_there_is_said_so(stack):
    with stack.wiring.sessions() as session, pytest.raises(replay.NoSuchTalk):
        replay.replay(session, UUID(int=1), House.of(stack.wiring))


def test_the_command_says_by_its_exit_code_whether_anything_differs(stack):
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "menu")
    settings, talk = stack.wiring.settings.environ(), str(talk_of(stack, ADA))
    same = CliRunner().invoke(main, ["replay", talk], env=settings)
    assert (same.exit_code, same.output.splitlines()[-1]) == (0, "1 turns, none of them different.")

    rewrite(stack, Direction.OUT, lambda body: body.replace("What would you", "Other words"))
    other = CliRunner().invoke(main, ["replay", talk], env=settings)
    assert other.exit_code == 1
    assert "Other words like to do?" in other.output
    assert CliRunner().invoke(main, ["replay", str(UUID(int=1))], env=settings).exit_code == 1


def test_the_counts_are_printed_from_the_database(stack):
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "menu")
    stack.clock.move(timedelta(days=2))
    schedule.run_now(stack.wiring, "steps")
    settings = stack.wiring.settings.environ()
    shown = CliRunner().invoke(main, ["flows", "menu", "--counts"], env=settings)
    assert shown.exit_code == 0
    assert "menu.ask" in shown.output
