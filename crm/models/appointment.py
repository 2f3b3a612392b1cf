"""Visits and their reminders."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, words


class AppointmentStatus(StrEnum):
    """Where a visit stands (FHIR R4 appointmentstatus; `pending` is a hold)."""

    PENDING = "pending"
    BOOKED = "booked"
    CHECKED_IN = "checked-in"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


BLOCKING = ("pending", "booked", "checked-in", "arrived")
_BLOCKS = text("status in ('pending', 'booked', 'checked-in', 'arrived')")


class Appointment(Identified, Dated, Base):
    """A visit, or a hold on one while its patient is still typing.

    The exclusion constraints keep practitioner and patient from being in two places at once.
    Moving a visit cancels its row and books a new one that names it in `previous_id`.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        ExcludeConstraint(
            ("practitioner_id", "="),
            ("during", "&&"),
            where=_BLOCKS,
            name="ex_appointments_practitioner",
            using="gist",
        ),
        ExcludeConstraint(
            ("patient_id", "="),
            ("during", "&&"),
            where=_BLOCKS,
            name="ex_appointments_patient",
            using="gist",
        ),
        CheckConstraint("not isempty(during)", name="during"),
        CheckConstraint("(status = 'pending') = (hold_until is not null)", name="hold"),
        Index("ix_appointments_patient", "patient_id", text("lower(during)")),
        Index("ix_appointments_hospital", "hospital_id", text("lower(during)")),
        Index(
            "ix_appointments_hold_until",
            "hold_until",
            postgresql_where=text("status = 'pending'"),
        ),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    status: Mapped[AppointmentStatus] = mapped_column(words(AppointmentStatus))
    hold_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    source: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))

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
