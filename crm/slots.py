"""The arithmetic of free time: weekly hours and what is taken, as plain values, no table."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from crm.kit.clock import at_lagos, lagos_day

DAY = timedelta(days=1)
_WHO = attrgetter("practitioner_id")
Stretch = tuple[datetime, datetime]


class Slot(NamedTuple):
    """A time with the practitioner who has it; a session with the places it has left."""

    practitioner_id: UUID
    practitioner: str
    starts_at: datetime
    ends_at: datetime
    places_left: int | None = None

    @property
    def day(self) -> date:
        """The day in Lagos."""
        return lagos_day(self.starts_at)


@dataclass(frozen=True, slots=True)
class Hours:
    """One row of a practitioner's week, in Lagos wall-clock times."""

    practitioner_id: UUID
    practitioner: str
    weekday: int
    starts: time
    ends: time
    valid_from: date
    valid_to: date | None

    def hold_on(self, day: date) -> bool:
        """True when the practitioner works these hours on this day."""
        in_force = self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
        return in_force and self.weekday == day.weekday()

    def include(self, slot: Slot) -> bool:
        """True when the slot lies within these hours."""
        day = slot.day
        return (
            self.hold_on(day)
            and at_lagos(day, self.starts) <= slot.starts_at
            and slot.ends_at <= at_lagos(day, self.ends)
        )

    def slots_on(self, day: date, length: timedelta, gap: timedelta) -> Iterator[Slot]:
        """The slots of this length from the first hour on, with this gap between them."""
        starts_at, closes_at = at_lagos(day, self.starts), at_lagos(day, self.ends)
        while (ends_at := starts_at + length) <= closes_at:
            yield Slot(self.practitioner_id, self.practitioner, starts_at, ends_at)
            starts_at = ends_at + gap

    def whole(self, day: date) -> Slot:
        """All of these hours on this day: a session."""
        starts_at, closes_at = at_lagos(day, self.starts), at_lagos(day, self.ends)
        return Slot(self.practitioner_id, self.practitioner, starts_at, closes_at)


class Taken:
    """What is taken or closed, and what is opened again, by practitioner; None is everyone."""

    def __init__(
        self,
        rows: Iterable[tuple[UUID | None, datetime, datetime, bool]],
        holidays: Mapping[date, str],
    ) -> None:
        """Each row: who, from, until, and whether it opens a holiday rather than closes."""
        self._holidays = holidays
        self._closed: defaultdict[UUID | None, list[Stretch]] = defaultdict(list)
        self._opened: defaultdict[UUID | None, list[Stretch]] = defaultdict(list)
        self._joined: dict[UUID, _Joined] = {}
        for who, starts_at, ends_at, is_open in rows:
            kept = self._opened if is_open else self._closed
            kept[who].append((starts_at, ends_at))

    def leaves_free(self, slot: Slot) -> bool:
        """True when the slot touches nothing taken and no holiday that was not opened again."""
        return bool(self.free([slot]))

    def free(self, slots: Iterable[Slot]) -> list[Slot]:
        """Those of the slots that touch nothing taken and no holiday that was not opened again."""
        open_ = [slot for slot in slots if self._is_open(slot)] if self._holidays else slots
        of = groupby(open_, key=_WHO)
        return [slot for who, own in of for slot in self._of(who).leave_free(own)]

    def _is_open(self, slot: Slot) -> bool:
        return slot.day not in self._holidays or self._is_opened(slot)

    def load(self, practitioner_id: UUID) -> int:
        """How often the practitioner is taken."""
        return len(self._closed[practitioner_id])

    def _is_opened(self, slot: Slot) -> bool:
        opened = self._opened[slot.practitioner_id] + self._opened[None]
        return any(start <= slot.starts_at and slot.ends_at <= end for start, end in opened)

    def _of(self, practitioner_id: UUID) -> "_Joined":
        joined = self._joined.get(practitioner_id)
        if joined is None:
            own, everyones = self._closed[practitioner_id], self._closed[None]
            joined = self._joined[practitioner_id] = _Joined(own + everyones)
        return joined


class _Joined:
    """Stretches of time, joined where they touch, so that one look-up answers."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self.starts: list[datetime] = []
        self.ends: list[datetime] = []
        for start, end in sorted(stretches):
            if self.ends and start <= self.ends[-1]:
                self.ends[-1] = max(end, self.ends[-1])
            else:
                self.starts.append(start)
                self.ends.append(end)

    def leave_free(self, slots: Iterable[Slot]) -> Iterator[Slot]:
        """Those that share no moment with any of them."""
        starts, ends = self.starts, self.ends
        for slot in slots:
            at = bisect_right(ends, slot.starts_at)
            if at == len(ends) or starts[at] >= slot.ends_at:
                yield slot


def on_the_grid(
    hours: Iterable[Hours], first: date, last: date, length: timedelta, gap: timedelta
) -> list[Slot]:
    """Every slot of every practitioner from first to last, free or not."""
    worked = _worked(hours, first, last)
    return [slot for works, day in worked for slot in works.slots_on(day, length, gap)]


def sessions(hours: Iterable[Hours], first: date, last: date) -> Iterator[Slot]:
    """Every session of every practitioner from first to last, full or not."""
    for works, day in _worked(hours, first, last):
        yield works.whole(day)


def _worked(hours: Iterable[Hours], first: date, last: date) -> Iterator[tuple[Hours, date]]:
    days = [first + n * DAY for n in range((last - first).days + 1)]
    for works in hours:
        for day in filter(works.hold_on, days):
            yield works, day


def one_per_time(slots: Iterable[Slot], taken: Taken) -> list[Slot]:
    """Each time once, by time, with the practitioner who has least to do, else by name."""
    of: defaultdict[UUID, list[Slot]] = defaultdict(list)
    for who, own in groupby(slots, key=_WHO):
        of[who] += own
    ranked = sorted(
        of.values(), key=lambda s: (taken.load(s[0].practitioner_id), s[0].practitioner)
    )
    chosen: dict[datetime, Slot] = {}
    for theirs in reversed(ranked):
        chosen |= {slot.starts_at: slot for slot in theirs}
    return [chosen[starts_at] for starts_at in sorted(chosen)]
