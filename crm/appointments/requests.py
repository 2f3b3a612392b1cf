"""Bookings that people and other systems ask for, with every check of the contract.

The chat books through `changes` alone: it offers only times that pass these checks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import availability, hospitals, patients, services
from crm.appointments import changes, checks, notes
from crm.appointments.taking import Booking
from crm.availability import Slot, Wish
from crm.kit.clock import lagos_day
from crm.kit.errors import Denied, Invalid
from crm.kit.permissions import Actor, Permission
from crm.models import Appointment, ClinicSession, Patient, Practitioner, Service

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for; nobody named is anybody who offers it."""

    patient_id: UUID
    service_id: UUID
    hospital_id: UUID | None = None
    practitioner_id: UUID | None = None
    starts_at: datetime | None = None
    session_id: UUID | None = None
    """In place of a time: the session to join."""
    duration_min: int | None = None
    """Staff may make a visit shorter or longer."""
    hold_id: UUID | None = None
    reason: str | None = None
    notes: str | None = None
    source: str
    override: str | None = None
    """Why staff break the rules of times; needs the permission."""


def ask(session: Session, request: Request, *, by: Actor, now: datetime) -> Booking:
    """Book what is asked for.

    Raises NotFound outside the scope, Denied, Invalid, the refusals of `checks`, and those of
    `changes.book`.
    """
    patient, service = _who_and_what(session, request, by)
    slot = _slot(session, service, request, now=now)
    if request.override is None:
        checks.check(session, patient, service, slot, now=now)
    booked = changes.book(
        session,
        patient_id=patient.id,
        service=service,
        slot=slot,
        source=request.source,
        hold_id=request.hold_id,
        override=request.override,
        is_offered=request.override is None,
        now=now,
    )
    if request.reason is not None or request.notes is not None:
        visit = session.get_one(Appointment, booked.id, populate_existing=True)
        notes.keep(session, visit, reason=request.reason, notes=request.notes)
    return booked


def ask_hold(session: Session, request: Request, *, by: Actor, now: datetime) -> Booking:
    """Keep a time for ten minutes. Raises as `ask` does."""
    patient, service = _who_and_what(session, request, by)
    slot = _slot(session, service, request, now=now)
    checks.check(session, patient, service, slot, now=now)
    held = changes.hold(
        session,
        patient_id=patient.id,
        service=service,
        slot=slot,
        source=request.source,
        is_offered=True,
        now=now,
    )
    assert held is not None  # noqa: S101 -- only a move may need no hold
    return held


def ask_move(
    session: Session,
    visit: Appointment,
    *,
    starts_at: datetime,
    practitioner_id: UUID | None = None,
    is_for_any: bool = False,
    source: str,
    override: str | None = None,
    by: Actor,
    now: datetime,
) -> Booking:
    """Move a visit to another time, with the same practitioner unless said. Raises as `ask`."""
    request = Request(
        patient_id=visit.patient_id,
        service_id=visit.service_id,
        practitioner_id=practitioner_id or (None if is_for_any else visit.practitioner_id),
        starts_at=starts_at,
        duration_min=int((visit.ends_at - visit.starts_at) / _MINUTE),
        source=source,
        override=override,
    )
    patient, service = _who_and_what(session, request, by)
    slot = _slot(session, service, request, now=now, moving_id=visit.id)
    if override is None:
        checks.check(session, patient, service, slot, now=now)
    return changes.book(
        session,
        patient_id=patient.id,
        service=service,
        slot=slot,
        source=source,
        moving_id=visit.id,
        override=override,
        is_offered=override is None,
        now=now,
    )


def _who_and_what(session: Session, request: Request, by: Actor) -> tuple[Patient, Service]:
    scope = by.scope(Permission.APPOINTMENTS_WRITE)
    patient = patients.get(session, request.patient_id, scope=scope)
    service = services.get(session, request.service_id, scope=scope)
    if request.hospital_id not in {None, service.hospital_id}:
        raise Invalid("service_id", "That hospital has no such service.", code="unknown_service")
    if request.override is not None:
        override = by.scope(Permission.APPOINTMENTS_OVERRIDE)
        if not (override.is_staff and override.covers(service.hospital_id)):
            raise Denied("You may not book against the rules.", needs="appointments:override")
    return patient, service


def _slot(
    session: Session,
    service: Service,
    request: Request,
    *,
    now: datetime,
    moving_id: UUID | None = None,
) -> Slot:
    """The time asked for, with somebody who has it: who is free, else who works, else who may."""
    if request.session_id is not None:
        return _of_session(session, service, request.session_id)
    starts_at = request.starts_at
    if starts_at is None:
        raise Invalid("start_at", "Say when, or which session.", code="missing")
    who = _candidates(session, service, request.practitioner_id)
    if len(who) > 1:
        wish: Wish = {"patient_id": request.patient_id, "moving_id": moving_id}
        free = _free_at(session, service, starts_at, wish, now=now)
        who = [each for each in who if each.id == free] or who
    slots = [_at(session, service, each, starts_at, request.duration_min) for each in who]
    if len(slots) == 1:
        return slots[0]
    offered = (slot for slot in slots if availability.is_offered(session, service, slot))
    return next(offered, slots[0])


def _of_session(session: Session, service: Service, session_id: UUID) -> Slot:
    found = session.execute(
        select(ClinicSession, Practitioner.name)
        .join(Practitioner, Practitioner.id == ClinicSession.practitioner_id)
        .where(ClinicSession.id == session_id, ClinicSession.service_id == service.id)
    ).one_or_none()
    if found is None:
        raise Invalid("session_id", "This service has no such session.", code="unknown_session")
    there, name = found
    return Slot(there.practitioner_id, name, there.starts_at, there.ends_at)


def _candidates(
    session: Session, service: Service, practitioner_id: UUID | None
) -> Sequence[Practitioner]:
    offering = hospitals.practitioners(session, service.id)
    who = [each for each in offering if practitioner_id in {None, each.id}]
    if not who:
        raise Invalid("practitioner_id", "Nobody like that offers it.", code="not_offered")
    return who


def _free_at(
    session: Session,
    service: Service,
    starts_at: datetime,
    wish: Wish,
    *,
    now: datetime,
) -> UUID | None:
    """Who is free then, the one with least to do first."""
    day = lagos_day(starts_at)
    free = availability.free_slots(session, service, first=day, last=day, now=now, **wish)
    return next((slot.practitioner_id for slot in free if slot.starts_at == starts_at), None)


def _at(
    session: Session,
    service: Service,
    who: Practitioner,
    starts_at: datetime,
    duration_min: int | None,
) -> Slot:
    if service.is_session:
        there = availability.session_at(session, service, who.id, starts_at)
        if there is not None:
            return there
    length = timedelta(minutes=duration_min or service.duration_min)
    return Slot(who.id, who.name, starts_at, starts_at + length)
