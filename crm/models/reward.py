"""What points buy: rewards, and the redemptions that spend points on them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, Small, words


class RewardKind(StrEnum):
    """What the member gets."""

    DISCOUNT_PERCENT = "discount_percent"
    DISCOUNT_AMOUNT = "discount_amount"
    FREE_CONSULTATION = "free_consultation"
    PRIORITY_ACCESS = "priority_access"
    HEALTH_PACKAGE = "health_package"


class RewardStatus(StrEnum):
    """Whether members may have it."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class LimitPeriod(StrEnum):
    """The stretch of time that a member's limit counts: a Lagos month or year, or all of it."""

    MONTH = "month"
    YEAR = "year"
    EVER = "ever"


class Reward(Identified, Dated, Base):
    """Something that points buy. `stock` and `stock_left` are null where there is no end of it."""

    __tablename__ = "loyalty_rewards"
    __table_args__ = (
        CheckConstraint("points_cost > 0", name="points_cost"),
        CheckConstraint("(stock is null) = (stock_left is null)", name="stock"),
        CheckConstraint("stock_left between 0 and stock", name="stock_left"),
        CheckConstraint("member_limit > 0", name="member_limit"),
        CheckConstraint("value_bps between 1 and 10000 and value_kobo > 0", name="worth"),
        CheckConstraint("(kind = 'discount_percent') = (value_bps is not null)", name="percent"),
        CheckConstraint("kind <> 'discount_amount' or value_kobo is not null", name="amount"),
        CheckConstraint("valid_until > valid_from", name="validity"),
        CheckConstraint("voucher_days between 1 and 366", name="voucher_days"),
        CheckConstraint("cost_kobo >= 0", name="cost_kobo"),
        Index("ix_loyalty_rewards_status", "status"),
    )

    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))
    """Where alone it is given; null is everywhere."""
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str]
    terms: Mapped[str | None]
    kind: Mapped[RewardKind] = mapped_column(words(RewardKind))
    status: Mapped[RewardStatus] = mapped_column(words(RewardStatus))
    points_cost: Mapped[int]
    value_kobo: Mapped[int | None]
    value_bps: Mapped[int | None]
    cost_kobo: Mapped[int] = mapped_column(server_default=text("0"))
    """What one of them costs the hospital."""
    stock: Mapped[int | None]
    stock_left: Mapped[int | None]
    member_limit: Mapped[int | None] = mapped_column(Small)
    limit_period: Mapped[LimitPeriod] = mapped_column(
        words(LimitPeriod), server_default=text("'ever'")
    )
    min_tier: Mapped[str | None] = mapped_column(ForeignKey("loyalty_tiers.code"))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    voucher_days: Mapped[int] = mapped_column(Small, server_default=text("90"))
    needs_approval: Mapped[bool] = mapped_column(server_default=text("false"))
    refunds_expired: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether points come back when a code was not used in time."""
    version: Mapped[int] = mapped_column(server_default=text("1"))


class RedemptionStatus(StrEnum):
    """Where a redemption stands.

    pending -> approved | rejected | cancelled | expired;
    approved -> fulfilled | rejected | cancelled | expired.
    """

    PENDING = "pending"
    APPROVED = "approved"
    FULFILLED = "fulfilled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Redemption(Identified, Dated, Base):
    """Points spent on a reward, and the code that gets it at the desk, once.

    The code itself is shown when it is made and never again: kept are its blind index and its
    last four characters.
    """

    __tablename__ = "reward_redemptions"
    __table_args__ = (
        CheckConstraint("quantity between 1 and 5", name="quantity"),
        CheckConstraint("points_spent > 0", name="points_spent"),
        CheckConstraint(
            "status not in ('rejected', 'cancelled') or refund_id is not null", name="refunded"
        ),
        CheckConstraint(
            "status not in ('pending', 'approved', 'fulfilled') or refund_id is null",
            name="live",
        ),
        CheckConstraint("(status = 'fulfilled') = (fulfilled_at is not null)", name="fulfilled"),
        Index("ix_reward_redemptions_account_id_id", "account_id", "id"),
        Index("ix_reward_redemptions_reward_id_id", "reward_id", "id"),
        Index(
            "ix_reward_redemptions_expires_at",
            "expires_at",
            postgresql_where=text("status in ('pending', 'approved')"),
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_points.id"))
    reward_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_rewards.id"))
    status: Mapped[RedemptionStatus] = mapped_column(words(RedemptionStatus))
    quantity: Mapped[int] = mapped_column(Small)
    points_spent: Mapped[int]
    debit_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_transactions.id"), unique=True)
    refund_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("loyalty_transactions.id"), unique=True
    )
    code_index: Mapped[bytes] = mapped_column(unique=True)
    code_last4: Mapped[str]
    expires_at: Mapped[datetime]
    note: Mapped[str | None]
    reason: Mapped[str | None]
    """Why it was rejected or cancelled."""
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    fulfilled_by: Mapped[UUID | None]
    fulfilled_at: Mapped[datetime | None]
    fulfilled_hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))


class CodeTries(Base):
    """How many wrong codes somebody at a desk has tried since a moment."""

    __tablename__ = "redemption_code_tries"

    actor_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    wrong: Mapped[int] = mapped_column(Small)
