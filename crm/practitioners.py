"""Practitioners: who works at a hospital and offers what."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm import hospitals
from crm.kit.edits import edit
from crm.kit.errors import Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import (
    Appointment,
    AppointmentStatus,
    Hospital,
    Practitioner,
    PractitionerService,
    Service,
)


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over practitioners; people see those who work."""
    if scope.is_staff:
        return scope.where(Practitioner.hospital_id)
    is_open = select(Hospital.id).where(Hospital.is_active)
    return and_(Practitioner.is_active, Practitioner.hospital_id.in_(is_open))


def get(
    session: Session, practitioner_id: UUID, *, scope: Scope, lock: bool = False
) -> Practitioner:
    """The practitioner. Raises NotFound, also outside the scope."""
    found = select(Practitioner).where(Practitioner.id == practitioner_id, visible(scope))
    if lock:
        # Bookings refer to the row and must not wait for who edits it.
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    practitioner = session.scalar(found)
    if practitioner is None:
        raise NotFound("There is no such practitioner.")
    return practitioner


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    service_id: UUID | None = None,
    q: str | None = None,
    is_active: bool | None = None,
) -> Found[Practitioner]:
    """The practitioners one may see, by name."""
    found = select(Practitioner).where(visible(scope))
    if hospital_id:
        found = found.where(Practitioner.hospital_id == hospital_id)
    if service_id:
        offers = select(PractitionerService.practitioner_id).where(
            PractitionerService.service_id == service_id
        )
        found = found.where(Practitioner.id.in_(offers))
    if q:
        found = found.where(Practitioner.name.icontains(q, autoescape=True))
    if is_active is not None:
        found = found.where(Practitioner.is_active == is_active)
    return keyset(session, found, page, Practitioner.name, Practitioner.id)


def services_of(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, list[Service]]:
    """What each of these practitioners offers, by name. One query."""
    offered: dict[UUID, list[Service]] = {id_: [] for id_ in ids}
    rows = session.execute(
        select(PractitionerService.practitioner_id, Service)
        .join(Service, Service.id == PractitionerService.service_id)
        .where(PractitionerService.practitioner_id.in_(offered))
        .order_by(Service.name)
    )
    for practitioner_id, service in rows:
        offered[practitioner_id].append(service)
    return offered


def create(
    session: Session,
    *,
    hospital_id: UUID,
    name: str,
    service_ids: Collection[UUID] = (),
    by: Actor,
    now: datetime,
) -> Practitioner:
    """Let somebody work at a hospital of the caller's. Raises NotFound, Invalid."""
    hospitals.get(session, hospital_id, scope=by.scope(Permission.HOSPITALS_WRITE))
    practitioner = Practitioner(
        id=uuid7(), hospital_id=hospital_id, name=name, created_at=now, updated_at=now
    )
    session.add(practitioner)
    session.flush()
    _offer(session, practitioner, service_ids)
    session.refresh(practitioner)
    return practitioner


def change(
    session: Session,
    practitioner_id: UUID,
    *,
    version: int,
    by: Actor,
    now: datetime,
    name: str | None = None,
    service_ids: Collection[UUID] | None = None,
    is_active: bool | None = None,
) -> Practitioner:
    """Change name, services or whether they work. Raises NotFound, StaleVersion, Invalid."""
    scope = by.scope(Permission.HOSPITALS_WRITE)
    practitioner = get(session, practitioner_id, scope=scope, lock=True)
    changes = {"name": name, "is_active": is_active, "updated_at": now}
    given = {field: value for field, value in changes.items() if value is not None}
    edit(practitioner, given, version=version, now=now)
    if service_ids is not None:
        _offer(session, practitioner, service_ids)
    session.flush()
    return practitioner


def visits_ahead(session: Session, practitioner_id: UUID, *, now: datetime) -> int:
    """How many booked visits to them are still to come: leaving does not cancel them."""
    found = (
        select(func.count())
        .select_from(Appointment)
        .where(Appointment.practitioner_id == practitioner_id)
        .where(Appointment.status == AppointmentStatus.BOOKED)
        .where(func.lower(Appointment.during) > now)
    )
    return session.scalar(found) or 0


def _offer(session: Session, practitioner: Practitioner, service_ids: Collection[UUID]) -> None:
    """Let them offer exactly these services of their own hospital."""
    wanted = set(service_ids)
    known = set(
        session.scalars(
            select(Service.id).where(
                Service.id.in_(wanted), Service.hospital_id == practitioner.hospital_id
            )
        )
    )
    if wanted - known:
        raise Invalid("service_ids", "Their hospital has no such service.", code="unknown_service")
    offers = PractitionerService
    session.execute(
        delete(offers).where(
            offers.practitioner_id == practitioner.id, offers.service_id.not_in(wanted)
        )
    )
    rows = [{"service_id": id_, "practitioner_id": practitioner.id} for id_ in sorted(wanted)]
    if rows:
        session.execute(insert(offers).values(rows).on_conflict_do_nothing())
