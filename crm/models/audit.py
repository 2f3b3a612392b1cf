"""Who did, saw or was refused what, and the seals that show when a row was changed later."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Identity, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from crm.kit.permissions import Kind
from crm.models.base import Base, Identified, words


class AuditOutcome(StrEnum):
    """How it ended."""

    DONE = "done"
    DENIED = "denied"


class AuditEvent(Identified, Base):
    """One act or one look. Rows are only ever added; values changed are named, never kept."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_chain", "hospital_id", "recorded_at"),
        Index("ix_audit_events_entity", "entity_id", "seq"),
        Index("ix_audit_events_actor", "actor_id", "seq"),
        Index("ix_audit_events_seq", "seq", unique=True),
        Index("ix_audit_events_denied", "seq", postgresql_where=text("outcome = 'denied'")),
        Index("ix_audit_events_at", "at", postgresql_using="brin"),
    )

    seq: Mapped[int] = mapped_column(Identity(always=True))
    hospital_id: Mapped[UUID | None]
    """Whose chain it is in; none is the group's."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_kind: Mapped[Kind] = mapped_column(words(Kind))
    actor_id: Mapped[UUID | None]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    action: Mapped[str]
    entity: Mapped[str | None]
    entity_id: Mapped[UUID | None]
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    purpose: Mapped[str | None]
    outcome: Mapped[AuditOutcome] = mapped_column(words(AuditOutcome))


class AuditSeal(Identified, Base):
    """A hash over a stretch of one hospital's events and the seal before it."""

    __tablename__ = "audit_seals"
    __table_args__ = (
        UniqueConstraint(
            "hospital_id", "n", name="uq_audit_seals_n", postgresql_nulls_not_distinct=True
        ),
    )

    hospital_id: Mapped[UUID | None]
    n: Mapped[int]
    since: Mapped[datetime]
    until: Mapped[datetime]
    count: Mapped[int]
    digest: Mapped[bytes]
    sealed_at: Mapped[datetime]
