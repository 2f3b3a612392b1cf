"""Visits as people see them: with the names of place, service and practitioner."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Uuid, func, literal_column, select
from sqlalchemy.orm import Session

from crm.kit.errors import NotFound
from crm.models import (
    Appointment,
    AppointmentStatus,
    Hospital,
    Patient,
    Practitioner,
    Service,
)

_LINE_OCTETS = 75  # RFC 5545 §3.1
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
# The visit that this one was first booked as, found by walking back through its moves.
FIRST: ColumnElement[UUID] = literal_column(
    """(
    with recursive chain as (
        select appointments.id, appointments.previous_id
        union all
        select earlier.id, earlier.previous_id
        from appointments as earlier
        join chain on earlier.id = chain.previous_id
    )
    select id from chain where previous_id is null
    )""",
    Uuid(),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment with its names. `first_id` and `moves` follow it through its moves."""

    id: UUID
    reference: str
    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    is_confirmed: bool
    hospital_id: UUID
    hospital: str
    hospital_address: str
    hospital_phone: str
    directions_url: str | None
    service_id: UUID
    service: str
    practitioner_id: UUID
    practitioner: str
    patient_id: UUID
    patient_first_name: str
    patient_name: str
    clinic_session_id: UUID | None
    queue_number: int | None
    hold_until: datetime | None
    checked_in_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    override_reason: str | None
    source: str
    previous_id: UUID | None
    first_id: UUID
    moves: int
    revision: int
    booked_at: datetime
    changed_at: datetime


def get(session: Session, appointment_id: UUID) -> Visit:
    """One visit, whatever its status. Raises NotFound. One query."""
    visit = view(session, appointment_id)
    if visit is None:
        raise NotFound("There is no such visit.")
    return visit


def view(session: Session, appointment_id: UUID) -> Visit | None:
    """The same, or None when there is none."""
    row = session.execute(_visits().where(Appointment.id == appointment_id)).one_or_none()
    return _seen(row) if row else None


def views(session: Session, appointment_ids: Collection[UUID]) -> dict[UUID, Visit]:
    """These visits by their ids. One query."""
    rows = session.execute(_visits().where(Appointment.id.in_(appointment_ids)))
    seen = map(_seen, rows)
    return {visit.id: visit for visit in seen}


def upcoming(
    session: Session, patient_ids: Sequence[UUID], *, now: datetime, limit: int = 9
) -> list[Visit]:
    """The booked visits of these patients that are still to begin, soonest first. One query."""
    rows = session.execute(
        _visits()
        .where(Appointment.patient_id.in_(patient_ids))
        .where(Appointment.status == AppointmentStatus.BOOKED)
        .where(func.lower(Appointment.during) > now)
        .order_by(func.lower(Appointment.during))
        .limit(limit)
    )
    return [_seen(row) for row in rows]


def calendar_file(visit: Visit) -> str:
    """The visit as an iCalendar file (RFC 5545).

    A moved visit keeps its UID and counts up its SEQUENCE, so that a calendar replaces it. The
    summary names the place alone: calendars are seen by others.
    """
    is_cancelled = visit.status == AppointmentStatus.CANCELLED
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//GrandPro HMSO//Appointments//EN",
        f"METHOD:{'CANCEL' if is_cancelled else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{visit.first_id}@grandpro-hmso",
        f"SEQUENCE:{visit.moves * 2 + is_cancelled}",
        f"DTSTAMP:{_utc(visit.changed_at)}",
        f"DTSTART:{_utc(visit.starts_at)}",
        f"DTEND:{_utc(visit.ends_at)}",
        f"SUMMARY:{_escaped('Appointment at ' + visit.hospital)}",
        f"LOCATION:{_escaped(visit.hospital + ', ' + visit.hospital_address)}",
        f"STATUS:{'CANCELLED' if is_cancelled else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) + "\r\n" for line in lines)


def _visits() -> Select[*tuple[Any, ...]]:
    return (
        select(Appointment, Hospital, Service.name, Practitioner.name, Patient, FIRST)
        .join(Hospital, Hospital.id == Appointment.hospital_id)
        .join(Service, Service.id == Appointment.service_id)
        .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .join(Patient, Patient.id == Appointment.patient_id)
    )


def _seen(row: Row[*tuple[Any, ...]]) -> Visit:
    appointment, hospital, service, practitioner, patient, first_id = row
    return Visit(
        id=appointment.id,
        reference=appointment.reference,
        status=appointment.status,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        is_confirmed=appointment.confirmed_at is not None,
        hospital_id=hospital.id,
        hospital=hospital.name,
        hospital_address=hospital.address,
        hospital_phone=hospital.phone,
        directions_url=hospital.directions_url,
        service_id=appointment.service_id,
        service=service,
        practitioner_id=appointment.practitioner_id,
        practitioner=practitioner,
        patient_id=patient.id,
        patient_first_name=patient.first_name,
        patient_name=patient.full_name,
        clinic_session_id=appointment.clinic_session_id,
        queue_number=appointment.queue_number,
        hold_until=appointment.hold_until,
        checked_in_at=appointment.checked_in_at,
        fulfilled_at=appointment.fulfilled_at,
        cancelled_at=appointment.cancelled_at,
        cancel_reason=appointment.cancel_reason,
        override_reason=appointment.override_reason,
        source=appointment.source,
        previous_id=appointment.previous_id,
        first_id=first_id,
        moves=appointment.version - 1,
        revision=appointment.revision,
        booked_at=appointment.created_at,
        changed_at=appointment.updated_at,
    )


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, cut between characters (RFC 5545 §3.1)."""
    pieces, room = [""], _LINE_OCTETS
    for character in line:
        size = len(character.encode())
        if size > room:
            pieces.append("")
            room = _LINE_OCTETS - 1  # the space that goes before the piece counts
        pieces[-1] += character
        room -= size
    return "\r\n ".join(pieces)
