"""What is free: the weekly hours, less holidays, leave, closures and what is taken.

Two queries serve any stretch of days, the hours and what is taken; the rest is arithmetic in
`crm.slots`. For a session service a third counts the places.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import holidays
from crm.kit import driver
from crm.kit.clock import at_lagos, lagos, lagos_day
from crm.models import BLOCKS_PATIENT, BLOCKS_PRACTITIONER, ClinicSession, Service
from crm.slots import DAY, Hours, Slot, Taken, on_the_grid, one_per_time, sessions

__all__ = ["Slot", "Wish", "free_days", "free_slots", "is_offered", "nearest"]


_HOURS = """
    select p.id, p.name, h.weekday, h.starts, h.ends, h.valid_from, h.valid_to
    from practitioner_services s
    join practitioners p on p.id = s.practitioner_id and p.is_active
    join schedules h on h.practitioner_id = p.id
    where s.service_id = %(service)s
      and (cast(%(practitioner)s as uuid) is null or p.id = %(practitioner)s)
      and (h.service_id = %(service)s or h.service_id is null and not %(is_session)s)
      and h.valid_from <= %(last)s
      and (h.valid_to is null or h.valid_to >= %(first)s)
"""
# Who (null for everyone), from, until, and whether it opens rather than closes.
_CLOSURES = """
    select practitioner_id,
           greatest(lower(during), %(begin)s), least(upper(during), %(end)s), is_open
    from closures
    where during && tstzrange(%(begin)s, %(end)s)
      and (hospital_id is null or hospital_id = %(hospital)s)
"""
_STAYS = """
    (hold_until is null or hold_until > %(now)s and patient_id is distinct from %(patient)s)
    and appointments.id is distinct from %(moving)s
"""
_TAKEN_BY_PATIENT = f"""
    select null, lower(during), upper(during), false
    from appointments
    where patient_id = %(patient)s and {BLOCKS_PATIENT}
      and during && tstzrange(%(begin)s, %(end)s) and {_STAYS}
"""  # noqa: S608 -- the pieces are our own
# The buffers of the service asked for reach out to what is blocked, so that a slot stays a slot.
_TAKEN = f"""
    {_CLOSURES}
    union all
    select practitioner_id, lower(blocked) - %(after)s, upper(blocked) + %(before)s, false
    from practitioner_services join appointments using (practitioner_id)
    where practitioner_services.service_id = %(service)s and {BLOCKS_PRACTITIONER}
      and blocked && tstzrange(%(begin)s, %(end)s) and {_STAYS}
    union all
    {_TAKEN_BY_PATIENT}
"""  # noqa: S608 -- the pieces are our own
_TAKEN_AROUND_SESSIONS = f"{_CLOSURES} union all {_TAKEN_BY_PATIENT}"


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
    first, last = max(first, lagos_day(now)), min(last, horizon(service, now=now))
    hours = _hours(session, service, first, last, wish.get("practitioner_id"))
    if not hours:
        return []
    taken = _taken(session, service, first, last, now=now, wish=wish)
    soonest = now + timedelta(minutes=service.min_notice_min)
    offered = [
        slot for slot in _offered(session, service, hours, first, last) if slot.starts_at >= soonest
    ]
    if earliest or latest:
        offered = [slot for slot in offered if _is_between(slot, earliest, latest)]
    return one_per_time(taken.free(offered), taken)[:limit]


def free_days(
    session: Session,
    service: Service,
    *,
    now: datetime,
    from_day: date | None = None,
    count: int = 7,
    **wish: Unpack[Wish],
) -> list[tuple[date, int]]:
    """The next days that have something free, with how many times.

    Two queries when the next two weeks have enough, else two for each stretch twice as long.
    """
    first = from_day or lagos_day(now)
    days: list[tuple[date, int]] = []
    for slots in _ahead(session, service, first, days=14, now=now, wish=wish):
        days += Counter([lagos_day(slot.starts_at) for slot in slots]).items()
        if len(days) >= count:
            break
    return days[:count]


def is_held(
    session: Session,
    service: Service,
    *,
    first: date,
    last: date,
    now: datetime,
    practitioner_id: UUID | None = None,
) -> bool:
    """Whether the service is there at all between these days, however full it may be by now."""
    first, last = max(first, lagos_day(now)), min(last, horizon(service, now=now))
    hours = _hours(session, service, first, last, practitioner_id)
    if not hours:
        return False
    closures = driver.fetch(session, _CLOSURES, _span(service, first, last))
    closed = Taken(closures, holidays.closed_days(first, last))
    return any(map(closed.leaves_free, _grid(service, hours, first, last)))


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

    Two queries when two days have enough, else two for each stretch twice as long.
    """
    found: list[Slot] = []
    for slots in _ahead(session, service, lagos_day(wanted), days=2, now=now, wish=wish):
        found += sorted(slots, key=lambda slot: _distance(slot, wanted))
        if len(found) >= count:
            break
    return found[:count]


