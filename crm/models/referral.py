"""Members who bring friends."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, words


class ReferralStatus(StrEnum):
    """Where a referral stands. review -> pending | rejected; pending -> rewarded | rejected."""

    REVIEW = "review"
    PENDING = "pending"
    REWARDED = "rewarded"
    REJECTED = "rejected"


class Referral(Identified, Dated, Base):
    """One friend whom one member brought; rewarded when the friend's first visit is fulfilled."""

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint("referrer_id <> friend_id", name="self"),
        CheckConstraint("(status = 'rewarded') = (rewarded_at is not null)", name="rewarded"),
        CheckConstraint("status <> 'rewarded' or first_visit_id is not null", name="visit"),
        Index("ix_referrals_referrer_id_created_at", "referrer_id", "created_at"),
        Index("ix_referrals_review", "id", postgresql_where=text("status = 'review'")),
    )

    referrer_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"))
    friend_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"), unique=True)
    status: Mapped[ReferralStatus] = mapped_column(words(ReferralStatus))
    doubts: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Why a person should look: shared_phone, shared_identity, many_this_month."""
    first_visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    rewarded_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
