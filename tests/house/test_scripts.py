"""Every talk can be played to its end, and no question a person may stand at is ever taken away."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from conversations import house
from conversations.dialogue import Dialogue, ScriptWrong
from conversations.dialogues import DIALOGUES

LEDGER = Path(house.__file__).with_name("states.txt")

each_talk = pytest.mark.parametrize("talk", DIALOGUES.values(), ids=DIALOGUES)


@each_talk
def test_every_question_answers_anything(talk: type[Dialogue]):
    deaf = [state for state in questions(talk) if "anything" not in talk.hears[state]]
    assert not deaf


@each_talk
def test_every_state_is_reached_from_where_the_talk_is_entered(talk: type[Dialogue]):
    reached = {"start", *entries(talk)}
    while new := {then for at, *_, then in talk.script if at in reached} - reached:
        reached |= new
    assert not set(talk.hears) - reached


@each_talk
def test_every_answer_of_the_desk_is_heard(talk: type[Dialogue]):
    unheard = [
        f"{question} does not hear {kind}"
        for question in talk.house
        for kind in kinds(house._ANSWERS[talk.name, question])
        if kind not in talk.hears[question]
    ]
    assert not unheard


@each_talk
def test_every_talk_leads_to_a_talk_there_is(talk: type[Dialogue]):
    for target in talk.leads_to.values():
        name, _, at = target.partition(".")
        assert name in ("back", "onward") or (at or "start") in DIALOGUES[name].hears


def test_the_ledger_has_every_question_ever_shipped():
    """A conversation may stand at any of them: rename one only with a migration that moves it."""
    shipped = [line for line in LEDGER.read_text().splitlines() if not line.startswith("#")]
    current = [f"{talk.name}.{state}" for talk in DIALOGUES.values() for state in questions(talk)]
    assert not set(shipped) - set(current), "a conversation that stands there would be lost"
    assert not set(current) - set(shipped), f"add them to {LEDGER.name}"
    assert shipped == sorted(shipped)


_END = ("ask", "anything", None, None, "ask")


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ([("start", "anything", "is_odd", None, "ask"), _END], "no method is_odd"),
        ([("start", "anything", None, "odd", "ask"), _END], "no method odd"),
        ([("start", "anything", None, None, "ask"), ("ask", "yes", None, None, "end")], "hear any"),
        ([("start", "anything", None, None, "end"), (*_END[:4], "end")], "ask is never reached"),
    ],
)
def test_a_script_that_cannot_be_played_is_refused(script, fault):
    with pytest.raises(ScriptWrong, match=fault):
        type("Broken", (Dialogue,), {"name": "broken", "script": script})


def questions(talk: type[Dialogue]) -> list[str]:
    """Where a conversation may rest."""
    return [state for state in talk.hears if state not in {"start", *talk.house}]


def entries(talk: type[Dialogue]) -> set[str]:
    """Where other talks come in."""
    targets = [
        target.partition(".") for each in DIALOGUES.values() for target in each.leads_to.values()
    ]
    return {at for name, _, at in targets if name == talk.name and at}


def kinds(function) -> set[str]:
    """The kinds of answer that a function of the desk, or one it hands on to, can return."""
    tree = ast.parse(dedent(inspect.getsource(function)))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return {kind for value in returned for kind in _kinds(value, function)}


def _kinds(value: ast.expr | None, function) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from _kinds(value.body, function)
        yield from _kinds(value.orelse, function)
    elif isinstance(value, ast.Tuple):
        yield from _kinds(value.elts[0], function)
    elif isinstance(value, ast.Constant):
        yield str(value.value)
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        yield from kinds(function.__globals__[value.func.id])
    else:
        pytest.fail(f"{function.__name__} returns what this guard cannot read")
