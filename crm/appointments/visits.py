"""Visits as people see them: with the names of place, service and practitioner."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, literal_column
from sqlalchemy.orm import Session

from crm.kit import driver
from crm.kit.errors import NotFound
from crm.kit.prepared import Row
from crm.models import AppointmentStatus

_LINE_OCTETS = 75  # RFC 5545 §3.1
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def _first(visit: str) -> str:
    """The visit that this one was first booked as, found by walking back through its moves."""
    return f"""(
    with recursive chain as (
        select {visit}.id, {visit}.previous_id
        union all
        select earlier.id, earlier.previous_id
        from appointments as earlier
        join chain on earlier.id = chain.previous_id
    )
    select id from chain where previous_id is null
    )"""  # noqa: S608 -- the name is our own


FIRST: ColumnElement[UUID] = literal_column(_first("appointments"), Uuid())


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

    @property
    def patient_first_name(self) -> str:
        """What we call them."""
        return self.patient_name.split()[0]


# The columns stand in the order of the fields.
_VISITS = f"""
    select v.id, v.reference, v.status, lower(v.during), upper(v.during),
           v.confirmed_at is not null, v.hospital_id, h.name, h.address, h.phone,
           h.directions_url, v.service_id, s.name, v.practitioner_id, p.name, v.patient_id,
           t.full_name, v.clinic_session_id, v.queue_number, v.hold_until, v.checked_in_at,
           v.fulfilled_at, v.cancelled_at, v.cancel_reason, v.override_reason, v.source,
           v.previous_id, {_first("v")}, v.version - 1, v.revision, v.created_at, v.updated_at
    from appointments v
    join hospitals h on h.id = v.hospital_id
    join services s on s.id = v.service_id
    join practitioners p on p.id = v.practitioner_id
    join patient_profiles t on t.id = v.patient_id
"""  # noqa: S608 -- the pieces are our own
_THESE = f"{_VISITS} where v.id = any(%(visits)s)"
_UPCOMING = f"""
    {_VISITS}
    where v.patient_id = any(%(patients)s) and v.status = 'booked' and lower(v.during) > %(now)s
    order by lower(v.during)
    limit %(limit)s
"""


def get(session: Session, appointment_id: UUID) -> Visit:
    """One visit, whatever its status. Raises NotFound. One query."""
    visit = view(session, appointment_id)
    if visit is None:
        raise NotFound("There is no such visit.")
    return visit


def view(session: Session, appointment_id: UUID) -> Visit | None:
    """The same, or None when there is none."""
    return views(session, [appointment_id]).get(appointment_id)


def views(session: Session, appointment_ids: Collection[UUID]) -> dict[UUID, Visit]:
    """These visits by their ids. One query."""
    rows = driver.fetch(session, _THESE, {"visits": list(appointment_ids)})
    return {visit.id: visit for visit in map(_seen, rows)}


def upcoming(
    session: Session, patient_ids: Sequence[UUID], *, now: datetime, limit: int = 9
) -> list[Visit]:
    """The booked visits of these patients that are still to begin, soonest first. One query."""
    wanted = {"patients": list(patient_ids), "now": now, "limit": limit}
    return [_seen(row) for row in driver.fetch(session, _UPCOMING, wanted)]


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


def _seen(row: Row) -> Visit:
    id_, reference, status, *rest = row
    return Visit(id_, reference, AppointmentStatus(status), *rest)


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
