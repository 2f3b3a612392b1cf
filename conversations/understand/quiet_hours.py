"""Hours in which somebody wants to hear nothing: "not before 9", "from 9pm to 7am", "no nights"."""

import re
from datetime import time

from conversations.understand.fold import fold
from conversations.understand.vocabulary import count, english_numbers

NIGHT = (time(21), time(7))
"""When we write to nobody anyway, and what a side that was not said stands for."""
NONE = "none"

_NOON = 12

Stretch = tuple[time, time]

_CLOCK = (
    r"(?:(?P<noon{0}>noon|midday|midnight)"
    rf"|(?P<hour{{0}}>\d{{{{1,2}}}}|{english_numbers})(?:[:.h](?P<minute{{0}}>[0-5]\d))?"
    r"\s?(?:(?P<half{0}>[ap])\.?\s?m\b\.?|o ?clock\b)?)"
)
_PAIR = re.compile(
    rf"{_CLOCK.format(1)}\s*(?:-|\bto\b|\btill?\b|\buntil\b|\band\b|\bzuwa\b|\bsi\b|\bruo\b)\s*{_CLOCK.format(2)}"
)
_ONE = re.compile(rf"\b(?P<side>before|b4|until|till?|after|from|past)\s+{_CLOCK.format('')}")
_MAY = re.compile(r"\bonly\b|\bwrite me (?:from|after|between)\b")
_NOT = re.compile(r"\b(?:not|dont|do not|never|no)\b")
_NIGHT = re.compile(r"\b(?:nights?|night time|nait|when i (?:dey )?sleep)\b")
_NOTHING = re.compile(
    r"\b(?:none|no quiet|any ?time|all day|no limits?|always|off|remove|clear|every ?time)\b"
)


def quiet_hours(text: str) -> Stretch | str | None:
    """When to be quiet, from and to, perhaps over midnight; "none" for never; None when unsaid.

    An hour without am or pm begins the quiet in the evening and ends it in the morning.
    """
    folded = fold(text)
    try:
        if match := _PAIR.search(folded):
            return _between(match, is_turned=_may_write(folded))
        if match := _ONE.search(folded):
            return _on_one_side(match, folded)
    except ValueError:
        return None
    if _NOTHING.search(folded):
        return NONE
    return NIGHT if _NIGHT.search(folded) else None


def _may_write(folded: str) -> bool:
    """True when the hours said are those in which we may write, not those of quiet."""
    return bool(_MAY.search(folded)) and not _NOT.search(folded)


def _between(match: re.Match[str], *, is_turned: bool) -> Stretch | None:
    evening, morning = ("2", "1") if is_turned else ("1", "2")
    quiet = _time(match, evening, "p"), _time(match, morning, "a")
    return quiet if quiet[0] != quiet[1] else None


def _on_one_side(match: re.Match[str], folded: str) -> Stretch | None:
    """Before an hour is the morning's end of the quiet; after it, the evening's beginning."""
    is_before = match["side"] in {"before", "b4"} or match["side"].startswith(("until", "til"))
    if _may_write(folded):
        is_before = not is_before
    quiet = (NIGHT[0], _time(match, "", "a")) if is_before else (_time(match, "", "p"), NIGHT[1])
    return quiet if quiet[0] != quiet[1] else None


def _time(match: re.Match[str], place: str, half: str) -> time:
    """The hour said; ValueError for one that no clock shows."""
    named = match["noon" + place]
    if named:
        return time(0 if named == "midnight" else _NOON)
    hour, minute = count(match["hour" + place]), int(match["minute" + place] or 0)
    if hour > _NOON or not hour:
        return time(hour, minute)
    half = match["half" + place] or half
    return time(hour % _NOON + (_NOON if half == "p" else 0), minute)
