"""Points: the account, its ledger, the lots that expire, tiers, and the rules that earn."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, Small, words


class LoyaltyStatus(StrEnum):
    """Whether points move on an account."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class LoyaltyTier(Base):
    """A standing that lifetime qualifying points lead to."""

    __tablename__ = "loyalty_tiers"
    __table_args__ = (CheckConstraint("min_points >= 0", name="min_points"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    min_points: Mapped[int] = mapped_column(unique=True)
    benefits: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))


class EarningRule(Dated, Base):
    """What an event earns: so many points, or one for so much money."""

    __tablename__ = "earning_rules"
    __table_args__ = (
        CheckConstraint("(points is null) <> (kobo_per_point is null)", name="formula"),
        CheckConstraint("points > 0 and kobo_per_point > 0", name="positive"),
        CheckConstraint("most_points > 0 and daily_cap > 0", name="caps"),
        CheckConstraint("valid_months between 1 and 120", name="valid_months"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    points: Mapped[int | None]
    kobo_per_point: Mapped[int | None]
    most_points: Mapped[int | None]
    """At most so many for one event."""
    daily_cap: Mapped[int | None] = mapped_column(Small)
    """So many awards a member and Lagos day."""
    valid_months: Mapped[int] = mapped_column(Small, server_default=text("12"))
    is_qualifying: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether its points count towards the tier."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class LoyaltyAccount(Identified, Dated, Base):
    """A patient's points, as their ledger adds up. Its row is the lock under which points move.

    `available = earned - redeemed - expired` at every moment. `owed` are the open debts: what was
    taken back after it had been spent. `pending` waits for a second person.
    """

    __tablename__ = "loyalty_points"
    __table_args__ = (
        CheckConstraint("available >= 0", name="available"),
        CheckConstraint("pending >= 0 and owed >= 0", name="pending"),
        CheckConstraint("available = earned - redeemed - expired", name="balance"),
        Index("ix_loyalty_points_tier", "tier"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"), unique=True)
    status: Mapped[LoyaltyStatus] = mapped_column(
        words(LoyaltyStatus), server_default=text("'active'")
    )
    status_reason: Mapped[str | None]
    """Why it was frozen, or thawed."""
    referral_code: Mapped[str] = mapped_column(unique=True)
    available: Mapped[int] = mapped_column(server_default=text("0"))
    pending: Mapped[int] = mapped_column(server_default=text("0"))
    owed: Mapped[int] = mapped_column(server_default=text("0"))
    earned: Mapped[int] = mapped_column(server_default=text("0"))
    redeemed: Mapped[int] = mapped_column(server_default=text("0"))
    expired: Mapped[int] = mapped_column(server_default=text("0"))
    qualifying: Mapped[int] = mapped_column(server_default=text("0"))
    """Lifetime points that count towards the tier; spending and expiry leave them."""
    tier: Mapped[str] = mapped_column(
        ForeignKey("loyalty_tiers.code"), server_default=text("'bronze'")
    )
    tier_since: Mapped[datetime]
    seq: Mapped[int] = mapped_column(server_default=text("0"))
    """The number of the last transaction."""


class PointsKind(StrEnum):
    """Why points moved. The first three come in, the others go out."""

    EARN = "earn"
    ADJUST = "adjust"
    REFUND = "refund"
    REDEEM = "redeem"
    EXPIRE = "expire"
    REVERSAL = "reversal"


class PointsTransaction(Identified, Base):
    """One movement of points; rows are only ever added (a trigger refuses the rest).

    `seq` counts without a gap within an account, `balance_after` is the sum up to here. What is
    wrong is put right by a new row that names the old one in `reverses_id`.
    """

    __tablename__ = "loyalty_transactions"
    __table_args__ = (
        UniqueConstraint("account_id", "seq"),
        Index(
            "uq_loyalty_transactions_once",
            "rule",
            "source_type",
            "source_id",
            unique=True,
            postgresql_where=text("rule is not null"),
        ),
        Index(
            "ix_loyalty_transactions_reverses_id",
            "reverses_id",
            postgresql_where=text("reverses_id is not null"),
        ),
        CheckConstraint("(kind in ('earn', 'adjust', 'refund')) = (points > 0)", name="sign"),
        CheckConstraint("points <> 0 and balance_after >= 0", name="points"),
        CheckConstraint("(kind = 'earn') = (rule is not null)", name="rule"),
        CheckConstraint("rule is null or source_id is not null", name="source"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_points.id"))
    seq: Mapped[int]
    kind: Mapped[PointsKind] = mapped_column(words(PointsKind))
    points: Mapped[int]
    """Above zero in, below zero out."""
    balance_after: Mapped[int]
    is_qualifying: Mapped[bool]
    rule: Mapped[str | None] = mapped_column(ForeignKey("earning_rules.code"))
    source_type: Mapped[str | None]
    source_id: Mapped[UUID | None]
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("loyalty_transactions.id"))
    reason: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]


class PointsLot(Identified, Base):
    """Points that came in together and expire together; the soonest to expire are spent first."""

    __tablename__ = "loyalty_lots"
    __table_args__ = (
        CheckConstraint("points > 0 and remaining between 0 and points", name="remaining"),
        Index(
            "ix_loyalty_lots_open",
            "account_id",
            "expires_at",
            "id",
            postgresql_where=text("remaining > 0"),
        ),
        Index("ix_loyalty_lots_lapse", "expires_at", postgresql_where=text("remaining > 0")),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_points.id"))
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_transactions.id"), unique=True)
    points: Mapped[int]
    remaining: Mapped[int]
    expires_at: Mapped[datetime]


class PointsAllocation(Base):
    """Which lot a debit drew from, and how much of it a refund has put back."""

    __tablename__ = "loyalty_allocations"
    __table_args__ = (
        CheckConstraint("points > 0 and restored between 0 and points", name="restored"),
        Index("ix_loyalty_allocations_lot_id", "lot_id"),
    )

    transaction_id: Mapped[UUID] = mapped_column(
        ForeignKey("loyalty_transactions.id"), primary_key=True
    )
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_lots.id"), primary_key=True)
    points: Mapped[int]
    restored: Mapped[int] = mapped_column(server_default=text("0"))


class PointsDebt(Identified, Dated, Base):
    """Points taken back after they had been spent; the next points that come in pay it."""

    __tablename__ = "loyalty_debts"
    __table_args__ = (
        CheckConstraint("points > 0 and paid between 0 and points", name="paid"),
        Index("ix_loyalty_debts_open", "account_id", "id", postgresql_where=text("paid < points")),
        Index("ix_loyalty_debts_original_id", "original_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_points.id"))
    original_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_transactions.id"))
    """The transaction whose points were taken back."""
    points: Mapped[int]
    paid: Mapped[int] = mapped_column(server_default=text("0"))
    reason: Mapped[str]


class TierChange(Identified, Base):
    """A member rose, or fell because points were taken back; rows are only ever added."""

    __tablename__ = "loyalty_tier_changes"
    __table_args__ = (Index("ix_loyalty_tier_changes_account_id_id", "account_id", "id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_points.id"))
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("loyalty_transactions.id"))
    from_tier: Mapped[str]
    to_tier: Mapped[str]
    qualifying: Mapped[int]
    at: Mapped[datetime]


class PointsRequestStatus(StrEnum):
    """What the second person said."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


class PointsRequest(Identified, Dated, Base):
    """Points somebody wants to give by hand, above what one person may give alone."""

    __tablename__ = "loyalty_requests"
    __table_args__ = (
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("decided_by <> requested_by", name="four_eyes"),
        CheckConstraint("(status = 'waiting') = (decided_at is null)", name="decided"),
        CheckConstraint("(status = 'approved') = (transaction_id is not null)", name="given"),
        Index("ix_loyalty_requests_account_id", "account_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_points.id"))
    status: Mapped[PointsRequestStatus] = mapped_column(
        words(PointsRequestStatus), server_default=text("'waiting'")
    )
    points: Mapped[int]
    reason: Mapped[str]
    is_qualifying: Mapped[bool]
    expires_on: Mapped[date | None]
    """The last day on which they may be spent, where it is not the usual one."""
    requested_by: Mapped[UUID]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    transaction_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("loyalty_transactions.id"), unique=True
    )


class ExpiryNotice(Base):
    """That a member was told of points about to expire; the key keeps it to one message."""

    __tablename__ = "loyalty_expiry_notices"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_points.id"), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(primary_key=True)
    days_before: Mapped[int] = mapped_column(Small, primary_key=True)
    message_id: Mapped[UUID | None]
    at: Mapped[datetime]
