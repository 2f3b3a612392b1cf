"""Hospitals, what they offer, and who offers it."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crm.kit.clock import lagos
from crm.kit.edits import edit
from crm.kit.errors import Denied, DomainError, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.kit.violations import meaning
from crm.models import (
    Appointment,
    AppointmentStatus,
    Hospital,
    Practitioner,
    PractitionerService,
    Service,
)


class CodeTaken(DomainError):
    """Another hospital has this code; references of visits begin with it."""

    code = "code_taken"


class About(TypedDict, total=False):
    """What may be said of a hospital."""

    name: str
    state: str
    address: str
    directions_url: str | None
    phone: str
    desk_phone: str | None
    opens: time
    closes: time
    position: int
    is_active: bool


def active(session: Session) -> Sequence[Hospital]:
    """The hospitals one can go to, in the group's order."""
    return session.scalars(
        select(Hospital).where(Hospital.is_active).order_by(Hospital.position, Hospital.name)
    ).all()


def services(session: Session, hospital_id: UUID) -> Sequence[Service]:
    """What the hospital offers, in its order."""
    return session.scalars(
        select(Service)
        .where(Service.hospital_id == hospital_id, Service.is_active)
        .order_by(Service.position, Service.name)
    ).all()


def practitioners(session: Session, service_id: UUID) -> Sequence[Practitioner]:
    """Who offers the service, by name."""
    return session.scalars(
        select(Practitioner)
        .join(PractitionerService, PractitionerService.practitioner_id == Practitioner.id)
        .where(PractitionerService.service_id == service_id, Practitioner.is_active)
        .order_by(Practitioner.name)
    ).all()


def desk_is_open(hospital: Hospital, *, now: datetime) -> bool:
    """True in the desk's hours, Monday to Saturday."""
    local = lagos(now)
    return local.weekday() < 6 and hospital.opens <= local.time() < hospital.closes  # noqa: PLR2004


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over hospitals: staff see theirs, people those one can go to."""
    return scope.where(Hospital.id) if scope.is_staff else Hospital.is_active.is_(True)


def get(session: Session, hospital_id: UUID, *, scope: Scope, lock: bool = False) -> Hospital:
    """The hospital. Raises NotFound, also outside the scope."""
    found = select(Hospital).where(Hospital.id == hospital_id, visible(scope))
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    hospital = session.scalar(found)
    if hospital is None:
        raise NotFound("There is no such hospital.")
    return hospital


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    q: str | None = None,
    state: str | None = None,
    is_active: bool | None = None,
) -> Found[Hospital]:
    """The hospitals one may see, in the group's order."""
    found = select(Hospital).where(visible(scope))
    if q:
        found = found.where(Hospital.name.icontains(q, autoescape=True))
    if state:
        found = found.where(Hospital.state == state)
    if is_active is not None:
        found = found.where(Hospital.is_active == is_active)
    return keyset(session, found, page, Hospital.position, Hospital.name, Hospital.id)


def create(
    session: Session, *, code: str, by: Actor, now: datetime, **about: Unpack[About]
) -> Hospital:
    """Open a hospital; for those who run the whole group. Raises Denied, CodeTaken, Invalid."""
    if by.scope(Permission.HOSPITALS_WRITE).hospitals is not None:
        raise Denied("Only those who run the whole group may open a hospital.")
    hospital = Hospital(id=uuid7(), code=code, created_at=now, updated_at=now, **about)
    with meaning(session, _refusals()):
        session.add(hospital)
    session.refresh(hospital)
    return hospital


def update(
    session: Session,
    hospital_id: UUID,
    *,
    version: int,
    by: Actor,
    now: datetime,
    **changes: Unpack[About],
) -> Hospital:
    """Change what is known of a hospital. Raises NotFound, StaleVersion, Invalid."""
    scope = by.scope(Permission.HOSPITALS_WRITE)
    hospital = get(session, hospital_id, scope=scope, lock=True)
    with meaning(session, _refusals()):
        edit(hospital, changes, version=version, now=now)
    return hospital


def visits_ahead(session: Session, hospital_id: UUID, *, now: datetime) -> int:
    """How many booked visits are still to come there: closing does not cancel them."""
    found = (
        select(func.count())
        .select_from(Appointment)
        .where(Appointment.hospital_id == hospital_id)
        .where(Appointment.status == AppointmentStatus.BOOKED)
        .where(func.lower(Appointment.during) > now)
    )
    return session.scalar(found) or 0


def _refusals() -> dict[str, DomainError]:
    return {
        "uq_hospitals_code": CodeTaken("Another hospital has this code."),
        "ck_hospitals_hours": Invalid("closes", "The desk must close after it opens."),
    }
