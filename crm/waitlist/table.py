"""What is free for a service, laid out for those who wait for it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import availability
from crm.availability import Slot
from crm.kit.clock import lagos, lagos_day
from crm.models import (
    Appointment,
    AppointmentStatus,
    DayPart,
    OfferStatus,
    Service,
    WaitlistEntry,
    WaitlistOffer,
)
from crm.waitlist import offers

_PARTS = {
    DayPart.MORNING: (time(0), time(12)),
    DayPart.AFTERNOON: (time(12), time(16)),
    DayPart.EVENING: (time(16), time(23, 59)),
}


class Table:
    """What is free for a service, less what is offered already, laid out for those who wait."""

    def __init__(
        self, session: Session, service: Service, waiting: Sequence[WaitlistEntry], now: datetime
    ) -> None:
        """Read it all, by seven queries and two more for each practitioner somebody waits for."""
        self._free: dict[UUID | None, list[Slot]] = {}
        self._soonest = now + timedelta(minutes=service.min_notice_min) + offers.OPEN_FOR
        first = max(min(entry.earliest_on for entry in waiting), lagos_day(now))
        last = max(entry.latest_on for entry in waiting)
        for wanted in {entry.practitioner_id for entry in waiting}:
            self._free[wanted] = availability.free_slots(
                session, service, first=first, last=last, now=now, practitioner_id=wanted
            )
        self._given = _offered(session, waiting)
        self._busy = _busy(session, waiting, now)
        self._later = _visits_to_move(session, waiting)
        self._live = _live_slots(session, service)

    def suiting(self, entry: WaitlistEntry) -> Iterator[Slot]:
        """The free times that suit, soonest first."""
        later = self._later.get(entry.moving_id) if entry.moving_id else None
        for slot in self._free[entry.practitioner_id]:
            if (
                slot.starts_at >= self._soonest
                and _suits(entry, slot)
                and (later is None or slot.ends_at <= later)
                and (slot.practitioner_id, slot.starts_at) not in self._given[entry.id]
                and self._live[slot.practitioner_id, slot.starts_at] < (slot.places_left or 1)
                and not _meets(self._busy[entry.patient_id], slot)
            ):
                yield slot

    def take(self, slot: Slot) -> None:
        """This time, or one of its places, is offered now."""
        self._live[slot.practitioner_id, slot.starts_at] += 1


def _suits(entry: WaitlistEntry, slot: Slot) -> bool:
    clock = lagos(slot.starts_at).time()
    parts = [_PARTS[DayPart(part)] for part in entry.parts]
    return (
        entry.earliest_on <= slot.day <= entry.latest_on
        and (not entry.weekdays or slot.day.weekday() in entry.weekdays)
        and (not parts or any(begin <= clock < end for begin, end in parts))
    )


def _offered(
    session: Session, waiting: Sequence[WaitlistEntry]
) -> dict[UUID, set[tuple[UUID, datetime]]]:
    """What each was offered before: nobody is asked twice about the same time."""
    given: defaultdict[UUID, set[tuple[UUID, datetime]]] = defaultdict(set)
    rows = session.execute(
        select(
            WaitlistOffer.entry_id, WaitlistOffer.practitioner_id, func.lower(WaitlistOffer.during)
        ).where(WaitlistOffer.entry_id.in_([entry.id for entry in waiting]))
    )
    for entry_id, practitioner_id, starts_at in rows:
        given[entry_id].add((practitioner_id, starts_at))
    return given


def _live_slots(session: Session, service: Service) -> Counter[tuple[UUID, datetime]]:
    """How many are being asked about each time just now."""
    rows = session.execute(
        select(WaitlistOffer.practitioner_id, func.lower(WaitlistOffer.during))
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistOffer.status == OfferStatus.LIVE, WaitlistEntry.service_id == service.id)
    )
    return Counter((practitioner_id, starts_at) for practitioner_id, starts_at in rows)


def _busy(
    session: Session, waiting: Sequence[WaitlistEntry], now: datetime
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """When each of these patients is elsewhere, but for the visit that would be moved."""
    moved = [entry.moving_id for entry in waiting if entry.moving_id]
    busy: defaultdict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = session.execute(
        select(
            Appointment.patient_id, func.lower(Appointment.during), func.upper(Appointment.during)
        )
        .where(Appointment.patient_id.in_({entry.patient_id for entry in waiting}))
        .where(Appointment.status == AppointmentStatus.BOOKED, func.lower(Appointment.during) > now)
        .where(Appointment.id.not_in(moved))
    )
    for patient_id, starts_at, ends_at in rows:
        busy[patient_id].append((starts_at, ends_at))
    return busy


def _visits_to_move(session: Session, waiting: Sequence[WaitlistEntry]) -> dict[UUID, datetime]:
    """When the visits begin that earlier times would replace."""
    wanted = [entry.moving_id for entry in waiting if entry.moving_id]
    rows = session.execute(
        select(Appointment.id, func.lower(Appointment.during).label("starts_at")).where(
            Appointment.id.in_(wanted), Appointment.status == AppointmentStatus.BOOKED
        )
    )
    return {visit.id: visit.starts_at for visit in rows}


def _meets(stretches: Sequence[tuple[datetime, datetime]], slot: Slot) -> bool:
    return any(begin < slot.ends_at and slot.starts_at < end for begin, end in stretches)
