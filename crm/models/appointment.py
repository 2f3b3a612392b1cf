"""Visits, the sessions that many visit at once, and reminders."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, Small, words

if TYPE_CHECKING:
    from sqlalchemy.engine.default import DefaultExecutionContext


class AppointmentStatus(StrEnum):
    """Where a visit stands (FHIR R4 appointmentstatus; `pending` is a hold).

    `outcome-unknown` is ours: nobody checked anyone in that day, so a person must say who came.
    """

    PENDING = "pending"
    BOOKED = "booked"
    CHECKED_IN = "checked-in"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    OUTCOME_UNKNOWN = "outcome-unknown"
    ENTERED_IN_ERROR = "entered-in-error"


BLOCKING = ("pending", "booked", "checked-in", "arrived")
BLOCKS_PATIENT = "status in ('pending', 'booked', 'checked-in', 'arrived') and not allow_overlap"
BLOCKS_PRACTITIONER = BLOCKS_PATIENT + " and clinic_session_id is null"
"""The words of the constraints, so that a query can use their indexes."""


class ClinicSession(Identified, Dated, Base):
    """One session of a session service: many come in these hours, each with a number.

    The row is made when the first place is taken, or when staff change its places. A place is
    taken by one UPDATE that expects room; numbers are given once and never again.
    """

    __tablename__ = "clinic_sessions"
    __table_args__ = (
        UniqueConstraint(
            "service_id", "practitioner_id", "starts_at", name="uq_clinic_sessions_once"
        ),
        CheckConstraint("booked between 0 and capacity + overbook", name="places"),
        CheckConstraint("capacity >= 0 and overbook >= 0", name="capacity"),
        CheckConstraint("ends_at > starts_at", name="hours"),
        Index("ix_clinic_sessions_hospital", "hospital_id", "starts_at"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int] = mapped_column(Small)
    overbook: Mapped[int] = mapped_column(Small, server_default=text("0"))
    booked: Mapped[int] = mapped_column(Small, server_default=text("0"))
    last_number: Mapped[int] = mapped_column(Small, server_default=text("0"))
    is_closed: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


def _as_during(context: "DefaultExecutionContext") -> Any:
    return context.get_current_parameters()["during"]  # type: ignore[no-untyped-call] # has no types


class Appointment(Identified, Dated, Base):
    """A visit, or a hold on one while its patient is still typing.

    The exclusion constraints keep practitioner and patient from being in two places at once; a
    visit to a session takes one of its places instead of the practitioner, and one that staff let
    overlap, with a reason, stands outside both. `blocked` is the visit with its buffers. Moving
    a visit cancels its row and books a new one that names it in `previous_id`.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        ExcludeConstraint(
            ("practitioner_id", "="),
            ("blocked", "&&"),
            where=text(BLOCKS_PRACTITIONER),
            name="ex_appointments_practitioner",
            using="gist",
        ),
        ExcludeConstraint(
            ("patient_id", "="),
            ("during", "&&"),
            where=text(BLOCKS_PATIENT),
            name="ex_appointments_patient",
            using="gist",
        ),
        CheckConstraint("not isempty(during)", name="during"),
        CheckConstraint("blocked @> during", name="blocked"),
        CheckConstraint("(status = 'pending') = (hold_until is not null)", name="hold"),
        CheckConstraint("not allow_overlap or override_reason is not null", name="override"),
        CheckConstraint("queue_number is null or clinic_session_id is not null", name="queue"),
        Index("ix_appointments_patient", "patient_id", text("lower(during)")),
        Index("ix_appointments_hospital", "hospital_id", text("lower(during)")),
        Index("ix_appointments_starts_at", text("lower(during)"), "id"),
        Index(
            "ix_appointments_hold_until",
            "hold_until",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_appointments_booked",
            text("lower(during)"),
            postgresql_where=text("status = 'booked'"),
        ),
        Index(
            "ix_appointments_clinic_session_id",
            "clinic_session_id",
            postgresql_where=text("clinic_session_id is not null"),
        ),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    clinic_session_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinic_sessions.id"))
    queue_number: Mapped[int | None] = mapped_column(Small)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    blocked: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, default=_as_during)
    status: Mapped[AppointmentStatus] = mapped_column(words(AppointmentStatus))
    hold_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    checked_in_at: Mapped[datetime | None]
    fulfilled_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    source: Mapped[str]
    reason_sealed: Mapped[bytes | None]
    """Why the patient comes, sealed as appointments.reason."""
    notes_sealed: Mapped[bytes | None]
    """What staff note for each other, sealed as appointments.notes."""
    allow_overlap: Mapped[bool] = mapped_column(server_default=text("false"))
    override_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    """One more with every move: the number of the plan that calendars and reminders follow."""
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    """One more with every step: what two people who edit the same visit compare."""

    @property
    def starts_at(self) -> datetime:
        """When the visit begins, aware UTC."""
        assert self.during.lower is not None  # noqa: S101 -- the CHECK keeps it bounded
        return self.during.lower

    @property
    def ends_at(self) -> datetime:
        """When the visit ends, aware UTC."""
        assert self.during.upper is not None  # noqa: S101 -- the CHECK keeps it bounded
        return self.during.upper


class ReminderKind(StrEnum):
    """How long before the visit."""

    DAY_BEFORE = "day-before"
    SAME_DAY = "same-day"


class ReminderStatus(StrEnum):
    """What became of a reminder."""

    PENDING = "pending"
    POSTED = "posted"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Reminder(Identified, Dated, Base):
    """One reminder of one version of a visit, made in the transaction that books it."""

    __tablename__ = "appointment_reminders"
    __table_args__ = (
        UniqueConstraint(
            "appointment_id",
            "kind",
            "channel",
            "appointment_version",
            name="uq_appointment_reminders_once",
        ),
        Index(
            "ix_appointment_reminders_due_at",
            "due_at",
            postgresql_where=text("status = 'pending'"),
        ),
    )

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    appointment_version: Mapped[int]
    kind: Mapped[ReminderKind] = mapped_column(words(ReminderKind))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    address_id: Mapped[UUID] = mapped_column(ForeignKey("addresses.id"))
    due_at: Mapped[datetime]
    status: Mapped[ReminderStatus] = mapped_column(
        words(ReminderStatus), server_default=text("'pending'")
    )
    skip_reason: Mapped[str | None]
    message_id: Mapped[UUID | None]
