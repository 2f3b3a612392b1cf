"""Nigerian public holidays, as the calendar knows them; rows in `closures` override them.

The `holidays` library estimates Islamic feasts until the government declares them, sometimes on
the evening before: such a day bears "(tentative)" and staff move it with two closures.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache

import holidays

_TENTATIVE = "(tentative)"


def closed_days(first: date, last: date) -> dict[date, str]:
    """The public holidays from first to last, both included, with their names."""
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in _year(year).items()
        if first <= day <= last
    }


def is_tentative(name: str) -> bool:
    """True while the day is worked out and not yet declared."""
    return name.endswith(_TENTATIVE)


@cache
def _year(year: int) -> Mapping[date, str]:
    days = holidays.country_holidays("NG", years=year, language="en_NG")
    return {day: _named(name) for day, name in sorted(days.items())}


def _named(name: str) -> str:
    return name.replace("(observed, estimated)", "(observed) " + _TENTATIVE).replace(
        "(estimated)", _TENTATIVE
    )
