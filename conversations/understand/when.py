"""When somebody wants to come: the day or days and the time in what they typed."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from conversations.understand.days import find_days, is_soonest
from conversations.understand.fold import fold, remembered
from conversations.understand.guess import guess_day
from conversations.understand.slips import is_slip
from conversations.understand.times import find_times
from conversations.understand.vocabulary import TIME_WORDS
from conversations.understand.words import forms
from crm.kit.clock import lagos_day


@dataclass(frozen=True, slots=True)
class When:
    """The days and times meant: one day has first == last, both None when no day was said."""

    first: date | None
    last: date | None
    at: time | None = None
    earliest: time | None = None
    latest: time | None = None
    is_soonest: bool = False
    """The first time in these days is wanted."""


def when(
    text: str, *, now: datetime, opens: time = time(8), closes: time = time(17)
) -> When | None:
    """What the message says about day and time, day before month, as seen from Lagos at `now`.

    A day in the recent past comes back as said: the caller tells the person that it has passed.
    """
    return _when(fold(text), lagos_day(now), opens, closes)


# Routing, the question and the talk that is opened ask it of the same words.
@remembered
def _when(folded: str, today: date, opens: time, closes: time) -> When | None:
    if not _may_say_when(folded):
        return None
    said = _spelled_out(_without_refusals(folded))
    try:
        meant = _read(said, today, opens, closes)
        return meant or _read(_without_slips(said), today, opens, closes) or _guessed(said, today)
    except (ValueError, OverflowError):
        return None


def _may_say_when(folded: str) -> bool:
    """False for the many messages without a figure or a word of the calendar: nothing to read."""
    return any(map(_is_of_time, _WORD.findall(folded)))


@lru_cache(maxsize=4096)
def _is_of_time(word: str) -> bool:
    has_figure = any(letter.isdigit() for letter in word)
    return has_figure or word in TIME_WORDS or _corrected(word) in TIME_WORDS


def _read(text: str, today: date, opens: time, closes: time) -> When | None:
    days, rest = find_days(text, today)
    said = find_times(rest, opens, closes)
    if not days and not said:
        return None
    first, last = (days.first, days.last) if days else (None, None)
    return When(first, last, said.at, said.earliest, said.latest, is_soonest(text))


def _guessed(text: str, today: date) -> When | None:
    day = guess_day(text, today)
    return When(day, day) if day else None


def _without_refusals(text: str) -> str:
    """Only the clauses that offer a time: "I can't today, can we do Friday" is about Friday."""
    return " , ".join(clause for clause in _CLAUSE.split(text) if not _REFUSAL.search(clause))


def _spelled_out(text: str) -> str:
    """Words such as "tonight" and "this morning" as a day and a part of it."""
    return _THIS_PART.sub(r"today \1", _TONIGHT.sub("today evening", text))


def _without_slips(text: str) -> str:
    return _LONG_WORD.sub(lambda match: _corrected(match[0]), text)


@lru_cache(maxsize=2048)
def _corrected(word: str) -> str:
    """The one calendar word this was meant to be; the word itself where two are as near."""
    near = [known for known in _CALENDAR_WORDS if is_slip(word, known)]
    return near[0] if len(near) == 1 else word


_WORD = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"[,;!?]|\.(?:\s|$)|\bbut\b")
_REFUSAL = re.compile(
    r"\b(?:cant|cannot|can not|wont|no (?:go )?fit|except|apart from|(?<!why )not)\b"
    r"(?! (?:later|before|after))"
)
_TONIGHT = re.compile(r"\b(?:tonight|tonite|2nite|2night)\b")
_THIS_PART = re.compile(r"\bthis (morning|afternoon|evening)\b")
_LONG_WORD = re.compile(r"\b[a-z]{5,}\b")
_CALENDAR_WORDS = forms("calendar")
