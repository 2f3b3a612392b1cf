"""Who waits, for what, and what would suit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select, tuple_
from sqlalchemy.orm import Session

from crm import appointments, availability, patients, services
from crm.kit.clock import lagos_day
from crm.kit.edits import edit
from crm.kit.errors import DomainError, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.kit.violations import meaning
from crm.models import (
    Appointment,
    AppointmentStatus,
    DayPart,
    Patient,
    Service,
    WaitlistEntry,
    WaitStatus,
)

URGENT, SOON, ROUTINE = 1, 2, 3
WAITS_FOR = timedelta(days=30)


class AlreadyWaiting(DomainError):
    """The patient waits for this service already."""

    code = "already_waiting"


class WrongVisit(DomainError):
    """The visit to bring forward is not a booked one of this patient for this service."""

    code = "wrong_visit"
    status = 422


class NotWaiting(DomainError):
    """The wait is over: booked, left or lapsed."""

    code = "not_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What would suit; what is not said is anything."""

    patient_id: UUID
    service_id: UUID
    practitioner_id: UUID | None = None
    moving_id: UUID | None = None
    weekdays: Collection[int] = ()
    parts: Collection[DayPart] = ()
    earliest_on: date | None = None
    latest_on: date | None = None
    priority: int = ROUTINE
    source: str


