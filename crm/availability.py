"""What is free: the weekly hours, less holidays, leave, closures and what is taken.

Two queries serve any stretch of days, the hours and what is taken; the rest is arithmetic in
`crm.slots`. One fortnight is read at a time where the end is not known.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import (
    CompoundSelect,
    Select,
    SQLColumnExpression,
    false,
    func,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from crm.kit.clock import at_lagos, lagos, lagos_day
from crm.models import (
    BLOCKING,
    Appointment,
    Closure,
    Practitioner,
    PractitionerService,
    Schedule,
    Service,
)
from crm.slots import DAY, Hours, Slot, Taken, on_the_grid, one_per_time

__all__ = ["Slot", "Wish", "free_days", "free_slots", "is_offered", "nearest"]

_Rows = Select[*tuple[Any, ...]]
_FORTNIGHT = 14 * DAY
# Literals, so that a prepared statement can still use the partial indexes.
_BLOCKS = text(f"appointments.status in ({', '.join(map(repr, BLOCKING))})")


class Wish(TypedDict, total=False):
    """Whom the time is for: one practitioner or any, the patient, and the visit being moved."""

    practitioner_id: UUID | None
    patient_id: UUID | None
    moving_id: UUID | None


def free_slots(
    session: Session,
    service: Service,
    *,
    first: date,
    last: date,
    now: datetime,
    earliest: time | None = None,
    latest: time | None = None,
    limit: int | None = None,
    **wish: Unpack[Wish],
) -> list[Slot]:
    """The free times from first to last (Lagos days), by time; two queries however many days.

    A slot starts at `earliest` or later and before `latest` (Lagos clocks). When any
    practitioner will do, each time comes once, with the one who has least to do in these days.
    The patient's own visits are not free; the visit being moved and the patient's holds are.
    """
    first, last = max(first, lagos_day(now)), min(last, _horizon(service, now))
    hours = _hours(session, service, first, last, wish.get("practitioner_id"))
    if not hours:
        return []
    taken = _taken(session, _all_taken(service, _span(first, last), now, wish))
    soonest = now + timedelta(minutes=service.min_notice_min)
    slots = (
        slot
        for slot in on_the_grid(hours, first, last, timedelta(minutes=service.duration_min))
        if slot.starts_at >= soonest
        and _is_between(slot, earliest, latest)
        and taken.leaves_free(slot)
    )
    return one_per_time(slots, taken)[:limit]


def free_days(
    session: Session,
    service: Service,
    *,
    now: datetime,
    from_day: date | None = None,
    count: int = 7,
    **wish: Unpack[Wish],
) -> list[tuple[date, int]]:
    """The next days that have something free, with how many times; two queries a fortnight."""
    days: list[tuple[date, int]] = []
    for slots in _fortnights(session, service, from_day or lagos_day(now), now, wish):
        days += Counter(slot.day for slot in slots).items()
        if len(days) >= count:
            break
    return days[:count]


def nearest(
    session: Session,
    service: Service,
    wanted: datetime,
    *,
    now: datetime,
    count: int = 3,
    **wish: Unpack[Wish],
) -> list[Slot]:
    """The free times closest to the wanted one: that day first, then the next days by hour.

    Two queries, unless the fortnight from then on does not have as many.
    """
    found: list[Slot] = []
    for slots in _fortnights(session, service, lagos_day(wanted), now, wish):
        found += sorted(slots, key=lambda slot: _distance(slot, wanted))
        if len(found) >= count:
            break
    return found[:count]


def is_offered(session: Session, service: Service, slot: Slot) -> bool:
    """True when the practitioner works then and nothing is closed; taken or not. Two queries."""
    hours = _hours(session, service, slot.day, slot.day, slot.practitioner_id)
    if not any(works.include(slot) for works in hours):
        return False
    return _taken(session, _closures(service, _span(slot.day, slot.day))).leaves_free(slot)


def _hours(
    session: Session, service: Service, first: date, last: date, practitioner_id: UUID | None
) -> list[Hours]:
    if not service.is_active or first > last:
        return []
    works = Schedule
    query = (
        select(Practitioner.id, Practitioner.name, works.weekday, works.starts, works.ends)
        .add_columns(works.valid_from, works.valid_to)
        .join(works, works.practitioner_id == Practitioner.id)
        .join(PractitionerService, PractitionerService.practitioner_id == Practitioner.id)
        .where(PractitionerService.service_id == service.id)
        .where(Practitioner.is_active)
        .where(works.valid_from <= last)
        .where(or_(works.valid_to.is_(None), works.valid_to >= first))
    )
    if practitioner_id is not None:
        query = query.where(Practitioner.id == practitioner_id)
    return [Hours(*row) for row in session.execute(query)]


def _taken(session: Session, query: _Rows | CompoundSelect[*tuple[Any, ...]]) -> Taken:
    rows = session.execute(query)
    return Taken((who, starts, ends, is_open) for who, starts, ends, is_open in rows)


def _all_taken(
    service: Service, span: Range[datetime], now: datetime, wish: Wish
) -> CompoundSelect[*tuple[Any, ...]]:
    offering = PractitionerService.practitioner_id == Appointment.practitioner_id
    by_practitioner = (
        _visits(Appointment.practitioner_id, span, now, wish)
        .join(PractitionerService, offering)
        .where(PractitionerService.service_id == service.id)
    )
    parts = [_closures(service, span), by_practitioner]
    if patient_id := wish.get("patient_id"):
        by_patient = _visits(null(), span, now, wish)
        parts.append(by_patient.where(Appointment.patient_id == patient_id))
    return union_all(*parts)


def _closures(service: Service, span: Range[datetime]) -> _Rows:
    here = or_(Closure.hospital_id.is_(None), Closure.hospital_id == service.hospital_id)
    stretch = Closure.during * span
    return (
        select(Closure.practitioner_id, func.lower(stretch), func.upper(stretch), Closure.is_open)
        .where(Closure.during.overlaps(span))
        .where(here)
    )


def _visits(
    who: SQLColumnExpression[Any], span: Range[datetime], now: datetime, wish: Wish
) -> _Rows:
    visit = Appointment
    query = (
        select(who, func.lower(visit.during), func.upper(visit.during), false())
        .where(_BLOCKS)
        .where(visit.during.overlaps(span))
        .where(or_(visit.hold_until.is_(None), visit.hold_until > now))
    )
    if moving_id := wish.get("moving_id"):
        query = query.where(visit.id != moving_id)
    if patient_id := wish.get("patient_id"):
        query = query.where(or_(visit.hold_until.is_(None), visit.patient_id != patient_id))
    return query


def _fortnights(
    session: Session, service: Service, first: date, now: datetime, wish: Wish
) -> Iterator[list[Slot]]:
    first = max(first, lagos_day(now))
    while first <= _horizon(service, now):
        after = first + _FORTNIGHT
        yield free_slots(session, service, first=first, last=after - DAY, now=now, **wish)
        first = after


def _distance(slot: Slot, wanted: datetime) -> tuple[date, timedelta, datetime]:
    hours_apart = lagos(slot.starts_at).replace(tzinfo=None) - lagos(wanted).replace(tzinfo=None)
    of_the_clock = abs(hours_apart - (slot.day - lagos_day(wanted)))
    return slot.day, of_the_clock, slot.starts_at


def _is_between(slot: Slot, earliest: time | None, latest: time | None) -> bool:
    clock = lagos(slot.starts_at).time()
    return (earliest is None or clock >= earliest) and (latest is None or clock < latest)


def _horizon(service: Service, now: datetime) -> date:
    return lagos_day(now) + service.horizon_days * DAY


def _span(first: date, last: date) -> Range[datetime]:
    return Range(at_lagos(first), at_lagos(last + DAY))
