"""A dialogue as a chart: its states as nodes, what is heard as arrows, read from the same table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from bot.channels.carrier import Channel
from bot.texts import FIRST, keys
from conversations.dialogue import Dialogue
from crm.dialogue_steps import Count


class Kind(StrEnum):
    """What a state is."""

    START = "start"
    QUESTION = "question"
    HOUSE = "house"
    END = "end"
    LEADS_ON = "leads on"


@dataclass(frozen=True, slots=True)
class State:
    """A node: what it is and what is said there."""

    name: str
    kind: Kind
    words: str = ""

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")


@dataclass(slots=True)
class Way:
    """All the ways from one state to another: what is heard, and when it counts."""

    at: str
    then: str
    heard: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole talk."""

    name: str
    purpose: str
    states: Mapping[str, State]
    ways: Sequence[Way]
    counts: Mapping[str, Count] = field(default_factory=dict)
    """How many came to a state and stopped there, by its name."""


def chart_of(talk: type[Dialogue], counts: Mapping[str, Count] | None = None) -> Chart:
    """Draw up the chart of one dialogue; a question that is only asked again is no way."""
    names = dict.fromkeys(state for at, *_, then in talk.script for state in (at, then))
    purpose = (talk.__doc__ or "").strip().splitlines()[0]
    known = counts or {}
    mine = {n: known[f"{talk.name}.{n}"] for n in names if f"{talk.name}.{n}" in known}
    return Chart(talk.name, purpose, {n: _state(talk, n) for n in names}, _ways(talk), mine)


def questions_of(talk: type[Dialogue]) -> list[str]:
    """Where a conversation may rest."""
    return [state for state in talk.hears if state not in {"start", *talk.house}]


def _state(talk: type[Dialogue], name: str) -> State:
    if name in talk.leads_to:
        return State(name, Kind.LEADS_ON, talk.leads_to[name])
    return State(name, _kind(talk, name), _words(talk, name))


def _kind(talk: type[Dialogue], name: str) -> Kind:
    if name == "start":
        return Kind.START
    if name in talk.house:
        return Kind.HOUSE
    return Kind.QUESTION if name in talk.hears else Kind.END


def _words(talk: type[Dialogue], name: str) -> str:
    """The text as it is written, its facts in braces."""
    return _written().get((talk.name, name), "")


@cache
def _written() -> Mapping[tuple[str, str], str]:
    return {
        (section, key): wording.get(Channel.WHATSAPP, wording["text"])
        for language, section, key, wording in keys()
        if language == FIRST
    }


def _ways(talk: type[Dialogue]) -> list[Way]:
    ways: dict[tuple[str, str], Way] = {}
    for at, heard, label, then in _lines(talk):
        if at == then and heard == "anything":
            continue
        way = ways.setdefault((at, then), Way(at, then))
        if label and label not in way.heard:
            way.heard.append(label)
    return list(ways.values())


def _lines(talk: type[Dialogue]) -> Iterator[tuple[str, str, str, str]]:
    """Each line of the script with the words on its arrow."""
    for at, heard, when, _, then in talk.script:
        words = "" if at == "start" else _heard(heard)
        guard = f"[{when.replace('_', ' ')}]" if when else ""
        yield at, heard, f"{words} {guard}".strip(), then


def _heard(kind: str) -> str:
    return "anything else" if kind == "anything" else kind.replace("_", " ")
