"""A date of birth, day before month, in the past."""

import re
from collections.abc import Iterator
from datetime import date

from conversations.understand.fold import fold
from conversations.understand.vocabulary import MONTHS, month_names

_OLDEST_YEARS = 120
_CENTURY = 100


def birth_date(text: str, *, today: date) -> date | None:
    """The date of birth said; None when there is none, or it lies ahead or over 120 years back."""
    for match in _matches(fold(text)):
        return _past(match, today)
    return None


def _matches(text: str) -> Iterator[re.Match[str]]:
    return (match for pattern in _PATTERNS if (match := pattern.search(text)))


def _past(match: re.Match[str], today: date) -> date | None:
    day, month, year = int(match["d"]), match["m"], match["y"]
    month_number = int(month) if month.isdigit() else MONTHS[month]
    try:
        born = date(_year(year, today), month_number, day)
    except ValueError:
        return None
    if born > today and len(year) < 4:  # noqa: PLR2004
        born = born.replace(year=born.year - _CENTURY)
    return born if born <= today and today.year - born.year <= _OLDEST_YEARS else None


def _year(said: str, today: date) -> int:
    """Two digits mean the latest such year that is not ahead."""
    if len(said) > 2:  # noqa: PLR2004
        return int(said)
    this_century = today.year - today.year % _CENTURY + int(said)
    return this_century if this_century <= today.year else this_century - _CENTURY


_DAY, _MONTH, _YEAR = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<y>\d{4}|\d{2})"
_NTH = r"(?:st|nd|rd|th)"
_NAMED = rf"(?P<m>{month_names})"
_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        rf"(?<!\d)(?P<y>\d{{4}})\s?[-/. ]\s?{_MONTH}\s?[-/. ]\s?{_DAY}(?!\d)",
        rf"(?<!\d){_DAY}\s?[-/., ]\s?{_MONTH}\s?[-/., ]\s?{_YEAR}(?!\d)",
        rf"(?<!\d){_DAY}{_NTH}?\s?(?:of )?[-/ ,.]?\s?{_NAMED}\b[-/ ,.]*{_YEAR}(?!\d)",
        rf"\b{_NAMED}\b[-/ ,.]*(?:the )?{_DAY}{_NTH}?[-/ ,.]+{_YEAR}(?!\d)",
        r"(?<!\d)(?P<d>\d{2})(?P<m>\d{2})(?P<y>(?:19|20)\d{2})(?!\d)",
    )
]
