"""The days a report looks at: whole days in Lagos, at most two years of them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.orm import InstrumentedAttribute

from crm.kit.clock import at_lagos, lagos_day
from crm.kit.errors import Invalid

LONGEST = timedelta(days=731)
_USUAL = timedelta(days=89)
_DAY = timedelta(days=1)
_FIRST_YEAR, _LAST_YEAR = 1990, 2190


@dataclass(frozen=True, slots=True)
class Window:
    """From the beginning of one day to the end of another."""

    since: date
    until: date

    @classmethod
    def of(cls, since: date | None, until: date | None, *, now: datetime) -> "Window":
        """The days asked for; the last ninety unless said. Raises Invalid."""
        last = _sane("to", until or lagos_day(now))
        first = _sane("from", since or last - _USUAL)
        if last < first:
            raise Invalid("to", "The last day comes before the first.")
        if last - first > LONGEST:
            raise Invalid("from", "At most 24 months at once.", code="too_long")
        return cls(first, last)

    @property
    def begins_at(self) -> datetime:
        """The first moment."""
        return at_lagos(self.since)

    @property
    def ends_at(self) -> datetime:
        """The first moment after."""
        return at_lagos(self.until + _DAY)

    def holds(
        self, moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
    ) -> ColumnElement[bool]:
        """The condition on a column of moments."""
        return and_(moment >= self.begins_at, moment < self.ends_at)


def _sane(field: str, day: date) -> date:
    """The day, if clocks and ids can hold it."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Invalid(field, "This day is too far away.", code="too_far")
    return day


def lagos_start(part: str, moment: InstrumentedAttribute[datetime]) -> ColumnElement[datetime]:
    """The day, week (Monday) or month of a moment, as Lagos counts them."""
    return func.date_trunc(part, func.timezone("Africa/Lagos", moment))
