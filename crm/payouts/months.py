"""Months as payouts count them: calendar months on the Lagos clock."""

from datetime import date, datetime, timedelta

from crm.kit.clock import lagos_day
from crm.payouts.refusals import FuturePeriod, PeriodOpen

DAY = timedelta(days=1)
_OVER = timedelta(days=32)


def last_month(now: datetime) -> date:
    """The first day of the month before."""
    return (lagos_day(now).replace(day=1) - DAY).replace(day=1)


def month_end(period: date) -> date:
    """The last day of the month."""
    return (period.replace(day=1) + _OVER).replace(day=1) - DAY


def is_month(first: date, last: date) -> bool:
    """True when these are the first and the last day of one month."""
    return first.day == 1 and last == month_end(first)


def check_over(period: date, *, now: datetime) -> None:
    """Raise FuturePeriod or PeriodOpen unless the month is over."""
    today = lagos_day(now)
    if period > today:
        raise FuturePeriod("That month has not begun.")
    if month_end(period) >= today:
        raise PeriodOpen("That month is not over.")
