"""Closures: leave, holidays that move, days when a hospital or the whole group is shut."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from crm import hospitals, practitioners
from crm.kit.edits import edit
from crm.kit.errors import Denied, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import Appointment, AppointmentStatus, Closure, Practitioner

_STARTS = func.lower(Closure.during)


class Change(TypedDict, total=False):
    """What may be changed of a closure."""

    starts_at: datetime
    ends_at: datetime
    is_open: bool
    reason: str


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over closures: one's hospitals', and the whole group's."""
    if scope.hospitals is None or not scope.is_staff:
        return or_(scope.where(Closure.hospital_id), _is_for_all())
    theirs = select(Practitioner.id).where(scope.where(Practitioner.hospital_id))
    return or_(scope.where(Closure.hospital_id), Closure.practitioner_id.in_(theirs), _is_for_all())


def get(session: Session, closure_id: UUID, *, scope: Scope, lock: bool = False) -> Closure:
    """The closure. Raises NotFound, also outside the scope."""
    found = select(Closure).where(Closure.id == closure_id, visible(scope))
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    closure = session.scalar(found)
    if closure is None:
        raise NotFound("There is no such closure.")
    return closure


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> Found[Closure]:
    """The closures one may see that touch this stretch of time, by when they begin."""
    found = select(Closure).where(visible(scope))
    if hospital_id:
        found = found.where(or_(Closure.hospital_id == hospital_id, _is_for_all()))
    if practitioner_id:
        found = found.where(Closure.practitioner_id == practitioner_id)
    if begin or end:
        found = found.where(Closure.during.overlaps(Range(begin, end)))
    return keyset(session, found, page, _STARTS, Closure.id)


def create(
    session: Session,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    hospital_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    is_open: bool = False,
    by: Actor,
    now: datetime,
) -> Closure:
    """Close a practitioner's time, a hospital or all of them; with `is_open` open a holiday.

    What is booked stays booked: `visits_within` counts whom the desk must call. Raises NotFound,
    Denied, Invalid.
    """
    scope = by.scope(Permission.HOSPITALS_WRITE)
    closure = Closure(
        id=uuid7(),
        hospital_id=_place(session, hospital_id, practitioner_id, scope),
        practitioner_id=practitioner_id,
        during=_stretch(starts_at, ends_at),
        is_open=is_open,
        reason=reason,
        created_at=now,
        updated_at=now,
    )
    session.add(closure)
    session.flush()
    session.refresh(closure)
    return closure


def change(
    session: Session,
    closure_id: UUID,
    *,
    version: int,
    by: Actor,
    now: datetime,
    **changes: Unpack[Change],
) -> Closure:
    """Move a closure or say otherwise why. Raises NotFound, Denied, StaleVersion, Invalid."""
    closure = _own(session, closure_id, by)
    said: dict[str, Any] = {**changes}
    starts_at, ends_at = said.pop("starts_at", None), said.pop("ends_at", None)
    lower, upper = closure.during.lower, closure.during.upper
    during = _stretch(starts_at or lower, ends_at or upper)
    edit(closure, said | {"during": during}, version=version, now=now)
    session.flush()
    return closure


def delete(session: Session, closure_id: UUID, *, version: int, by: Actor, now: datetime) -> None:
    """Open what was closed. Raises NotFound, Denied, StaleVersion."""
    closure = _own(session, closure_id, by)
    edit(closure, {}, version=version, now=now)
    session.delete(closure)
    session.flush()


def visits_within(session: Session, closure: Closure) -> int:
    """How many booked visits fall into a closure."""
    if closure.is_open:
        return 0
    ids: Mapping[Any, UUID | None] = {
        Appointment.hospital_id: closure.hospital_id,
        Appointment.practitioner_id: closure.practitioner_id,
    }
    where = [column == id_ for column, id_ in ids.items() if id_ is not None]
    found = (
        select(func.count())
        .select_from(Appointment)
        .where(Appointment.status == AppointmentStatus.BOOKED, *where)
        .where(func.lower(Appointment.during) < closure.during.upper)
        .where(func.upper(Appointment.during) > closure.during.lower)
    )
    return session.scalar(found) or 0


def _is_for_all() -> ColumnElement[bool]:
    return and_(Closure.hospital_id.is_(None), Closure.practitioner_id.is_(None))


def _place(
    session: Session, hospital_id: UUID | None, practitioner_id: UUID | None, scope: Scope
) -> UUID | None:
    """The hospital closed: the practitioner's own, the one named, or None for the whole group."""
    if practitioner_id is not None:
        there = practitioners.get(session, practitioner_id, scope=scope).hospital_id
        if hospital_id not in {None, there}:
            raise Invalid("practitioner_id", "They work at another hospital.")
        return there
    if hospital_id is not None:
        return hospitals.get(session, hospital_id, scope=scope).id
    _refuse_unless_of_the_group(scope)
    return None


def _own(session: Session, closure_id: UUID, by: Actor) -> Closure:
    scope = by.scope(Permission.HOSPITALS_WRITE)
    closure = get(session, closure_id, scope=scope, lock=True)
    if closure.hospital_id is None and closure.practitioner_id is None:
        _refuse_unless_of_the_group(scope)
    return closure


def _refuse_unless_of_the_group(scope: Scope) -> None:
    if scope.hospitals is not None:
        raise Denied("Only those who run the whole group may close or open all of it.")


def _stretch(starts_at: datetime | None, ends_at: datetime | None) -> Range[datetime]:
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise Invalid("ends_at", "It must end after it begins.")
    return Range(starts_at, ends_at)
