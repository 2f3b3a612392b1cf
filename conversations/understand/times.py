"""The time a message names: an hour, a part of the day, or an earliest and a latest time."""

import re
from dataclasses import dataclass
from datetime import time

from conversations.understand.vocabulary import (
    PARTS,
    all_numbers,
    count,
    english_numbers,
    part_names,
)
from conversations.understand.words import alternatives, forms

_NOON = 12
_HOURS = 24
_PART_TIMES = {
    "morning": (time(6), time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(16), time(21)),
}
_HALF_OF = {"morning": "a", "afternoon": "p", "evening": "p"}
_PART_WHEN_ALONE = {"safe": "morning", "rana": "afternoon", "dare": "evening"}  # Hausa
_FILLERS = forms("fillers") | forms("polite")


@dataclass(frozen=True, slots=True)
class Times:
    """One exact time, or the bounds it should lie in; all None when nothing was said."""

    at: time | None = None
    earliest: time | None = None
    latest: time | None = None

    def __bool__(self) -> bool:
        return self != _NOTHING


_NOTHING = Times()


@dataclass(frozen=True, slots=True)
class _Hours:
    """How an hour without am or pm is read: by the part of day said, else inside opening hours."""

    opens: time
    closes: time
    part: str | None

    def read(self, hour: int, minute: int, half: str | None) -> time:
        """The time meant; ValueError for an hour that no clock shows."""
        if hour == _NOON and self.part == "evening" and not half:
            return time(_NOON, minute)
        if hour > _NOON or not hour:
            return time(hour, minute)
        half = half or _HALF_OF.get(self.part or "")
        readings = [time(hour % _NOON, minute), time(hour % _NOON + _NOON, minute)]
        if half:
            return readings[half == "p"]
        open_at = [reading for reading in readings if self.opens <= reading <= self.closes]
        return _daytime(open_at) if open_at else time(hour, minute)


def _daytime(readings: list[time]) -> time:
    """Where a house is open day and night, the reading in daylight."""
    return next((at for at in readings if time(7) <= at < time(19)), readings[0])


def find_times(text: str, opens: time, closes: time) -> Times:
    """The times a folded text names, dates already taken out.

    Raises ValueError for an hour that no clock shows.
    """
    text = _GREETING.sub(" ", text)
    part = _part_of_day(text)
    hours = _Hours(opens, closes, part)
    said = _bounds(text, hours) or _exact(text, hours)
    return _within_part(said, part) if part else said


def _part_of_day(text: str) -> str | None:
    match = _PART.search(text)
    return PARTS[match[0]] if match else _PART_WHEN_ALONE.get(text.strip(" ;"))


def _bounds(text: str, hours: _Hours) -> Times:
    if match := _BETWEEN.search(text):
        return _between(match, hours)
    if match := _LATEST.search(text):
        return Times(latest=_time(match, hours))
    if match := _EARLIEST.search(text):
        return Times(earliest=_time(match, hours))
    return _NOTHING


def _between(match: re.Match[str], hours: _Hours) -> Times:
    """In "2-4pm" the first hour takes the second's half of the day where that keeps the order."""
    last = _time(match, hours, "2")
    first = _time(match, hours, "1")
    half = match["half2"]
    if half and not match["half1"] and not match["noon1"]:
        first = hours.read(count(match["hour1"]), int(match["minute1"] or 0), half)
        first = first if first < last else first.replace(hour=(first.hour + _NOON) % _HOURS)
    return Times(earliest=first, latest=last)


def _exact(text: str, hours: _Hours) -> Times:
    if match := _HALF_PAST.search(text):
        return Times(at=_fraction(match, hours))
    if match := _CLOCK.search(text):
        minute = 30 if match["and_half"] else 0
        return Times(at=hours.read(count(match["hour"]), minute, None))
    for pattern in (_NOON_OR_MARKED, _LED, _WITH_MINUTES, _AFTER_DAY):
        if match := pattern.search(text):
            return Times(at=_time(match, hours))
    return _bare(text, hours)


def _bare(text: str, hours: _Hours) -> Times:
    """A number that stands alone once courtesies, parts of the day and filler words are gone."""
    left = [word for word in _WORD.findall(_PART.sub(" ", text)) if word not in _FILLERS]
    alone = left[0] if len(left) == 1 else ""
    if not re.fullmatch(rf"\d{{1,2}}|{english_numbers}", alone) or count(alone) >= _HOURS:
        return _NOTHING
    return Times(at=hours.read(count(alone), 0, None))


