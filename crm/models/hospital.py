"""The organisation: hospitals, what they offer, who offers it, and when they are open."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, Small, words
from crm.models.patient import Gender


class Hospital(Identified, Dated, Base):
    """A hospital run by the group. `desk_phone` (E.164) hears when a patient asks for a person."""

    __tablename__ = "hospitals"
    __table_args__ = (CheckConstraint("closes > opens", name="hours"),)

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[str]
    address: Mapped[str]
    directions_url: Mapped[str | None]
    phone: Mapped[str]
    desk_phone: Mapped[str | None]
    opens: Mapped[time] = mapped_column(server_default=text("'08:00'"))
    closes: Mapped[time] = mapped_column(server_default=text("'17:00'"))
    position: Mapped[int] = mapped_column(Small, server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class ServiceMode(StrEnum):
    """How people come: each at a time of their own, or many to one session with a number."""

    EXCLUSIVE = "exclusive"
    SESSION = "session"


class Service(Identified, Dated, Base):
    """What a patient can book at one hospital, with its rules of notice, in minutes and days.

    A session service has `capacity` places in each session and may be overbooked by `overbook`.
    Buffers keep the practitioner free before and after an exclusive visit.
    """

    __tablename__ = "services"
    __table_args__ = (
        UniqueConstraint("hospital_id", "name"),
        CheckConstraint("duration_min between 5 and 480", name="duration"),
        CheckConstraint("(mode = 'session') = (capacity is not null)", name="capacity"),
        CheckConstraint("capacity between 1 and 500 and overbook between 0 and 50", name="places"),
        CheckConstraint(
            "buffer_before_min between 0 and 120 and buffer_after_min between 0 and 120",
            name="buffers",
        ),
        CheckConstraint("min_notice_min >= 0 and horizon_days between 1 and 365", name="notice"),
        CheckConstraint("price_kobo >= 0", name="price"),
        CheckConstraint("min_age_years <= max_age_years", name="ages"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    name: Mapped[str]
    synonyms: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    """Other words people say for it: "dentist" finds Dental."""
    mode: Mapped[ServiceMode] = mapped_column(
        words(ServiceMode), server_default=text("'exclusive'")
    )
    duration_min: Mapped[int] = mapped_column(Small)
    buffer_before_min: Mapped[int] = mapped_column(Small, server_default=text("0"))
    buffer_after_min: Mapped[int] = mapped_column(Small, server_default=text("0"))
    capacity: Mapped[int | None] = mapped_column(Small)
    overbook: Mapped[int] = mapped_column(Small, server_default=text("0"))
    min_notice_min: Mapped[int] = mapped_column(server_default=text("60"))
    horizon_days: Mapped[int] = mapped_column(Small, server_default=text("60"))
    min_age_years: Mapped[int | None] = mapped_column(Small)
    max_age_years: Mapped[int | None] = mapped_column(Small)
    gender: Mapped[Gender | None] = mapped_column(words(Gender))
    """Whom it is for, where it is not for everyone."""
    price_kobo: Mapped[int | None]
    """None where the desk tells the price."""
    position: Mapped[int] = mapped_column(Small, server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default=text("1"))

    @property
    def is_session(self) -> bool:
        """True when people come to a session and get a number."""
        return self.mode == ServiceMode.SESSION


class Practitioner(Identified, Dated, Base):
    """A doctor, nurse or therapist of one hospital."""

    __tablename__ = "practitioners"

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), index=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class PractitionerService(Base):
    """Who offers what."""

    __tablename__ = "practitioner_services"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"), primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"), primary_key=True)


class Schedule(Identified, Dated, Base):
    """Weekly hours of a practitioner. `weekday` 0 is Monday; times are Lagos wall clock.

    Hours without a service are for every exclusive service the practitioner offers; the sessions
    of a session service are the hours that name it.
    """

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint("ends > starts", name="hours"),
        CheckConstraint("valid_to >= valid_from", name="validity"),
        UniqueConstraint(
            "practitioner_id",
            "weekday",
            "starts",
            "valid_from",
            name="uq_schedules_once",
        ),
    )

    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("services.id"))
    weekday: Mapped[int] = mapped_column(Small)
    starts: Mapped[time]
    ends: Mapped[time]
    valid_from: Mapped[date] = mapped_column(server_default=text("'2020-01-01'"))
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Closure(Identified, Dated, Base):
    """A stretch of time that is closed, or, with `is_open`, open although a holiday says closed.

    Without a practitioner it holds for the hospital, without a hospital for all of them.
    Public holidays come from the calendar (`crm.holidays`); a row here overrides them.
    """

    __tablename__ = "closures"
    __table_args__ = (
        Index("ix_closures_during", "during", postgresql_using="gist"),
        CheckConstraint("not isempty(during)", name="during"),
    )

    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    is_open: Mapped[bool] = mapped_column(server_default=text("false"))
    reason: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
