"""What can be wrong with a dialogue, found without playing it.

Each check says what it found as a sentence that begins with the question. They read the scripts,
the texts of every language and the source of the desk.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import UUID

from bot.channels.carrier import Channel
from bot.texts import keys, spoken
from conversations import house
from conversations.dialogue import Dialogue
from conversations.dialogues import DIALOGUES
from conversations.flows.chart import questions_of
from conversations.hearing import KINDS
from conversations.renamed import RENAMED, now_called
from conversations.routing import route
from conversations.said import Said
from crm.inbox import Talk
from crm.models import Answering

LEDGER = Path(house.__file__).with_name("states.txt")
_BEFORE_THE_MENU = "registration"
"""Where nobody is known yet, MENU begins the same talk again."""
_WITH_A_PERSON = "person"
"""Where nothing is asked: each word is noted, and MENU leads out."""
_OVERHEARD = {"distress"}
"""Fired by the play itself, not heard in words."""

Desks = Mapping[tuple[str, str], Callable[..., Any]]
"""Who answers a question to the house, by talk and question."""


def faults_of(talk: type[Dialogue], desks: Desks = house.ANSWERS) -> Iterator[str]:
    """Everything that is wrong with a dialogue whose questions these desks answer."""
    found = chain(
        unreachable(talk),
        deaf(talk),
        mute(talk),
        unlabelled(talk),
        no_way_out(talk),
        unanswered(talk, desks),
        unheard(talk, desks),
        never_said(talk, desks),
        never_heard(talk),
        dead_ends(talk),
        lost_leads(talk),
    )
    yield from (f"{talk.name}.{fault}" for fault in found)


def unreachable(talk: type[Dialogue]) -> Iterator[str]:
    """States that no way leads to from where the talk is entered."""
    reached = {"start", *_entries(talk)}
    while new := {then for at, *_, then in talk.script if at in reached} - reached:
        reached |= new
    yield from (f"{state}: nothing leads here" for state in talk.hears if state not in reached)


def deaf(talk: type[Dialogue]) -> Iterator[str]:
    """Questions that leave somebody without an answer."""
    for state in questions_of(talk):
        if "anything" not in talk.hears[state]:
            yield f'{state}: does not hear "anything"'


def mute(talk: type[Dialogue]) -> Iterator[str]:
    """Questions and ends without words in some language, and questions without other words."""
    written = {(language, section, key) for language, section, key, _ in keys()}
    for language in _languages():
        for key in (*_speaking(talk), *_asked_again(talk)):
            if (language, talk.name, key) not in written:
                yield f"{key}: has no text in {language}"


def unlabelled(talk: type[Dialogue]) -> Iterator[str]:
    """Fixed options without a label in some language."""
    written = {(language, key) for language, section, key, _ in keys() if section == "options"}
    for state, offer in talk.offers.items():
        for id_ in offer if isinstance(offer, tuple) else ():
            for language in _languages():
                if (language, id_) not in written:
                    yield f"{state}: the option {id_} has no label in {language}"


def no_way_out(talk: type[Dialogue]) -> Iterator[str]:
    """Questions at which 0 does not go back, or MENU does not lead out."""
    for state in questions_of(talk):
        if _routed(talk, state, "0") != "back":
            yield f"{state}: 0 does not go back"
        if talk.name != _BEFORE_THE_MENU and _routed(talk, state, "MENU") != "menu":
            yield f"{state}: MENU does not lead out"


def unanswered(talk: type[Dialogue], desks: Desks) -> Iterator[str]:
    """Questions to the house that no desk answers."""
    for question in sorted(talk.house):
        if (talk.name, question) not in desks:
            yield f"{question}: no desk answers it"


def unheard(talk: type[Dialogue], desks: Desks) -> Iterator[str]:
    """Answers of the house that the script never hears."""
    for question, kind in _said_by_the_house(talk, desks):
        if kind not in talk.hears[question]:
            yield f"{question}: does not hear {kind}"


def never_said(talk: type[Dialogue], desks: Desks) -> Iterator[str]:
    """Lines of the script for answers that the house never gives."""
    said = set(_said_by_the_house(talk, desks))
    for question in sorted(talk.house):
        for kind in talk.hears[question]:
            if (question, kind) not in said:
                yield f"{question}: the house never says {kind}"


def never_heard(talk: type[Dialogue]) -> Iterator[str]:
    """Lines of the script for what nobody can say: no kind that is heard, no option offered."""
    for state in questions_of(talk):
        offer = talk.offers.get(state, ())
        if isinstance(offer, str):
            continue  # its options are made while it is played
        for kind in talk.hears[state]:
            if kind not in {*KINDS, *offer, *_OVERHEARD}:
                yield f"{state}: nothing is heard as {kind}"


def dead_ends(talk: type[Dialogue]) -> Iterator[str]:
    """Questions from which the talk can never end."""
    ends = {then for *_, then in talk.script if then not in talk.hears}
    while new := {at for at, *_, then in talk.script if then in ends} - ends:
        ends |= new
    if talk.name != _WITH_A_PERSON:
        yield from (f"{state}: leads nowhere" for state in talk.hears if state not in ends)


def lost_leads(talk: type[Dialogue]) -> Iterator[str]:
    """Ends that lead to a talk that is not there."""
    for end, target in talk.leads_to.items():
        name, _, at = target.partition(".")
        is_there = name in ("back", "onward") or (
            name in DIALOGUES and (at or "start") in DIALOGUES[name].hears
        )
        if not is_there:
            yield f"{end}: there is no {target}"


def ledger_faults(ledger: Path = LEDGER, renamed: Mapping[str, str] = RENAMED) -> Iterator[str]:
    """Questions that are not in the ledger, or left it without a name to go by now."""
    shipped = [line for line in ledger.read_text().splitlines() if not line.startswith("#")]
    current = {f"{t.name}.{state}" for t in DIALOGUES.values() for state in questions_of(t)}
    yield from (f"{q}: add it to {ledger.name}" for q in sorted(current - set(shipped)))
    yield from (
        f"{q}: conversations that stand there would be lost; say in renamed.py where they go"
        for q in sorted(set(shipped) - current - renamed.keys())
    )
    for old in renamed:
        if old in current:
            yield f"{old}: is renamed and still asked"
        if old not in shipped:
            yield f"{old}: is renamed but was never in {ledger.name}"
        if (new := now_called(old, renamed)) not in current:
            yield f"{old}: its new name {new} is no question"
    if shipped != sorted(shipped):
        yield f"{ledger.name} is not sorted"


# -- what they look at -----------------------------------------------------------------------------


def _entries(talk: type[Dialogue]) -> set[str]:
    """Where other talks come in."""
    targets = [
        target.partition(".") for each in DIALOGUES.values() for target in each.leads_to.values()
    ]
    return {at for name, _, at in targets if name == talk.name and at}


def _languages() -> list[str]:
    return sorted({language for language, *_ in keys()})


def _speaking(talk: type[Dialogue]) -> list[str]:
    states = dict.fromkeys(state for at, *_, then in talk.script for state in (at, then))
    return [s for s in states if s not in {"start", *talk.house, *talk.leads_to}]


def _asked_again(talk: type[Dialogue]) -> list[str]:
    if talk.name == _WITH_A_PERSON:
        return []
    again = dict.fromkeys(
        at for at, kind, *_, then in talk.script if kind == "anything" and at == then
    )
    return [f"{state}_again" for state in again]


def _routed(talk: type[Dialogue], state: str, words: str) -> str:
    nothing: dict[str, Any] = dict.fromkeys(Talk.__dataclass_fields__)
    known = {"id": UUID(int=0), "address_id": UUID(int=0), "answering": Answering.BOT, "turn": 1}
    standing = {"dialogue": talk.name, "state": state, "context": {}, "is_owner": False}
    said = Said("check", "", Channel.WHATSAPP, "", words)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return route(Talk(**(nothing | known | standing)), said, languages=spoken(), now=now).to


def _said_by_the_house(talk: type[Dialogue], desks: Desks) -> list[tuple[str, str]]:
    return [
        (question, kind)
        for question in sorted(talk.house)
        if (talk.name, question) in desks
        for kind in sorted(kinds_of(desks[talk.name, question]))
    ]


class Unreadable(Exception):
    """A function of the desk answers in a way that cannot be read from its source."""


def kinds_of(answer: Callable[..., Any]) -> set[str]:
    """The kinds of answer that a function of the desk, or one it hands on to, can return."""
    tree = ast.parse(dedent(inspect.getsource(answer)))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return {kind for value in returned for kind in _kinds(value, answer)}


def _kinds(value: ast.expr | None, function: Callable[..., Any]) -> Iterator[str]:
    match value:
        case ast.IfExp():
            yield from _kinds(value.body, function)
            yield from _kinds(value.orelse, function)
        case ast.BoolOp():
            for each in value.values:
                yield from _kinds(each, function)
        case ast.Tuple(elts=[first, *_]):
            yield from _kinds(first, function)
        case ast.Constant(value=str(kind)):
            yield kind
        case ast.Call(func=ast.Name(id=name)):
            yield from kinds_of(function.__globals__[name])
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
            yield from kinds_of(getattr(function.__globals__[module], name))
        case _:
            raise Unreadable(f"{function.__name__} returns what cannot be read")