@dataclass(frozen=True, slots=True)
class Names:
    """What people call the patient and the service of an entry."""

    patient: str
    service: str


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over entries: at one's hospitals, or one's own."""
    if scope.patient_id is not None:
        return WaitlistEntry.patient_id == scope.patient_id
    return false() if scope.owner_id is not None else scope.where(WaitlistEntry.hospital_id)


def get(session: Session, entry_id: UUID, *, scope: Scope, lock: bool = False) -> WaitlistEntry:
    """The entry. Raises NotFound, also outside the scope."""
    found = select(WaitlistEntry).where(WaitlistEntry.id == entry_id, visible(scope))
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    entry = session.scalar(found)
    if entry is None:
        raise NotFound("There is nobody waiting under this number.")
    return entry


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    service_id: UUID | None = None,
    patient_id: UUID | None = None,
    status: WaitStatus | None = None,
) -> Found[WaitlistEntry]:
    """The entries one may see, in the order in which they are offered times."""
    wanted = {
        WaitlistEntry.hospital_id: hospital_id,
        WaitlistEntry.service_id: service_id,
        WaitlistEntry.patient_id: patient_id,
        WaitlistEntry.status: status,
    }
    given = [column == value for column, value in wanted.items() if value is not None]
    found = select(WaitlistEntry).where(visible(scope), *given)
    return keyset(session, found, page, WaitlistEntry.priority, WaitlistEntry.id)


def names(session: Session, entries: Iterable[WaitlistEntry]) -> dict[UUID, Names]:
    """The names that go with these entries, by their ids. One query."""
    rows = session.execute(
        select(WaitlistEntry.id, Patient.full_name, Service.name)
        .join(Patient, Patient.id == WaitlistEntry.patient_id)
        .join(Service, Service.id == WaitlistEntry.service_id)
        .where(WaitlistEntry.id.in_([entry.id for entry in entries]))
    )
    return {id_: Names(patient, service) for id_, patient, service in rows}


def waiting(session: Session, patient_ids: Collection[UUID]) -> Sequence[WaitlistEntry]:
    """What these patients wait for, longest first."""
    found = select(WaitlistEntry).where(
        WaitlistEntry.patient_id.in_(patient_ids), WaitlistEntry.status == WaitStatus.WAITING
    )
    return session.scalars(found.order_by(WaitlistEntry.created_at, WaitlistEntry.id)).all()


def rank(session: Session, entry: WaitlistEntry) -> int:
    """How many are offered a time before or with this one: 1 is the next."""
    turn = tuple_(WaitlistEntry.priority, WaitlistEntry.id)
    before = select(func.count()).select_from(WaitlistEntry)
    before = before.where(
        WaitlistEntry.service_id == entry.service_id,
        WaitlistEntry.status == WaitStatus.WAITING,
        turn <= tuple_(entry.priority, entry.id),
    )
    return session.scalar(before) or 1


def join(session: Session, wish: Wish, *, by: Actor, now: datetime) -> WaitlistEntry:
    """Put a patient on the waiting list of a service; patients themselves wait in routine order.

    Raises NotFound outside the scope, AlreadyWaiting, NotEligible, WrongVisit, Invalid.
    """
    scope = by.scope(Permission.APPOINTMENTS_WRITE)
    patient = patients.get(session, wish.patient_id, scope=scope)
    service = services.get(session, wish.service_id, scope=scope)
    first = max(wish.earliest_on or lagos_day(now), lagos_day(now))
    last = wish.latest_on or min(first + WAITS_FOR, availability.horizon(service, now=now))
    appointments.refuse_unless_eligible(session, patient, service, on=first)
    if wish.practitioner_id and not services.offered_by(session, service, wish.practitioner_id):
        raise Invalid("practitioner_id", "They do not offer this service.", code="not_offered")
    _refuse_other_visits(session, wish)
    entry = WaitlistEntry(
        id=uuid7(),
        hospital_id=service.hospital_id,
        service_id=service.id,
        patient_id=patient.id,
        practitioner_id=wish.practitioner_id,
        moving_id=wish.moving_id,
        weekdays=sorted(set(wish.weekdays)),
        parts=[part.value for part in DayPart if part in wish.parts],
        earliest_on=first,
        latest_on=last,
        priority=wish.priority if scope.is_staff else ROUTINE,
        source=wish.source,
        created_at=now,
        updated_at=now,
    )
    with meaning(session, _refusals()):
        session.add(entry)
    session.refresh(entry)
    return entry


def change(
    session: Session,
    entry_id: UUID,
    *,
    version: int,
    by: Actor,
    now: datetime,
    **changes: Any,
) -> WaitlistEntry:
    """Change what would suit, or the priority (staff). Raises NotFound, StaleVersion, Invalid."""
    scope = by.scope(Permission.APPOINTMENTS_WRITE)
    entry = _waiting(session, entry_id, scope)
    if not scope.is_staff:
        changes.pop("priority", None)
    if "weekdays" in changes:
        changes["weekdays"] = sorted(set(changes["weekdays"]))
    if "parts" in changes:
        changes["parts"] = [part.value for part in DayPart if part in changes["parts"]]
    with meaning(session, _refusals()):
        edit(entry, changes, version=version, now=now)
    return entry


def leave(session: Session, entry_id: UUID, *, by: Actor, now: datetime) -> WaitlistEntry:
    """Wait no longer; an offer that is still open ends with the next round.

    Raises NotFound, NotWaiting.
    """
    entry = _waiting(session, entry_id, by.scope(Permission.APPOINTMENTS_WRITE))
    edit(entry, {"status": WaitStatus.LEFT}, version=entry.version, now=now)
    session.flush()
    return entry


def _waiting(session: Session, entry_id: UUID, scope: Scope) -> WaitlistEntry:
    entry = get(session, entry_id, scope=scope, lock=True)
    if entry.status != WaitStatus.WAITING:
        raise NotWaiting(f"This wait is over: {entry.status}.", stands=entry.status)
    return entry


def _refuse_other_visits(session: Session, wish: Wish) -> None:
    if wish.moving_id is None:
        return
    found = select(Appointment.id).where(
        Appointment.id == wish.moving_id,
        Appointment.patient_id == wish.patient_id,
        Appointment.service_id == wish.service_id,
        Appointment.status == AppointmentStatus.BOOKED,
    )
    if session.scalar(found) is None:
        raise WrongVisit("The visit to bring forward must be booked, theirs, and for this.")


def _refusals() -> dict[str, DomainError]:
    return {
        "uq_waitlist_entries_once": AlreadyWaiting("This patient waits for it already."),
        "ck_waitlist_entries_days": Invalid("latest_on", "The last day comes before the first."),
    }