def is_offered(session: Session, service: Service, slot: Slot) -> bool:
    """True when the practitioner works then and nothing is closed; taken or not. Two queries."""
    hours = _hours(session, service, slot.day, slot.day, slot.practitioner_id)
    if not any(_include(works, service, slot) for works in hours):
        return False
    closures = driver.fetch(session, _CLOSURES, _span(service, slot.day, slot.day))
    taken = Taken(closures, holidays.closed_days(slot.day, slot.day))
    return taken.leaves_free(slot)


def session_at(
    session: Session, service: Service, practitioner_id: UUID, starts_at: datetime
) -> Slot | None:
    """The session of this practitioner that begins then, full or closed or not. One query."""
    if not service.is_session:
        return None
    day = lagos_day(starts_at)
    hours = _hours(session, service, day, day, practitioner_id)
    found = (slot for slot in sessions(hours, day, day) if slot.starts_at == starts_at)
    return next(found, None)


def horizon(service: Service, *, now: datetime) -> date:
    """The last day that can be booked."""
    return lagos_day(now) + service.horizon_days * DAY


def _hours(
    session: Session, service: Service, first: date, last: date, practitioner_id: UUID | None
) -> list[Hours]:
    if not service.is_active or first > last:
        return []
    wanted = {
        "service": service.id,
        "is_session": service.is_session,
        "practitioner": practitioner_id,
        "first": first,
        "last": last,
    }
    # One id for all hours of a practitioner: what is the same object is compared at a glance.
    known: dict[UUID, UUID] = {}
    rows = driver.fetch(session, _HOURS, wanted)
    return [Hours(known.setdefault(who, who), *works) for who, *works in rows]


def _include(works: Hours, service: Service, slot: Slot) -> bool:
    if not service.is_session:
        return works.include(slot)
    whole = works.whole(slot.day) if works.hold_on(slot.day) else None
    return whole is not None and (whole.starts_at, whole.ends_at) == (slot.starts_at, slot.ends_at)


def _offered(
    session: Session, service: Service, hours: Iterable[Hours], first: date, last: date
) -> Iterable[Slot]:
    """The times people may come: the grid of the hours, or the sessions that have places left."""
    slots = _grid(service, hours, first, last)
    return _with_places(session, service, slots, first, last) if service.is_session else slots


def _grid(service: Service, hours: Iterable[Hours], first: date, last: date) -> Iterable[Slot]:
    """The sessions, or the times that fit into the hours, whoever has taken them."""
    if service.is_session:
        return sessions(hours, first, last)
    gap = timedelta(minutes=service.buffer_before_min + service.buffer_after_min)
    return on_the_grid(hours, first, last, timedelta(minutes=service.duration_min), gap)


def _with_places(
    session: Session, service: Service, slots: Iterable[Slot], first: date, last: date
) -> Iterator[Slot]:
    counted = {
        (each.practitioner_id, each.starts_at): 0 if each.is_closed else each.capacity - each.booked
        for each in session.execute(
            select(
                ClinicSession.practitioner_id,
                ClinicSession.starts_at,
                ClinicSession.capacity,
                ClinicSession.booked,
                ClinicSession.is_closed,
            )
            .where(ClinicSession.service_id == service.id)
            .where(ClinicSession.starts_at >= at_lagos(first))
            .where(ClinicSession.starts_at < at_lagos(last + DAY))
        )
    }
    for slot in slots:
        left = counted.get((slot.practitioner_id, slot.starts_at), service.capacity or 0)
        if left > 0:
            yield slot._replace(places_left=left)


def _taken(
    session: Session, service: Service, first: date, last: date, *, now: datetime, wish: Wish
) -> Taken:
    span = _span(service, first, last) | {
        "now": now,
        "service": service.id,
        "patient": wish.get("patient_id"),
        "moving": wish.get("moving_id"),
        "before": timedelta(minutes=service.buffer_before_min),
        "after": timedelta(minutes=service.buffer_after_min),
    }
    taken = _TAKEN_AROUND_SESSIONS if service.is_session else _TAKEN
    return Taken(driver.fetch(session, taken, span), holidays.closed_days(first, last))


def _span(service: Service, first: date, last: date) -> dict[str, Any]:
    return {
        "hospital": service.hospital_id,
        "begin": at_lagos(first),
        "end": at_lagos(last + DAY),
    }


def _ahead(
    session: Session, service: Service, first: date, *, days: int, now: datetime, wish: Wish
) -> Iterator[list[Slot]]:
    """What is free, a stretch of days at a time up to the horizon, each twice as long."""
    first = max(first, lagos_day(now))
    while first <= horizon(service, now=now):
        after = first + days * DAY
        yield free_slots(session, service, first=first, last=after - DAY, now=now, **wish)
        first, days = after, 2 * days


def _distance(slot: Slot, wanted: datetime) -> tuple[date, timedelta, datetime]:
    hours_apart = lagos(slot.starts_at).replace(tzinfo=None) - lagos(wanted).replace(tzinfo=None)
    of_the_clock = abs(hours_apart - (slot.day - lagos_day(wanted)))
    return slot.day, of_the_clock, slot.starts_at


def _is_between(slot: Slot, earliest: time | None, latest: time | None) -> bool:
    clock = lagos(slot.starts_at).time()
    return (earliest is None or clock >= earliest) and (latest is None or clock < latest)
