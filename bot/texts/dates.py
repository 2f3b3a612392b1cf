"""Days and hours in words a person reads at a glance."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from crm.kit.clock import lagos, lagos_day

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEAR = {"en": ("today", "tomorrow"), "pcm": ("today", "tomorrow")}
_HOURS = {"en": ("from {}", "until {}"), "pcm": ("from {}", "before {}")}


def day(value: date) -> str:
    """`Tue 25 Nov`: always with the weekday, never as figures that can be read two ways."""
    return f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]}"


def short(value: date, now: datetime) -> str:
    """`24 Nov`, with the year when it is another one: for lists of what has been."""
    year = "" if value.year == lagos_day(now).year else f" {value.year}"
    return f"{value.day} {_MONTHS[value.month - 1]}{year}"


def near_day(value: date, now: datetime, language: str = "en") -> str:
    """The same, with `today` or `tomorrow` before it when it is."""
    return _near(value, lagos_day(now), language)


# A list of days asks it of the same few days, for everybody.
@lru_cache(maxsize=512)
def _near(value: date, today: date, language: str) -> str:
    ahead = (value - today) // timedelta(days=1)
    words = _NEAR.get(language, _NEAR["en"])
    return f"{words[ahead]}, {day(value)}" if ahead in (0, 1) else day(value)


def clock(value: time) -> str:
    """`3pm`, `9:30am`, `12 noon`."""
    if value == time(12):
        return "12 noon"
    half = "am" if value.hour < 12 else "pm"  # noqa: PLR2004 -- noon
    hour = value.hour % 12 or 12
    return f"{hour}:{value.minute:02}{half}" if value.minute else f"{hour}{half}"


def moment(value: datetime) -> str:
    """`Tue 25 Nov, 3pm`, as Lagos clocks show it."""
    local = lagos(value)
    return f"{day(local.date())}, {clock(local.time())}"


def wish(meant: Mapping[str, str | None], now: datetime, language: str = "en") -> str:
    """When somebody wants to come, as a talk keeps it: `tomorrow, Mon 23 Nov, from 4pm`."""
    days = [meant[bound] for bound in ("first", "last")]
    span = [near_day(date.fromisoformat(iso), now, language) for iso in dict.fromkeys(days) if iso]
    since, until = _HOURS.get(language, _HOURS["en"])
    said = {"{}": meant["at"], since: meant["earliest"], until: meant["latest"]}
    hours = [words.format(clock(time.fromisoformat(at))) for words, at in said.items() if at]
    return ", ".join([" - ".join(span), *hours] if span else hours)
