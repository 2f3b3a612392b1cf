"""The last resort for days our own grammar does not know: dateparser, kept on a short lead."""

import re
import warnings
from datetime import date, datetime, time

from conversations.understand.vocabulary import month_names

_NOON = time(12)
_LONGEST = 60  # longer texts cost more than they are worth
_WORTH_A_TRY = re.compile(rf"\b20\d\d\b|\b(?:{month_names})\b")  # our grammar knows the rest
_NO_DAY = re.compile(
    r"^[^a-z]*$"  # figures alone
    r"|\d{5,}|\d[\d ]{7,}"  # a phone number, an amount, a code
    r"|\b(?:years?|yrs?|hours?|hrs?|minutes?|mins?|ago|old)\b"  # an age, a duration, the past
)


def guess_day(text: str, today: date) -> date | None:
    """The day that dateparser sees in a short folded text, looking forward, day before month."""
    if len(text) > _LONGEST or _NO_DAY.search(text) or not _WORTH_A_TRY.search(text):
        return None
    found = _parse(text, datetime.combine(today, _NOON))
    return found.date() if found else None


def _parse(text: str, now: datetime) -> datetime | None:
    import dateparser  # noqa: PLC0415 - takes a third of a second; few messages need it

    with warnings.catch_warnings():  # it leans on calls of the standard library that are ageing
        warnings.simplefilter("ignore", DeprecationWarning)
        found: datetime | None = dateparser.parse(text, languages=["en"], settings=_settings(now))
    return found


def _settings(now: datetime) -> dict[str, object]:
    return {
        "DATE_ORDER": "DMY",
        "PREFER_DATES_FROM": "future",
        "RELATIVE_BASE": now,
        "TIMEZONE": "Africa/Lagos",
        "REQUIRE_PARTS": ["day", "month"],
        "PARSERS": ["relative-time", "absolute-time"],
    }
