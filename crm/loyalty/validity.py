"""How long points live: to the end of the month, a year after they came in."""

from datetime import date, datetime, timedelta

from crm.kit.clock import at_lagos, lagos_day

MONTHS = 12
GRACE = timedelta(days=30)
_DECEMBER = 12


def month_end(now: datetime, months: int = MONTHS) -> datetime:
    """The Lagos midnight that ends the month so many months ahead."""
    day = lagos_day(now)
    year, month = divmod(day.year * _DECEMBER + day.month - 1 + months + 1, _DECEMBER)
    return at_lagos(date(year, month + 1, 1))


def day_end(day: date) -> datetime:
    """The Lagos midnight that ends a day."""
    return at_lagos(day + timedelta(days=1))


def grace(now: datetime) -> datetime:
    """The Lagos midnight until which points live that came back after their lot had expired."""
    return day_end(lagos_day(now) + GRACE)
