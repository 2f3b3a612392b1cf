"""Days and hours in words a person reads at a glance."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar

from bot.channels.carrier import Channel
from bot.texts import FIRST, say, spoken_to
from crm.kit.clock import lagos, lagos_day

_Words = TypeVar("_Words")

_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "ha": ("Litinin", "Talata", "Laraba", "Alhamis", "Jumma'a", "Asabar", "Lahadi"),
    "yo": ("Ajé", "Ìṣẹ́gun", "Ọjọ́rú", "Ọjọ́bọ̀", "Ẹtì", "Àbámẹ́ta", "Àìkú"),
    "ig": ("Mọnde", "Tiuzdee", "Wenezdee", "Tọọzdee", "Fraịdee", "Satọdee", "Sọndee"),
}
# Whoever writes Yoruba writes the months as in English; its own names are of another calendar.
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "ha": (
        *("Jan", "Fab", "Mar", "Afr", "Mayu", "Yuni"),
        *("Yuli", "Agus", "Satu", "Okt", "Nuw", "Disa"),
    ),
    "ig": ("Jen", "Feb", "Mar", "Epr", "Mee", "Jun", "Jul", "Ọgọ", "Sep", "Ọkt", "Nov", "Dec"),
}
_NEAR = {
    "en": ("today", "tomorrow"),
    "ha": ("yau", "gobe"),
    "yo": ("lónìí", "lọ́la"),
    "ig": ("taa", "echi"),
}
_HOURS = {
    "en": ("from {}", "until {}"),
    "pcm": ("from {}", "before {}"),
    "ha": ("daga {}", "zuwa {}"),
    "yo": ("láti {}", "títí di {}"),
    "ig": ("site na {}", "ruo {}"),
}
# The hours by which a part of the day is understood, and what each is called.
_PART_HOURS = (("06:00", "12:00"), ("12:00", "17:00"), ("16:00", "21:00"))
_PARTS = {
    "en": ("morning", "afternoon", "evening"),
    "ha": ("da safe", "da rana", "da yamma"),
    "yo": ("àárọ̀", "ọ̀sán", "ìrọ̀lẹ́"),
    "ig": ("ụtụtụ", "ehihie", "mgbede"),
}
_NOON = {"en": "12 noon", "ha": "12 na rana", "yo": "12 ọ̀sán", "ig": "12 ehihie"}


def day(value: date, language: str = FIRST) -> str:
    """`Tue 25 Nov`: always with the weekday, never as figures that can be read two ways."""
    return f"{_of(_DAYS, language)[value.weekday()]} {value.day} {_month(value, language)}"


def short(value: date, now: datetime, language: str = FIRST) -> str:
    """`24 Nov`, with the year when it is another one: for lists of what has been."""
    year = "" if value.year == lagos_day(now).year else f" {value.year}"
    return f"{value.day} {_month(value, language)}{year}"


def near_day(value: date, now: datetime, language: str = FIRST) -> str:
    """The same, with `today` or `tomorrow` before it when it is."""
    return _near(value, lagos_day(now), spoken_to(language))


# A list of days asks it of the same few days, for everybody.
@lru_cache(maxsize=512)
def _near(value: date, today: date, language: str) -> str:
    ahead = (value - today) // timedelta(days=1)
    named = day(value, language)
    return f"{_of(_NEAR, language)[ahead]}, {named}" if ahead in (0, 1) else named


def clock(value: time, language: str = FIRST) -> str:
    """`3pm`, `9:30am`, `12 noon`."""
    if value == time(12):
        return _of(_NOON, language)
    half = "am" if value.hour < 12 else "pm"  # noqa: PLR2004 -- noon
    hour = value.hour % 12 or 12
    return f"{hour}:{value.minute:02}{half}" if value.minute else f"{hour}{half}"


def moment(value: datetime, language: str = FIRST) -> str:
    """`Tue 25 Nov, 3pm`, as Lagos clocks show it."""
    local = lagos(value)
    return f"{day(local.date(), language)}, {clock(local.time(), language)}"


def in_queue(when: str, number: int | None, language: str = FIRST) -> str:
    """When a visit is, with its number in the queue of a session; a visit of its own has none."""
    if number is None:
        return when
    return say("visit", "in_queue", language, Channel.SMS, when=when, number=number)


def wish(meant: Mapping[str, str | None], now: datetime, language: str = FIRST) -> str:
    """When somebody wants to come, as a talk keeps it: `tomorrow, Mon 23 Nov, from 4pm`."""
    days = [iso for iso in dict.fromkeys((meant["first"], meant["last"])) if iso]
    shown = [date.fromisoformat(iso) for iso in days]
    said = (
        near_day(shown[0], now, language)
        if len(shown) == 1
        else " - ".join(day(each, language) for each in shown)
    )
    return ", ".join(filter(None, [said, *_hours(meant, language)]))


def _hours(meant: Mapping[str, str | None], language: str) -> list[str]:
    """The hour, the part of the day, or from when until when."""
    bounds = tuple((meant[bound] or "")[:5] for bound in ("earliest", "latest"))
    if bounds in _PART_HOURS:
        return [_of(_PARTS, language)[_PART_HOURS.index(bounds)]]
    since, until = _of(_HOURS, language)
    said = {"{}": meant["at"], since: meant["earliest"], until: meant["latest"]}
    return [
        words.format(clock(time.fromisoformat(at), language)) for words, at in said.items() if at
    ]


def _of(table: Mapping[str, _Words], language: str) -> _Words:
    return table.get(spoken_to(language), table[FIRST])


def _month(value: date, language: str) -> str:
    return _of(_MONTHS, language)[value.month - 1]
