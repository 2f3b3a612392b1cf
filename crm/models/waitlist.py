"""Who waits for a time, and what they were offered."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, Small, words


class DayPart(StrEnum):
    """When in the day: before noon, noon to four, from four on (Lagos clocks)."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class WaitStatus(StrEnum):
    """What became of the wait."""

    WAITING = "waiting"
    BOOKED = "booked"
    LEFT = "left"
    LAPSED = "lapsed"


class WaitlistEntry(Identified, Dated, Base):
    """One patient who waits for one service, with what would suit; no preference is any.

    Priority 1 is urgent, 2 soon, 3 routine; among equals the one who waits longest comes first.
    `moving_id` names the later visit that an earlier time would replace.
    """

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        Index(
            "uq_waitlist_entries_once",
            "patient_id",
            "service_id",
            unique=True,
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_waitlist_entries_rank",
            "service_id",
            "priority",
            "id",
            postgresql_where=text("status = 'waiting'"),
        ),
        CheckConstraint("priority between 1 and 3", name="priority"),
        CheckConstraint("weekdays <@ '{0,1,2,3,4,5,6}'::smallint[]", name="weekdays"),
        CheckConstraint("parts <@ array['morning', 'afternoon', 'evening']", name="parts"),
        CheckConstraint("latest_on >= earliest_on", name="days"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), index=True)
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"))
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    moving_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"))
    parts: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    earliest_on: Mapped[date]
    latest_on: Mapped[date]
    priority: Mapped[int] = mapped_column(Small, server_default=text("3"))
    status: Mapped[WaitStatus] = mapped_column(words(WaitStatus), server_default=text("'waiting'"))
    source: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class OfferStatus(StrEnum):
    """What became of an offer; only a live one can be accepted."""

    LIVE = "live"
    ACCEPTED = "accepted"
    PASSED = "passed"
    EXPIRED = "expired"
    LOST = "lost"


class WaitlistOffer(Identified, Dated, Base):
    """A free time offered to one who waits, until `expires_at`. It holds nothing.

    One live offer for an entry and for a time, and the same time never twice to the same entry.
    A session has many places, so its offers do not exclude each other.
    """

    __tablename__ = "waitlist_offers"
    __table_args__ = (
        ExcludeConstraint(
            ("practitioner_id", "="),
            ("during", "&&"),
            where=text("status = 'live' and not is_session"),
            name="ex_waitlist_offers_slot",
            using="gist",
        ),
        Index(
            "uq_waitlist_offers_live",
            "entry_id",
            unique=True,
            postgresql_where=text("status = 'live'"),
        ),
        Index(
            "uq_waitlist_offers_once",
            "entry_id",
            "practitioner_id",
            text("lower(during)"),
            unique=True,
        ),
        Index(
            "ix_waitlist_offers_expires_at",
            "expires_at",
            postgresql_where=text("status = 'live'"),
        ),
        Index(
            "ix_waitlist_offers_address_id",
            "address_id",
            postgresql_where=text("status in ('live', 'expired', 'lost')"),
        ),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("waitlist_entries.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    is_session: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[OfferStatus] = mapped_column(words(OfferStatus), server_default=text("'live'"))
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    address_id: Mapped[UUID | None] = mapped_column(ForeignKey("addresses.id"))
    """Where it was sent; None for a patient without any address, whom the desk must call."""
    message_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))

    @property
    def starts_at(self) -> datetime:
        """When the offered time begins, aware UTC."""
        assert self.during.lower is not None  # noqa: S101 -- offers are made from slots
        return self.during.lower

    @property
    def ends_at(self) -> datetime:
        """When it ends, aware UTC."""
        assert self.during.upper is not None  # noqa: S101 -- offers are made from slots
        return self.during.upper
