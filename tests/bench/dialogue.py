"""The dialogue engine alone: from the words to the reply, with a desk that knows every answer.

No database, no carrier: what a turn costs before anything is kept. Also how long it takes to
understand a message, over the phrases of the tests.
"""

import json
import time
import tomllib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.channels.carrier import Channel
from bot.embedded import Servers
from conversations.desk import Desk
from conversations.dialogue import Dialogue
from conversations.hearing import KINDS, Heard
from conversations.play import Play
from conversations.routing import route
from conversations.said import Said
from crm.inbox import Talk
from crm.kit.clock import LAGOS
from crm.kit.tokens import Links
from crm.models import Answering
from tests.bench.processes import idle_percent, percentiles_ms

NAME = "dialogue engine alone"
SIZES = (1_000, 5_000, 20_000)
"""Turns."""
UNDERSTANDING = "understanding alone"
_DATA = Path(__file__).parents[1] / "data"
_NOW = datetime(2026, 11, 22, 10, tzinfo=LAGOS)
_ID = UUID(int=1)
_LANGUAGES = ("en", "pcm")
_SLOT = ["2026-11-24T13:00:00+00:00", "2026-11-24T13:30:00+00:00", "Dr Adaeze Okafor", str(_ID)]
_DAYS = [[f"2026-11-{day}", 9] for day in range(23, 30)]

_SERVICES = [["1", "General consultation"], ["2", "Dental"], ["3", "Eye"]]

# What the house answers when the talk asks it.
_HOUSE: dict[str, tuple[str, Any]] = {
    "find_patients": ("one", [str(_ID), "Ada"]),
    "find_hospitals": ("one", [str(_ID), "GrandPro Ikeja"]),
    "find_services": ("several", {"services": _SERVICES, "also_called": {"2": ["dentist"]}}),
    "find_practitioners": ("one", [str(_ID), "Dr Adaeze Okafor"]),
    "find_times": ("days", {"days": _DAYS, "why": None, "wished": None}),
    "hold_slot": ("held", str(_ID)),
    "book": ("booked", {"reference": "IKJ-ABCDE"}),
}
_TIMES = ("times", {"slots": [_SLOT] * 8, "day": "2026-11-24", "why": None, "wished": None})
_FREE = ("free", _SLOT)

# What Ada says, and what the house would answer differently by then.
_TALK: Sequence[tuple[str, dict[str, tuple[str, Any]]]] = (
    ("hello", {}),
    ("I want to book a visit", {}),
    ("dental please", {}),
    ("tuesday afternoon", {"find_times": _TIMES}),
    ("half past two", {"find_times": _FREE}),
    ("yes", {}),
)


def run(_: Servers, sizes: Sequence[int] = SIZES) -> list[dict[str, Any]]:
    """A row for each number of turns, then one for understanding."""
    return [*map(_measure, sizes), _understanding()]


class _Scripted(Play):
    """The play, with answers of the house from a table."""

    house: dict[str, tuple[str, Any]]

    def _settle(self, talk: Dialogue) -> Dialogue:
        while talk.state in talk.house:
            talk.fire(*self.house[talk.state])
        return talk


def _measure(turns: int) -> dict[str, Any]:
    idle = idle_percent()
    _converse(60)
    before = time.process_time()
    took_s = _converse(turns)
    spent_s = time.process_time() - before
    return {
        "name": NAME,
        "size": turns,
        "units": len(took_s),
        "idle_before": idle,
        "cpu_ms": {"all": round(1000 * spent_s / len(took_s), 4)},
        "took_ms": percentiles_ms(took_s),
    }


def _converse(turns: int) -> list[float]:
    """The talk over and over; how long each turn took."""
    took_s = []
    while len(took_s) < turns:
        talk, kept = _stranger(), "{}"
        for words, house in _TALK:
            began = time.perf_counter()
            kept = _turn(talk, kept, words, _HOUSE | house)
            took_s.append(time.perf_counter() - began)
    return took_s


def _turn(talk: Talk, kept: str, words: str, house: dict[str, tuple[str, Any]]) -> str:
    talk.context = json.loads(kept)
    said = Said("bench", "1", Channel.WHATSAPP, "", text=words)
    decided = route(talk, said, languages=_LANGUAGES, now=_NOW)
    desk = Desk(None, talk, said.channel, _ID, _LANGUAGES, Links("", "x" * 32), _NOW)
    play = _Scripted(desk, said)
    play.house = house
    reply = play.take(decided)
    assert reply
    talk.turn += 1
    talk.heard_at = _NOW
    return json.dumps(talk.context)


def _stranger() -> Talk:
    """A patient at the start of a talk."""
    nothing = dict.fromkeys(Talk.__dataclass_fields__)
    known = {"id": _ID, "address_id": _ID, "answering": Answering.BOT, "language": "en"}
    return Talk(**{**nothing, **known, "patient_id": _ID, "turn": 0, "context": {}})


# -- understanding --------------------------------------------------------------------------------


def _understanding() -> dict[str, Any]:
    """Every phrase of the tests through routing and through every kind of hearing."""
    idle = idle_percent()
    phrases = [phrase for name in ("answer", "distress", "when") for phrase in _phrases(name)]
    _understand(phrases)
    before = time.process_time()
    took_s = _understand(phrases)
    spent_s = time.process_time() - before
    return {
        "name": UNDERSTANDING,
        "size": len(phrases),
        "units": len(phrases),
        "idle_before": idle,
        "cpu_ms": {"all": round(1000 * spent_s / len(phrases), 4)},
        "took_ms": percentiles_ms(took_s),
    }


def _understand(phrases: Sequence[str]) -> list[float]:
    took_s, talk = [], _stranger()
    for phrase in phrases:
        said = Said("bench", "1", Channel.WHATSAPP, "", text=phrase)
        heard = Heard(phrase, None, (), now=_NOW, languages=_LANGUAGES)
        began = time.perf_counter()
        route(talk, said, languages=_LANGUAGES, now=_NOW)
        for hears in KINDS.values():
            hears(heard)
        took_s.append(time.perf_counter() - began)
    return took_s


def _phrases(name: str) -> Iterator[str]:
    yield from _strings(tomllib.loads((_DATA / f"{name}_phrases.toml").read_text("utf-8")))


def _strings(value: Any) -> Iterator[str]:
    """Phrases stand in lists, or before their meaning."""
    if isinstance(value, list):
        yield from (phrase for phrase in value if isinstance(phrase, str))
    elif isinstance(value, dict):
        yield from (phrase for phrase, meaning in value.items() if isinstance(meaning, str | int))
        for inner in value.values():
            yield from _strings(inner)
