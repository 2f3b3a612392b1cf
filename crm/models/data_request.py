"""Privacy's own books: what people ask of their data, and what went wrong with it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, words


class RequestKind(StrEnum):
    """Which right is used (NDPA 2023 sections 34 to 38, GDPR articles 15 to 21)."""

    EXPORT = "export"
    ERASE = "erase"
    RECTIFY = "rectify"
    RESTRICT = "restrict"
    OBJECT = "object"


class RequestStatus(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


class DataRequest(Identified, Dated, Base):
    """What a person asked of their data, answered within thirty days. Outlives an erasure."""

    __tablename__ = "data_requests"
    __table_args__ = (
        CheckConstraint("(status = 'open') = (closed_at is null)", name="closed"),
        CheckConstraint("status <> 'refused' or outcome is not null", name="refused"),
        Index("ix_data_requests_due_on", "due_on", postgresql_where=text("status = 'open'")),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"), index=True)
    kind: Mapped[RequestKind] = mapped_column(words(RequestKind))
    status: Mapped[RequestStatus] = mapped_column(
        words(RequestStatus), server_default=text("'open'")
    )
    asked_by: Mapped[str]
    """The kind of account that asked: a patient for themselves, a user for them, the system."""
    asked_by_id: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    due_on: Mapped[date]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None]
    outcome: Mapped[str | None]
    """What was done, or why it was refused, in words the person may read."""


class BreachSeverity(StrEnum):
    """How bad a breach is for the people concerned."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Breach(Identified, Dated, Base):
    """A breach of personal data. The commission is told within 72 hours (NDPA 2023 section 40)."""

    __tablename__ = "data_breaches"
    __table_args__ = (
        CheckConstraint("people_affected >= 0", name="people"),
        CheckConstraint("notify_by > detected_at", name="clock"),
        Index(
            "ix_data_breaches_notify_by", "notify_by", postgresql_where=text("reported_at is null")
        ),
    )

    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))
    """None when it concerns the group."""
    summary: Mapped[str]
    severity: Mapped[BreachSeverity] = mapped_column(words(BreachSeverity))
    people_affected: Mapped[int] = mapped_column(server_default=text("0"))
    detected_at: Mapped[datetime]
    notify_by: Mapped[datetime]
    reported_at: Mapped[datetime | None]
    """When the commission was told."""
    people_told_at: Mapped[datetime | None]
    measures: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    recorded_by_id: Mapped[UUID | None]
