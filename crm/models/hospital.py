"""The organisation: hospitals, what they offer, who offers it, and when they are open."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, Small


class Hospital(Identified, Dated, Base):
    """A hospital run by the group. `desk_phone` (E.164) hears when a patient asks for a person."""

    __tablename__ = "hospitals"

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


class Service(Identified, Dated, Base):
    """What a patient can book at one hospital, with its rules of notice, in minutes and days."""

    __tablename__ = "services"
    __table_args__ = (
        UniqueConstraint("hospital_id", "name"),
        CheckConstraint("duration_min between 5 and 480", name="duration"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    name: Mapped[str]
    duration_min: Mapped[int] = mapped_column(Small)
    min_notice_min: Mapped[int] = mapped_column(server_default=text("60"))
    horizon_days: Mapped[int] = mapped_column(Small, server_default=text("60"))
    position: Mapped[int] = mapped_column(Small, server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class Practitioner(Identified, Dated, Base):
    """A doctor, nurse or therapist of one hospital."""

    __tablename__ = "practitioners"

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), index=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class PractitionerService(Base):
    """Who offers what."""

    __tablename__ = "practitioner_services"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"), primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"), primary_key=True)


class Schedule(Identified, Dated, Base):
    """Weekly hours of a practitioner. `weekday` 0 is Monday; times are Lagos wall clock."""

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint("ends > starts", name="hours"),
        UniqueConstraint(
            "practitioner_id",
            "weekday",
            "starts",
            "valid_from",
            name="uq_schedules_once",
        ),
    )

    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    weekday: Mapped[int] = mapped_column(Small)
    starts: Mapped[time]
    ends: Mapped[time]
    valid_from: Mapped[date] = mapped_column(server_default=text("'2020-01-01'"))
    valid_to: Mapped[date | None]


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
