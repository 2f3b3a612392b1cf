"""Two years of visits, and a month ahead: kept, missed, cancelled, and booked with reminders.

Times stand on a grid of one hour for each doctor, and nobody comes twice on one day, so no two
visits overlap, whatever chance says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from bot.channels.carrier import Channel
from crm import holidays
from crm.demo import words
from crm.demo.house import YEARS_BACK, Doctor, House
from crm.demo.loading import Row, load
from crm.demo.people import Person
from crm.kit.clock import at_lagos
from crm.models import Appointment, AppointmentStatus, Gender, Reminder, ReminderStatus, Service
from crm.reminders.plans import due_times

AHEAD = timedelta(days=30)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_A_DAY = {0: 58.0, 1: 30.0, 2: 10.0, 3: 2.0}
"""How many come to one doctor on one day."""
_OUTCOMES = {
    AppointmentStatus.FULFILLED: 79.0,
    AppointmentStatus.NOSHOW: 8.0,
    AppointmentStatus.CANCELLED: 12.0,
    AppointmentStatus.OUTCOME_UNKNOWN: 1.0,
}
_S = AppointmentStatus
_CHILD, _MOTHER = range(13), range(18, 46)
_MINUTE = timedelta(minutes=1)
_GRID, _LATEST_START = timedelta(hours=1), timedelta(minutes=15)


@dataclass(slots=True)
class Visit:
    """A visit as the rest of the demo needs it."""

    id: UUID
    person: Person
    service: Service
    practitioner_id: UUID
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    status: AppointmentStatus
    closed_at: datetime
    """When it was kept, missed or cancelled; its end while it is ahead."""
    source: str

    @property
    def hospital_id(self) -> UUID:
        """Where it is."""
        return self.service.hospital_id


def keep(house: House, people: Sequence[Person]) -> list[Visit]:
    """Write down the visits and their reminders, oldest first."""
    found = sorted(_all(house, people), key=lambda visit: visit.starts_at)
    taken: set[str] = set()
    load(house.session, Appointment, [_row(house, visit, taken) for visit in found])
    load(house.session, Reminder, [row for visit in found for row in _reminders(house, visit)])
    return found


def _all(house: House, people: Sequence[Person]) -> Iterator[Visit]:
    first, last = house.today - YEARS_BACK, house.today + AHEAD
    closed = holidays.closed_days(first, last)
    pools = _pools(house, people)
    for number in range((last - first).days):
        day = first + timedelta(days=number)
        if day not in closed:
            yield from _day(house, day, pools)


Pools = dict[UUID, tuple[list[Person], list[Person], list[Person]]]
"""Children, women who may expect a child, and everybody, by service."""


def _pools(house: House, people: Sequence[Person]) -> Pools:
    pools: Pools = {}
    for hospital in house.hospitals:
        mine = [each for each in people if each.hospital is hospital and each.is_active]
        children = [each for each in mine if each.age(house.today) in _CHILD]
        mothers = [
            each
            for each in mine
            if each.gender is Gender.FEMALE and each.age(house.today) in _MOTHER
        ]
        pools[hospital.id] = (children, mothers, mine)
    return pools


def _day(house: House, day: date, pools: Pools) -> Iterator[Visit]:
    seen: set[UUID] = set()
    for doctors in house.doctors.values():
        for doctor in doctors:
            hours = doctor.hours.get(day.weekday())
            if hours and doctor.services:
                yield from _doctors_day(house, doctor, at_lagos(day), hours, (pools, seen))


def _doctors_day(
    house: House,
    doctor: Doctor,
    midnight: datetime,
    hours: tuple[int, int],
    who: tuple[Pools, set[UUID]],
) -> Iterator[Visit]:
    chance, (pools, seen) = house.chance, who
    number = chance.one_of(_A_DAY)
    for hour in sorted(chance.sample(range(*hours), number)):
        service = chance.choice(doctor.services)
        starts_at = midnight + hour * _GRID
        person = _who(house, service, pools, seen, starts_at)
        if person is not None:
            seen.add(person.id)
            yield _visit(house, doctor, service, person, starts_at)


def _who(
    house: House, service: Service, pools: Pools, seen: set[UUID], at: datetime
) -> Person | None:
    """Somebody this service is for, who was known by then and comes once a day."""
    children, mothers, everybody = pools[service.hospital_id]
    pool = {"Child health": children, "Antenatal": mothers}.get(service.name, everybody)
    for _ in range(6):
        person = house.chance.choice(pool) if pool else None
        if person and person.since < at - timedelta(days=1) and person.id not in seen:
            return person
    return None


def _visit(
    house: House, doctor: Doctor, service: Service, person: Person, starts_at: datetime
) -> Visit:
    chance = house.chance
    room = _GRID - timedelta(minutes=service.duration_min)
    starts_at += chance.choice([timedelta(0), min(room, _LATEST_START)])
    ends_at = starts_at + timedelta(minutes=service.duration_min)
    booked_at = min(house.now, starts_at - timedelta(hours=2))
    booked_at = chance.between(max(person.since, booked_at - timedelta(days=14)), booked_at)
    status, closed_at = _outcome(house, starts_at, ends_at, booked_at)
    return Visit(
        id=chance.id_at(booked_at),
        person=person,
        service=service,
        practitioner_id=doctor.practitioner.id,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=booked_at,
        status=status,
        closed_at=closed_at,
        source=person.phone.channel.value if chance.is_so(0.75) else "desk",
    )


def _outcome(
    house: House, starts_at: datetime, ends_at: datetime, booked_at: datetime
) -> tuple[AppointmentStatus, datetime]:
    """What became of it by now, and when."""
    chance = house.chance
    if starts_at > house.now:
        is_off = chance.is_so(0.06)
        latest = min(house.now, starts_at)
        return (_S.CANCELLED, chance.between(booked_at, latest)) if is_off else (_S.BOOKED, ends_at)
    if ends_at > house.now - timedelta(hours=2):
        return _S.ARRIVED if ends_at > house.now else _S.FULFILLED, ends_at
    status = chance.one_of(_OUTCOMES)
    if status is _S.CANCELLED:
        return status, chance.between(booked_at, starts_at - timedelta(minutes=30))
    return status, ends_at + timedelta(minutes=chance.randrange(0, 15))


def _row(house: House, visit: Visit, taken: set[str]) -> Row:
    chance, status = house.chance, visit.status
    came = status in {_S.FULFILLED, _S.ARRIVED}
    is_off = status is _S.CANCELLED
    return {
        "id": visit.id,
        "reference": _reference(house, visit, taken),
        "hospital_id": visit.hospital_id,
        "patient_id": visit.person.id,
        "service_id": visit.service.id,
        "practitioner_id": visit.practitioner_id,
        "during": Range(visit.starts_at, visit.ends_at),
        "blocked": Range(visit.starts_at, visit.ends_at),
        "status": status,
        "confirmed_at": _confirmed_at(house, visit),
        "checked_in_at": visit.starts_at - timedelta(minutes=chance.randrange(30))
        if came
        else None,
        "fulfilled_at": visit.closed_at if status is _S.FULFILLED else None,
        "cancelled_at": visit.closed_at if is_off else None,
        "cancel_reason": chance.choice(words.CANCEL_REASONS) if is_off else None,
        "source": visit.source,
        "reason_sealed": _reason(house, visit),
        "created_at": visit.booked_at,
        "updated_at": min(house.now, visit.closed_at),
    }


def _reference(house: House, visit: Visit, taken: set[str]) -> str:
    while True:
        code = "".join(house.chance.choices(_LETTERS, k=5))
        reference = f"{visit.person.hospital.code}-{code}"
        if reference not in taken:
            taken.add(reference)
            return reference


def _confirmed_at(house: House, visit: Visit) -> datetime | None:
    """Half of those who came had said so the day before."""
    if visit.status is _S.CANCELLED or not house.chance.is_so(0.5):
        return None
    answered = visit.starts_at - timedelta(hours=house.chance.randrange(3, 24))
    return answered if visit.booked_at < answered <= house.now else None


def _reason(house: House, visit: Visit) -> bytes | None:
    if not house.chance.is_so(0.3):
        return None
    said = house.chance.choice(words.COMPLAINTS)
    return house.vault.seal(said, where="appointments.reason", row=visit.id)


def _reminders(house: House, visit: Visit) -> Iterator[Row]:
    """Those that were due when it was booked: sent, void, or still to come."""
    channel: Channel = visit.person.phone.channel
    for kind, due_at in due_times(visit.starts_at, now=visit.booked_at):
        yield {
            "id": house.chance.id_at(visit.booked_at),
            "appointment_id": visit.id,
            "appointment_version": 1,
            "kind": kind,
            "channel": channel,
            "address_id": visit.person.phone.address_id,
            "due_at": due_at,
            **_became(house, visit, due_at),
            "created_at": visit.booked_at,
            "updated_at": min(house.now, due_at),
        }


def _became(house: House, visit: Visit, due_at: datetime) -> dict[str, Any]:
    is_void = visit.status is _S.CANCELLED and visit.closed_at <= due_at
    if is_void:
        return {"status": ReminderStatus.CANCELLED, "skip_reason": None}
    if due_at > house.now:
        return {"status": ReminderStatus.PENDING, "skip_reason": None}
    if visit.person.phone.is_silent:
        return {"status": ReminderStatus.SKIPPED, "skip_reason": "the person asked us to stop"}
    return {"status": ReminderStatus.POSTED, "skip_reason": None}
