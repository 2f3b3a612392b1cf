"""The weekly hours of practitioners."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crm import practitioners
from crm.kit.edits import edit
from crm.kit.errors import DomainError, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import Practitioner, PractitionerService, Schedule

ALWAYS = date(2020, 1, 1)
_NEVER = date(9999, 12, 31)


class HoursOverlap(DomainError):
    """The practitioner works at that time already; `facts["schedule_id"]` says when."""

    code = "hours_overlap"


class Hours(TypedDict, total=False):
    """What may be said of hours."""

    service_id: UUID | None
    weekday: int
    starts: time
    ends: time
    valid_from: date
    valid_to: date | None


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over hours: those of the practitioners one may see."""
    seen = select(Practitioner.id).where(practitioners.visible(scope))
    return Schedule.practitioner_id.in_(seen)


def get(session: Session, schedule_id: UUID, *, scope: Scope) -> Schedule:
    """The hours. Raises NotFound, also outside the scope."""
    found = session.scalar(select(Schedule).where(Schedule.id == schedule_id, visible(scope)))
    if found is None:
        raise NotFound("There are no such hours.")
    return found


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    service_id: UUID | None = None,
    on: date | None = None,
) -> Found[Schedule]:
    """The hours one may see, through the week; with `on` those in force on that day."""
    found = select(Schedule).where(visible(scope))
    if hospital_id:
        there = select(Practitioner.id).where(Practitioner.hospital_id == hospital_id)
        found = found.where(Schedule.practitioner_id.in_(there))
    if practitioner_id:
        found = found.where(Schedule.practitioner_id == practitioner_id)
    if service_id:
        found = found.where(Schedule.service_id == service_id)
    if on:
        found = found.where(
            Schedule.weekday == on.weekday(),
            Schedule.valid_from <= on,
            func.coalesce(Schedule.valid_to, _NEVER) >= on,
        )
    return keyset(session, found, page, Schedule.weekday, Schedule.id)


def create(
    session: Session,
    *,
    practitioner_id: UUID,
    by: Actor,
    now: datetime,
    **hours: Unpack[Hours],
) -> Schedule:
    """Let a practitioner work these hours every week. Raises NotFound, HoursOverlap, Invalid."""
    scope = by.scope(Permission.HOSPITALS_WRITE)
    # Locked, so that two people do not write overlapping hours side by side.
    practitioners.get(session, practitioner_id, scope=scope, lock=True)
    schedule = Schedule(
        id=uuid7(),
        practitioner_id=practitioner_id,
        created_at=now,
        updated_at=now,
        **({"valid_from": ALWAYS} | dict(hours)),
    )
    _check(session, schedule)
    session.add(schedule)
    session.flush()
    session.refresh(schedule)
    return schedule


def change(
    session: Session,
    schedule_id: UUID,
    *,
    version: int,
    by: Actor,
    now: datetime,
    **hours: Unpack[Hours],
) -> Schedule:
    """Change hours; what is booked stays. Raises NotFound, StaleVersion, HoursOverlap, Invalid."""
    schedule = _locked(session, schedule_id, by)
    changes: Mapping[str, Any] = hours
    with session.no_autoflush:
        edit(schedule, changes, version=version, now=now)
        _check(session, schedule)
    session.flush()
    return schedule


def end(
    session: Session, schedule_id: UUID, *, version: int, last: date, by: Actor, now: datetime
) -> Schedule | None:
    """End hours after this day; None when they never began and are gone.

    Raises NotFound, StaleVersion.
    """
    schedule = _locked(session, schedule_id, by)
    edit(schedule, {"valid_to": max(last, schedule.valid_from)}, version=version, now=now)
    if last < schedule.valid_from:
        session.delete(schedule)
        session.flush()
        return None
    session.flush()
    return schedule


def _locked(session: Session, schedule_id: UUID, by: Actor) -> Schedule:
    scope = by.scope(Permission.HOSPITALS_WRITE)
    schedule = get(session, schedule_id, scope=scope)
    practitioners.get(session, schedule.practitioner_id, scope=scope, lock=True)
    session.refresh(schedule)
    return schedule


def _check(session: Session, schedule: Schedule) -> None:
    if schedule.ends <= schedule.starts:
        raise Invalid("ends", "The hours must end after they start.")
    if schedule.valid_to is not None and schedule.valid_to < schedule.valid_from:
        raise Invalid("valid_to", "The hours must be valid for a day at least.")
    if schedule.service_id is not None:
        _refuse_unless_offered(session, schedule)
    other = session.scalar(_overlapping(schedule))
    if other is not None:
        raise HoursOverlap("The practitioner works at that time already.", schedule_id=other)


def _refuse_unless_offered(session: Session, schedule: Schedule) -> None:
    key = (schedule.service_id, schedule.practitioner_id)
    if session.get(PractitionerService, key) is None:
        raise Invalid("service_id", "This practitioner does not offer it.", code="not_offered")


def _overlapping(schedule: Schedule) -> Any:
    return (
        select(Schedule.id)
        .where(Schedule.practitioner_id == schedule.practitioner_id)
        .where(Schedule.weekday == schedule.weekday, Schedule.id != schedule.id)
        .where(Schedule.starts < schedule.ends, Schedule.ends > schedule.starts)
        .where(Schedule.valid_from <= (schedule.valid_to or _NEVER))
        .where(func.coalesce(Schedule.valid_to, _NEVER) >= schedule.valid_from)
        .limit(1)
    )
