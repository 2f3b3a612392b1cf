"""The bodies and answers of appointments."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from crm import appointments, reminders
from crm.api.kit import Body, Out, Query, call
from crm.api.kit.fields import Day, Moment, Note, Reason, ShortNote, Title, Version
from crm.appointments import Visit
from crm.kit.permissions import Permission
from crm.models import AppointmentStatus, ReminderKind, ReminderStatus

Length = Annotated[int, Field(ge=5, le=480, description="Minutes; for staff.")]
Source = Literal["whatsapp", "sms", "web", "phone", "walk_in", "desk"]
Anybody = UUID | Literal["any"]


class OverrideBody(Body):
    """Why a visit is booked against the rules of times; needs the permission, and is kept."""

    reason: Reason


class TimeBody(Body):
    """What is to be booked: when, or which session, with somebody or anybody."""

    patient_id: UUID
    hospital_id: UUID
    service_id: UUID
    practitioner_id: Anybody = "any"
    start_at: Moment | None = None
    session_id: UUID | None = None
    source: Source | None = None


class AppointmentBody(TimeBody):
    """A visit to be booked; with `join_waitlist` a full time puts the patient on the list."""

    duration_min: Length | None = None
    reason: ShortNote | None = None
    internal_notes: Note | None = None
    hold_id: UUID | None = None
    join_waitlist: bool = False
    override: OverrideBody | None = None


class MoveBody(Body):
    """Another time; with the same practitioner unless said."""

    version: Version | None = None
    start_at: Moment
    practitioner_id: Anybody | None = None
    override: OverrideBody | None = None


class StepBody(Body):
    """A step; a version, when sent, must be the newest."""

    version: Version | None = None


class CancelBody(StepBody):
    """Why a visit is cancelled, and by whom: the patient's points stay when the hospital does."""

    reason: Title
    cancelled_by: Literal["patient", "hospital"] = "patient"


class ErrorBody(StepBody):
    """Why the visit should never have been written down."""

    reason: Reason


class AppointmentChange(Body):
    """What was said of a visit; a field left out stays, null empties it."""

    version: Version | None = None
    reason: ShortNote | None = None
    internal_notes: Note | None = None


class AppointmentQuery(Query):
    """Which visits: of a hospital, a day or a stretch of time, a person, a status."""

    hospital_id: UUID | None = None
    patient_id: UUID | None = None
    practitioner_id: UUID | None = None
    service_id: UUID | None = None
    session_id: UUID | None = None
    status: Annotated[list[AppointmentStatus], Field(max_length=9)] = Field(default_factory=list)
    day: Day | None = None
    begin: Moment | None = None
    end: Moment | None = None
    sort: Literal["start_at", "-start_at"] = "start_at"


class AppointmentOut(Out):
    """A visit as a list shows it."""

    id: UUID
    reference: str
    status: AppointmentStatus
    start_at: datetime
    end_at: datetime
    hospital_id: UUID
    hospital: str
    service_id: UUID
    service: str
    practitioner_id: UUID
    practitioner: str
    patient_id: UUID
    patient: str
    session_id: UUID | None
    queue_number: int | None
    is_confirmed: bool
    checked_in_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    source: str
    previous_id: UUID | None
    moves: int
    booked_at: datetime
    version: int

    @classmethod
    def of(cls, visit: Visit) -> "AppointmentOut":
        """The visit in the contract's words."""
        return cls(**_facts(visit))


class AppointmentReminderOut(Out):
    """A reminder that is still to come."""

    kind: ReminderKind
    channel: str
    due_at: datetime
    status: ReminderStatus


class CancellationPolicyOut(Out):
    """Until when the patient may move or cancel, and how often still."""

    free_until: datetime
    moves_left: int


class AppointmentDetailOut(AppointmentOut):
    """One visit with the way there, its calendar file, its reminders and its points."""

    location: str
    phone: str
    directions_url: str | None
    ics_url: str
    reminders: list[AppointmentReminderOut]
    points_awarded: int
    cancellation_policy: CancellationPolicyOut
    reason: str | None
    internal_notes: str | None
    override_reason: str | None


class HoldOut(Out):
    """A time kept for a patient; a booking names it as `hold_id`."""

    hold_id: UUID
    hold_until: datetime | None
    start_at: datetime
    end_at: datetime
    practitioner_id: UUID


def detail(visit: Visit) -> AppointmentDetailOut:
    """Everything of a visit that the caller may read."""
    said = appointments.said_of(call.session, visit.id)
    is_staff = call.scope.is_staff
    reads_reason = not is_staff or _may_there(Permission.CLINICAL_READ, visit)
    reads_notes = is_staff and _may_there(Permission.APPOINTMENTS_WRITE, visit)
    return AppointmentDetailOut(
        **_facts(visit),
        location=f"{visit.hospital}, {visit.hospital_address}",
        phone=visit.hospital_phone,
        directions_url=visit.directions_url,
        ics_url=call.wiring.links.calendar(visit.id),
        reminders=[
            AppointmentReminderOut.model_validate(each)
            for each in reminders.coming(call.session, visit.id)
        ],
        points_awarded=said.points,
        cancellation_policy=CancellationPolicyOut(
            free_until=visit.starts_at - appointments.CUT_OFF,
            moves_left=max(0, appointments.MAX_MOVES - visit.moves),
        ),
        reason=said.reason if reads_reason else None,
        internal_notes=said.notes if reads_notes else None,
        override_reason=visit.override_reason if is_staff else None,
    )


def _may_there(permission: Permission, visit: Visit) -> bool:
    return call.may(permission) and call.actor.scope(permission).covers(visit.hospital_id)


def _facts(visit: Visit) -> dict[str, Any]:
    return {
        "id": visit.id,
        "reference": visit.reference,
        "status": visit.status,
        "start_at": visit.starts_at,
        "end_at": visit.ends_at,
        "hospital_id": visit.hospital_id,
        "hospital": visit.hospital,
        "service_id": visit.service_id,
        "service": visit.service,
        "practitioner_id": visit.practitioner_id,
        "practitioner": visit.practitioner,
        "patient_id": visit.patient_id,
        "patient": visit.patient_name,
        "session_id": visit.clinic_session_id,
        "queue_number": visit.queue_number,
        "is_confirmed": visit.is_confirmed,
        "checked_in_at": visit.checked_in_at,
        "fulfilled_at": visit.fulfilled_at,
        "cancelled_at": visit.cancelled_at,
        "cancel_reason": visit.cancel_reason,
        "source": visit.source,
        "previous_id": visit.previous_id,
        "moves": visit.moves,
        "booked_at": visit.booked_at,
        "version": visit.revision,
    }
