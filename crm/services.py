"""Services: what a patient can book at a hospital, and in which words it is asked for."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from crm import hospitals
from crm.kit.edits import edit
from crm.kit.errors import DomainError, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.kit.violations import meaning
from crm.models import (
    Appointment,
    AppointmentStatus,
    ClinicSession,
    Gender,
    Hospital,
    Practitioner,
    PractitionerService,
    Service,
    ServiceMode,
)

_WORD = re.compile(r"\w+")


class NameTaken(DomainError):
    """The hospital has another service of this name."""

    code = "name_taken"


class ModeInUse(DomainError):
    """People are booked the old way; their visits must be over before the way can change."""

    code = "mode_in_use"


class About(TypedDict, total=False):
    """What may be said of a service."""

    name: str
    synonyms: list[str]
    mode: ServiceMode
    duration_min: int
    buffer_before_min: int
    buffer_after_min: int
    capacity: int | None
    overbook: int
    min_notice_min: int
    horizon_days: int
    min_age_years: int | None
    max_age_years: int | None
    gender: Gender | None
    price_kobo: int | None
    position: int
    is_active: bool


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over services: staff see their hospitals', people what is open."""
    if scope.is_staff:
        return scope.where(Service.hospital_id)
    is_open = select(Hospital.id).where(Hospital.is_active)
    return and_(Service.is_active, Service.hospital_id.in_(is_open))


def get(session: Session, service_id: UUID, *, scope: Scope, lock: bool = False) -> Service:
    """The service. Raises NotFound, also outside the scope."""
    found = select(Service).where(Service.id == service_id, visible(scope))
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    service = session.scalar(found)
    if service is None:
        raise NotFound("There is no such service.")
    return service


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    q: str | None = None,
    mode: ServiceMode | None = None,
    is_active: bool | None = None,
) -> Found[Service]:
    """The services one may see, in their hospital's order; `q` looks at other words too."""
    found = select(Service).where(visible(scope))
    if hospital_id:
        found = found.where(Service.hospital_id == hospital_id)
    if q:
        found = found.where(_is_called(q))
    if mode:
        found = found.where(Service.mode == mode)
    if is_active is not None:
        found = found.where(Service.is_active == is_active)
    return keyset(session, found, page, Service.position, Service.name, Service.id)


def named(offered: Sequence[Service], words: str) -> Service | None:
    """The one service that these words speak of, by its name or another word for it.

    None when they speak of none or of several: "I need a dentist" is Dental.
    """
    said = " ".join(_WORD.findall(words.casefold()))
    meant = [service for service in offered if any(_is_in(c, said) for c in _calls(service))]
    return meant[0] if len(meant) == 1 else None


def create(
    session: Session, *, hospital_id: UUID, by: Actor, now: datetime, **about: Unpack[About]
) -> Service:
    """Offer a service at a hospital of the caller's. Raises NotFound, NameTaken, Invalid."""
    hospitals.get(session, hospital_id, scope=by.scope(Permission.HOSPITALS_WRITE))
    service = Service(
        id=uuid7(), hospital_id=hospital_id, created_at=now, updated_at=now, **_clean(about)
    )
    with meaning(session, _refusals()):
        session.add(service)
    session.refresh(service)
    return service


def change(
    session: Session,
    service_id: UUID,
    *,
    version: int,
    by: Actor,
    now: datetime,
    **changes: Unpack[About],
) -> Service:
    """Change a service. Raises NotFound, StaleVersion, NameTaken, ModeInUse, Invalid.

    What is booked stays as it was booked; sessions that nobody adjusted take the new places.
    """
    scope = by.scope(Permission.HOSPITALS_WRITE)
    service = get(session, service_id, scope=scope, lock=True)
    with meaning(session, _refusals()):
        changed = edit(service, _clean(changes), version=version, now=now)
        if "mode" in changed:
            _refuse_if_booked(session, service, now)
    if {"capacity", "overbook"} & set(changed) and service.is_session:
        _carry_places(session, service, now)
    return service


def visits_ahead(session: Session, service_id: UUID, *, now: datetime) -> int:
    """How many booked visits of it are still to come: ending it does not cancel them."""
    found = (
        select(func.count())
        .select_from(Appointment)
        .where(Appointment.service_id == service_id)
        .where(Appointment.status == AppointmentStatus.BOOKED)
        .where(func.lower(Appointment.during) > now)
    )
    return session.scalar(found) or 0


def offered_by(session: Session, service: Service, practitioner_id: UUID) -> bool:
    """True when this practitioner offers it and still works there."""
    found = (
        select(Practitioner.id)
        .join(PractitionerService, PractitionerService.practitioner_id == Practitioner.id)
        .where(PractitionerService.service_id == service.id)
        .where(Practitioner.id == practitioner_id, Practitioner.is_active)
    )
    return session.scalar(found) is not None


def _is_called(q: str) -> ColumnElement[bool]:
    others = func.array_to_string(Service.synonyms, "\n")
    return or_(Service.name.icontains(q, autoescape=True), others.icontains(q, autoescape=True))


def _calls(service: Service) -> list[str]:
    return [" ".join(_WORD.findall(word.casefold())) for word in (service.name, *service.synonyms)]


def _is_in(call: str, said: str) -> bool:
    return bool(call) and f" {call} " in f" {said} "


def _clean(about: Mapping[str, Any]) -> dict[str, Any]:
    """Other words once each, in small letters; a service of times has no places."""
    cleaned = dict(about)
    if "synonyms" in cleaned:
        words = (" ".join(word.casefold().split()) for word in cleaned["synonyms"])
        cleaned["synonyms"] = list(dict.fromkeys(filter(None, words)))
    if cleaned.get("mode") == ServiceMode.EXCLUSIVE:
        cleaned |= {"capacity": None, "overbook": 0}
    return cleaned


def _refuse_if_booked(session: Session, service: Service, now: datetime) -> None:
    if ahead := visits_ahead(session, service.id, now=now):
        raise ModeInUse("People are booked for this service.", visits_ahead=ahead)


def _carry_places(session: Session, service: Service, now: datetime) -> None:
    session.execute(
        update(ClinicSession)
        .where(ClinicSession.service_id == service.id, ClinicSession.starts_at > now)
        .where(ClinicSession.version == 1)
        .where(ClinicSession.booked <= (service.capacity or 0) + service.overbook)
        .values(capacity=service.capacity, overbook=service.overbook, updated_at=now)
    )


def _refusals() -> dict[str, DomainError]:
    ages = "The oldest may not be younger than the youngest."
    return {
        "uq_services_hospital_id_name": NameTaken("This hospital has a service of that name."),
        "ck_services_capacity": Invalid(
            "capacity", "Sessions have places, single visits have not."
        ),
        "ck_services_ages": Invalid("max_age_years", ages),
    }
