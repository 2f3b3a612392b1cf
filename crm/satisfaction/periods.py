"""Quarters, written `2026-Q4`: each owner is asked once in each."""

import re
from datetime import datetime

from crm.kit.clock import lagos
from crm.kit.errors import Invalid

OLDEST = 4
"""Quarters back that may still be answered for."""
_PATTERN = re.compile(r"(\d{4})-Q([1-4])")


def current(now: datetime) -> str:
    """The quarter of the Lagos calendar."""
    local = lagos(now)
    return f"{local.year}-Q{(local.month + 2) // 3}"


def check(period: str, *, now: datetime) -> str:
    """The period, if it is a quarter that may be answered for. Raises Invalid."""
    if not _PATTERN.fullmatch(period):
        raise Invalid("period", "Write the quarter like 2026-Q4.")
    back = _ordinal(current(now)) - _ordinal(period)
    if back < 0:
        raise Invalid("period", "This quarter has not begun.", code="future_period")
    if back > OLDEST:
        raise Invalid("period", "This quarter is too long ago.", code="too_long_ago")
    return period


def _ordinal(period: str) -> int:
    year, quarter = period.split("-Q")
    return int(year) * 4 + int(quarter)