def _time(match: re.Match[str], hours: _Hours, place: str = "") -> time:
    if match["noon" + place]:
        return time(0 if match["noon" + place] == "midnight" else _NOON)
    hour, minute = count(match["hour" + place]), int(match["minute" + place] or 0)
    return hours.read(hour, minute, match["half" + place])


def _fraction(match: re.Match[str], hours: _Hours) -> time:
    """Half past, quarter past, quarter to."""
    minutes = 30 if match["share"] == "half" else 15
    hour = count(match["hour"])
    if match["side"] == "to":
        hour, minutes = (hour - 1 or _NOON), 60 - minutes
    return hours.read(hour, minutes, match["half"])


def _within_part(said: Times, part: str) -> Times:
    """A part of the day closes the side that was left open: "morning after 9" ends at noon."""
    if said.at:
        return said
    start, end = _PART_TIMES[part]
    earliest, latest = said.earliest or start, said.latest or end
    return Times(earliest=earliest, latest=latest) if earliest < latest else said


def _hour(place: str = "") -> str:
    """An hour as a regular expression: 3, 3:30, 3.30pm, 330pm, three, noon."""
    return (
        rf"(?:(?P<noon{place}>(?:12\s?)?(?:noon|midday|midnight))\b"
        rf"|{_face(place)}(?:{_half(place)}|(?![\d/]|[.:]\d|\w)))"
    )


def _face(place: str = "") -> str:
    return (
        rf"(?<![\w/.:])(?P<hour{place}>\d{{1,2}}|{english_numbers})"
        rf"(?:\s?[:.h]?\s?(?P<minute{place}>[0-5]\d))?"
    )


def _half(place: str = "") -> str:
    return (
        rf"(?:\s*(?:(?P<half{place}>[ap])\.?\s?m\b\.?|o ?clock\b|ish\b)"
        r"|(?<=\d\d\d\d)\s?(?:hrs?|hours)\b)"
    )


_GREETING = re.compile(
    r"\bgood (?:morning|afternoon|evening|day|night)\b|\bbarka da \w+|\bututu oma\b"
)
_PART = re.compile(rf"\b(?:{part_names})\b")
_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(
    rf"\b(?P<pair>(?:between|btw|btwn) )?(?:from )?{_hour('1')}"
    rf"\s*(?:-|\bto\b|\btill?\b|\buntil\b|(?(pair)and|-))\s*{_hour('2')}"
)
_LATEST = re.compile(
    r"\b(?:(?:not|no) later than|not after|before|b4|until|till?|latest(?: by)?) (?:by )?" + _hour()
)
_EARLIEST = re.compile(
    r"\b(?:after|as from|from|later than|not before|starting|earliest|since) " + _hour()
)
_HALF_PAST = re.compile(
    r"\b(?P<share>half|quarter) (?P<side>past|after|to) "
    rf"(?P<hour>\d{{1,2}}|{english_numbers})\b"
    r"(?:\s*(?P<half>[ap])\.?m\b)?"
)
_CLOCK = re.compile(
    rf"\b(?:karfe|aago|agogo|elekere) (?:mbu )?(?P<hour>{all_numbers})\b"
    r"(?P<and_half> (?:da rabi|abo|na okara|na nkara))?"
)
_LED = re.compile(
    r"(?:\b(?:at|by|around|about|like|karfe|aago|agogo|elekere|time is|time)\s|@)"
    r"\s?(?:about |around |like )?"
    + _hour()
    + r"(?! (?:of|people|persons|hospital|clinic|branch|days?|weeks?|months?)\b)"
)
_NOON_OR_MARKED = re.compile(rf"\b(?:12\s?)?(?P<noon>noon|midday|midnight)\b|{_face()}{_half()}")
# "monday 9 at Ikeja": what stands where a day was taken out, and counts nothing.
_AFTER_DAY = re.compile(
    rf";\s*(?=(?:0?[1-9]|1\d|2[0-3])\b|[a-z]){_hour()}"
    rf"\s*(?:[;,.!?]|$|(?:at|in|for|{alternatives(forms('polite'))})\b)"
)
_WITH_MINUTES = re.compile(
    r"(?<![\w/.:])(?P<hour>\d{1,2})[:.h](?P<minute>[0-5]\d)(?![\w/]|[.:]\d)(?P<half>)(?P<noon>)"
)
