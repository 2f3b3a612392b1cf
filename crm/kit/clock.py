"""Time: aware UTC inside the house, Lagos at its edges (UTC+1 all year, no daylight saving)."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

LAGOS = ZoneInfo("Africa/Lagos")


class Clock(Protocol):
    """What tells the time; replaced in tests and moved in the demo."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)


class DemoClock:
    """The machine's clock moved by an offset that all processes of a demo share in a file."""

    def __init__(self, path: Path) -> None:
        """The file holds seconds as text and may not exist yet."""
        self.path = path
        self._seen: tuple[int, float] = (0, 0.0)

    def now(self) -> datetime:
        """The moment, aware, in UTC, moved by the offset."""
        return datetime.now(UTC) + timedelta(seconds=self._offset_s())

    def move(self, by: timedelta) -> None:
        """Move the clock for every process of this demo."""
        offset = self._offset_s() + by.total_seconds()
        draft = self.path.with_suffix(".new")
        draft.write_text(str(offset))
        draft.replace(self.path)

    def _offset_s(self) -> float:
        try:
            stamp = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0.0
        if stamp != self._seen[0]:
            self._seen = (stamp, float(self.path.read_text()))
        return self._seen[1]


def lagos(at: datetime) -> datetime:
    """The moment as a Lagos wall clock shows it."""
    return at.astimezone(LAGOS)


def lagos_day(at: datetime) -> date:
    """The calendar day in Lagos."""
    return at.astimezone(LAGOS).date()


def at_lagos(day: date, clock: time = time()) -> datetime:
    """A day and a wall-clock time in Lagos as aware UTC; midnight unless said."""
    return datetime.combine(day, clock, LAGOS).astimezone(UTC)
