"""Points and their ledger, tiers, earning rules, rewards, redemptions, referrals and payments."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

# The two movements that must be fast, each a function: one round trip, locked before it reads.
_FUNCTIONS = ("award_points", "redeem_points")
_SOURCES = Path(__file__).parents[1] / "functions"
_MOMENT = sa.TIMESTAMP(timezone=True)
_APPEND_ONLY = ("loyalty_transactions", "loyalty_tier_changes", "payment_refunds")

_TIERS = (
    ("bronze", "Bronze", 0, ["Points on visits, feedback and payments"]),
    ("silver", "Silver", 2_000, ["Silver rewards", "A reminder call before check-ups"]),
    ("gold", "Gold", 5_000, ["Gold rewards", "Priority at the front desk"]),
    ("platinum", "Platinum", 10_000, ["All rewards", "A named contact at your hospital"]),
)
# Code, name, points, kobo for a point, most points of one event, awards a day, counts for the tier.
_RULES = (
    ("booking", "A visit booked", 10, None, None, 2, True),
    ("feedback", "Feedback after a visit", 20, None, None, None, True),
    ("payment", "A payment settled", None, 10_000, 10_000, None, True),
    ("referral", "A friend's first visit", 100, None, None, None, False),
    ("welcome", "A first visit on a friend's advice", 50, None, None, None, False),
)


def words(name: str, *values: str) -> sa.Enum:
    """A text column that holds only these words."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def key() -> sa.Column[Any]:
    """The id of a row."""
    return sa.Column("id", sa.Uuid(), primary_key=True)


def dated() -> list[sa.Column[Any]]:
    """When a row was made and last changed."""
    return [
        required("created_at", _MOMENT, "now()"),
        required("updated_at", _MOMENT, "now()"),
    ]


def required(
    name: str, kind: sa.types.TypeEngine[Any], default: str | None = None
) -> sa.Column[Any]:
    """A column that is never empty."""
    return sa.Column(name, kind, nullable=False, server_default=default and sa.text(default))


def number(name: str) -> sa.Column[Any]:
    """A count that begins at nothing."""
    return required(name, sa.BigInteger(), "0")


def one_of(name: str, other: str, *, nullable: bool = False, **more: Any) -> sa.Column[Any]:
    """A column that names a row of another table."""
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{other}.id"), nullable=nullable, **more)


def upgrade() -> None:
    """Apply."""
    _make_tiers_and_rules()
    _make_accounts()
    _make_ledger()
    _make_rewards()
    _make_redemptions()
    _make_referrals()
    _make_payments()
    for function in _FUNCTIONS:
        op.execute((_SOURCES / f"{function}.sql").read_text("utf-8"))
    for table in _APPEND_ONLY:
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table} "
            "for each statement execute function refuse_change()"
        )


def _make_tiers_and_rules() -> None:
    tiers = op.create_table(
        "loyalty_tiers",
        sa.Column("code", sa.Text(), primary_key=True),
        required("name", sa.Text()),
        sa.Column("min_points", sa.BigInteger(), nullable=False, unique=True),
        required("benefits", JSONB(), "'[]'"),
        sa.CheckConstraint("min_points >= 0", name="min_points"),
    )
    names = ("code", "name", "min_points", "benefits")
    op.bulk_insert(tiers, [dict(zip(names, row, strict=True)) for row in _TIERS])
    rules = op.create_table(
        "earning_rules",
        sa.Column("code", sa.Text(), primary_key=True),
        required("name", sa.Text()),
        sa.Column("points", sa.BigInteger()),
        sa.Column("kobo_per_point", sa.BigInteger()),
        sa.Column("most_points", sa.BigInteger()),
        sa.Column("daily_cap", sa.SmallInteger()),
        required("valid_months", sa.SmallInteger(), "12"),
        required("is_qualifying", sa.Boolean(), "true"),
        required("is_active", sa.Boolean(), "true"),
        *dated(),
        sa.CheckConstraint("(points is null) <> (kobo_per_point is null)", name="formula"),
        sa.CheckConstraint("points > 0 and kobo_per_point > 0", name="positive"),
        sa.CheckConstraint("most_points > 0 and daily_cap > 0", name="caps"),
        sa.CheckConstraint("valid_months between 1 and 120", name="valid_months"),
    )
    names = (
        "code",
        "name",
        "points",
        "kobo_per_point",
        "most_points",
        "daily_cap",
        "is_qualifying",
    )
    op.bulk_insert(rules, [dict(zip(names, row, strict=True)) for row in _RULES])


def _make_accounts() -> None:
    op.create_table(
        "loyalty_points",
        key(),
        one_of("patient_id", "patient_profiles", unique=True),
        required("status", words("loyaltystatus", "active", "frozen", "closed"), "'active'"),
        sa.Column("status_reason", sa.Text()),
        sa.Column("referral_code", sa.Text(), nullable=False, unique=True),
        number("available"),
        number("pending"),
        number("owed"),
        number("earned"),
        number("redeemed"),
        number("expired"),
        number("qualifying"),
        sa.Column(
            "tier",
            sa.Text(),
            sa.ForeignKey("loyalty_tiers.code"),
            server_default=sa.text("'bronze'"),
            nullable=False,
        ),
        required("tier_since", _MOMENT),
        number("seq"),
        *dated(),
        sa.CheckConstraint("available >= 0", name="available"),
        sa.CheckConstraint("pending >= 0 and owed >= 0", name="pending"),
        sa.CheckConstraint("available = earned - redeemed - expired", name="balance"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_loyalty_points_tier", "loyalty_points", ["tier"])


def _make_ledger() -> None:
    _make_transactions()
    _make_lots()
    op.create_table(
        "loyalty_tier_changes",
        key(),
        one_of("account_id", "loyalty_points"),
        one_of("transaction_id", "loyalty_transactions", nullable=True),
        required("from_tier", sa.Text()),
        required("to_tier", sa.Text()),
        required("qualifying", sa.BigInteger()),
        required("at", _MOMENT),
    )
    op.create_index(
        "ix_loyalty_tier_changes_account_id_id", "loyalty_tier_changes", ["account_id", "id"]
    )
    _make_requests()
    op.create_table(
        "loyalty_expiry_notices",
        one_of("account_id", "loyalty_points", primary_key=True),
        sa.Column("expires_at", _MOMENT, primary_key=True),
        sa.Column("days_before", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("message_id", sa.Uuid()),
        required("at", _MOMENT),
    )


def _make_requests() -> None:
    op.create_table(
        "loyalty_requests",
        key(),
        one_of("account_id", "loyalty_points"),
        required(
            "status", words("pointsrequeststatus", "waiting", "approved", "rejected"), "'waiting'"
        ),
        required("points", sa.BigInteger()),
        required("reason", sa.Text()),
        required("is_qualifying", sa.Boolean()),
        sa.Column("expires_on", sa.Date()),
        required("requested_by", sa.Uuid()),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _MOMENT),
        one_of("transaction_id", "loyalty_transactions", nullable=True, unique=True),
        *dated(),
        sa.CheckConstraint("points > 0", name="points"),
        sa.CheckConstraint("decided_by <> requested_by", name="four_eyes"),
        sa.CheckConstraint("(status = 'waiting') = (decided_at is null)", name="decided"),
        sa.CheckConstraint("(status = 'approved') = (transaction_id is not null)", name="given"),
    )
    op.create_index("ix_loyalty_requests_account_id", "loyalty_requests", ["account_id"])


def _make_transactions() -> None:
    table = "loyalty_transactions"
    op.create_table(
        table,
        key(),
        one_of("account_id", "loyalty_points"),
        required("seq", sa.BigInteger()),
        required(
            "kind",
            words("pointskind", "earn", "adjust", "refund", "redeem", "expire", "reversal"),
        ),
        required("points", sa.BigInteger()),
        required("balance_after", sa.BigInteger()),
        required("is_qualifying", sa.Boolean()),
        sa.Column("rule", sa.Text(), sa.ForeignKey("earning_rules.code")),
        sa.Column("source_type", sa.Text()),
        sa.Column("source_id", sa.Uuid()),
        one_of("reverses_id", table, nullable=True),
        sa.Column("reason", sa.Text()),
        sa.Column("actor_id", sa.Uuid()),
        required("at", _MOMENT),
        sa.UniqueConstraint("account_id", "seq"),
        sa.CheckConstraint("(kind in ('earn', 'adjust', 'refund')) = (points > 0)", name="sign"),
        sa.CheckConstraint("points <> 0 and balance_after >= 0", name="points"),
        sa.CheckConstraint("(kind = 'earn') = (rule is not null)", name="rule"),
        sa.CheckConstraint("rule is null or source_id is not null", name="source"),
    )
    op.create_index(
        "uq_loyalty_transactions_once",
        table,
        ["rule", "source_type", "source_id"],
        unique=True,
        postgresql_where=sa.text("rule is not null"),
    )
    op.create_index(
        "ix_loyalty_transactions_reverses_id",
        table,
        ["reverses_id"],
        postgresql_where=sa.text("reverses_id is not null"),
    )


def _make_lots() -> None:
    op.create_table(
        "loyalty_lots",
        key(),
        one_of("account_id", "loyalty_points"),
        one_of("transaction_id", "loyalty_transactions", unique=True),
        required("points", sa.BigInteger()),
        required("remaining", sa.BigInteger()),
        required("expires_at", _MOMENT),
        sa.CheckConstraint("points > 0 and remaining between 0 and points", name="remaining"),
    )
    is_open = sa.text("remaining > 0")
    op.create_index(
        "ix_loyalty_lots_open",
        "loyalty_lots",
        ["account_id", "expires_at", "id"],
        postgresql_where=is_open,
    )
    op.create_index(
        "ix_loyalty_lots_lapse", "loyalty_lots", ["expires_at"], postgresql_where=is_open
    )
    op.create_table(
        "loyalty_allocations",
        one_of("transaction_id", "loyalty_transactions", primary_key=True),
        one_of("lot_id", "loyalty_lots", primary_key=True),
        required("points", sa.BigInteger()),
        number("restored"),
        sa.CheckConstraint("points > 0 and restored between 0 and points", name="restored"),
    )
    op.create_index("ix_loyalty_allocations_lot_id", "loyalty_allocations", ["lot_id"])
    op.create_table(
        "loyalty_debts",
        key(),
        one_of("account_id", "loyalty_points"),
        one_of("original_id", "loyalty_transactions"),
        required("points", sa.BigInteger()),
        number("paid"),
        required("reason", sa.Text()),
        *dated(),
        sa.CheckConstraint("points > 0 and paid between 0 and points", name="paid"),
    )
    op.create_index(
        "ix_loyalty_debts_open",
        "loyalty_debts",
        ["account_id", "id"],
        postgresql_where=sa.text("paid < points"),
    )
    op.create_index("ix_loyalty_debts_original_id", "loyalty_debts", ["original_id"])


def _make_rewards() -> None:
    op.create_table(
        "loyalty_rewards",
        key(),
        one_of("hospital_id", "hospitals", nullable=True),
        sa.Column("code", sa.Text(), nullable=False, unique=True),
        required("name", sa.Text()),
        required("description", sa.Text()),
        sa.Column("terms", sa.Text()),
        required(
            "kind",
            words(
                "rewardkind",
                "discount_percent",
                "discount_amount",
                "free_consultation",
                "priority_access",
                "health_package",
            ),
        ),
        required("status", words("rewardstatus", "draft", "active", "paused", "ended")),
        required("points_cost", sa.BigInteger()),
        sa.Column("value_kobo", sa.BigInteger()),
        sa.Column("value_bps", sa.BigInteger()),
        number("cost_kobo"),
        sa.Column("stock", sa.BigInteger()),
        sa.Column("stock_left", sa.BigInteger()),
        sa.Column("member_limit", sa.SmallInteger()),
        required("limit_period", words("limitperiod", "month", "year", "ever"), "'ever'"),
        sa.Column("min_tier", sa.Text(), sa.ForeignKey("loyalty_tiers.code")),
        required("valid_from", _MOMENT),
        sa.Column("valid_until", _MOMENT),
        required("voucher_days", sa.SmallInteger(), "90"),
        required("needs_approval", sa.Boolean(), "false"),
        required("refunds_expired", sa.Boolean(), "true"),
        required("version", sa.BigInteger(), "1"),
        *dated(),
        sa.CheckConstraint("points_cost > 0", name="points_cost"),
        sa.CheckConstraint("(stock is null) = (stock_left is null)", name="stock"),
        sa.CheckConstraint("stock_left between 0 and stock", name="stock_left"),
        sa.CheckConstraint("member_limit > 0", name="member_limit"),
        sa.CheckConstraint("value_bps between 1 and 10000 and value_kobo > 0", name="worth"),
        sa.CheckConstraint("(kind = 'discount_percent') = (value_bps is not null)", name="percent"),
        sa.CheckConstraint("kind <> 'discount_amount' or value_kobo is not null", name="amount"),
        sa.CheckConstraint("valid_until > valid_from", name="validity"),
        sa.CheckConstraint("voucher_days between 1 and 366", name="voucher_days"),
        sa.CheckConstraint("cost_kobo >= 0", name="cost_kobo"),
    )
    op.create_index("ix_loyalty_rewards_status", "loyalty_rewards", ["status"])


def _make_redemptions() -> None:
    table = "reward_redemptions"
    op.create_table(
        table,
        key(),
        one_of("account_id", "loyalty_points"),
        one_of("reward_id", "loyalty_rewards"),
        required(
            "status",
            words(
                "redemptionstatus",
                "pending",
                "approved",
                "fulfilled",
                "rejected",
                "cancelled",
                "expired",
            ),
        ),
        required("quantity", sa.SmallInteger()),
        required("points_spent", sa.BigInteger()),
        one_of("debit_id", "loyalty_transactions", unique=True),
        one_of("refund_id", "loyalty_transactions", nullable=True, unique=True),
        sa.Column("code_index", sa.LargeBinary(), nullable=False, unique=True),
        required("code_last4", sa.Text()),
        required("expires_at", _MOMENT),
        sa.Column("note", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _MOMENT),
        sa.Column("fulfilled_by", sa.Uuid()),
        sa.Column("fulfilled_at", _MOMENT),
        one_of("fulfilled_hospital_id", "hospitals", nullable=True),
        *dated(),
        sa.CheckConstraint("quantity between 1 and 5", name="quantity"),
        sa.CheckConstraint("points_spent > 0", name="points_spent"),
        sa.CheckConstraint(
            "status not in ('rejected', 'cancelled') or refund_id is not null", name="refunded"
        ),
        sa.CheckConstraint(
            "status not in ('pending', 'approved', 'fulfilled') or refund_id is null", name="live"
        ),
        sa.CheckConstraint("(status = 'fulfilled') = (fulfilled_at is not null)", name="fulfilled"),
    )
    op.create_index("ix_reward_redemptions_account_id_id", table, ["account_id", "id"])
    op.create_index("ix_reward_redemptions_reward_id_id", table, ["reward_id", "id"])
    op.create_index(
        "ix_reward_redemptions_expires_at",
        table,
        ["expires_at"],
        postgresql_where=sa.text("status in ('pending', 'approved')"),
    )
    op.create_table(
        "redemption_code_tries",
        sa.Column("actor_id", sa.Uuid(), primary_key=True),
        required("since", _MOMENT),
        required("wrong", sa.SmallInteger()),
    )


def _make_referrals() -> None:
    op.create_table(
        "referrals",
        key(),
        one_of("referrer_id", "patient_profiles"),
        one_of("friend_id", "patient_profiles", unique=True),
        required("status", words("referralstatus", "review", "pending", "rewarded", "rejected")),
        required("doubts", JSONB(), "'[]'"),
        one_of("first_visit_id", "appointments", nullable=True),
        sa.Column("rewarded_at", _MOMENT),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _MOMENT),
        sa.Column("reason", sa.Text()),
        *dated(),
        sa.CheckConstraint("referrer_id <> friend_id", name="self"),
        sa.CheckConstraint("(status = 'rewarded') = (rewarded_at is not null)", name="rewarded"),
        sa.CheckConstraint("status <> 'rewarded' or first_visit_id is not null", name="visit"),
    )
    op.create_index(
        "ix_referrals_referrer_id_created_at", "referrals", ["referrer_id", "created_at"]
    )
    op.create_index(
        "ix_referrals_review",
        "referrals",
        ["id"],
        postgresql_where=sa.text("status = 'review'"),
    )


def _make_payments() -> None:
    op.create_table(
        "payments",
        key(),
        one_of("hospital_id", "hospitals"),
        one_of("patient_id", "patient_profiles"),
        required("provider", sa.Text()),
        required("reference", sa.Text()),
        sa.Column("invoice", sa.Text()),
        required("amount_kobo", sa.BigInteger()),
        number("refunded_kobo"),
        required("status", words("paymentstatus", "settled", "part-refunded", "refunded")),
        required("settled_at", _MOMENT),
        sa.Column("recorded_by", sa.Uuid()),
        *dated(),
        sa.UniqueConstraint("provider", "reference"),
        sa.CheckConstraint("amount_kobo > 0", name="amount_kobo"),
        sa.CheckConstraint("refunded_kobo between 0 and amount_kobo", name="refunded_kobo"),
        sa.CheckConstraint("(status = 'settled') = (refunded_kobo = 0)", name="settled"),
        sa.CheckConstraint(
            "(status = 'refunded') = (refunded_kobo = amount_kobo)", name="refunded"
        ),
    )
    op.create_index("ix_payments_patient_id_id", "payments", ["patient_id", "id"])
    op.create_index("ix_payments_hospital_id_id", "payments", ["hospital_id", "id"])
    op.create_table(
        "payment_refunds",
        key(),
        one_of("payment_id", "payments"),
        required("reference", sa.Text()),
        required("amount_kobo", sa.BigInteger()),
        required("refunded_at", _MOMENT),
        sa.Column("recorded_by", sa.Uuid()),
        sa.UniqueConstraint("payment_id", "reference"),
        sa.CheckConstraint("amount_kobo > 0", name="amount_kobo"),
    )


def downgrade() -> None:
    """Take back."""
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}")
    for table in _APPEND_ONLY:
        op.execute(f"drop trigger {table}_append_only on {table}")
    for table in (
        "payment_refunds",
        "payments",
        "referrals",
        "redemption_code_tries",
        "reward_redemptions",
        "loyalty_rewards",
        "loyalty_expiry_notices",
        "loyalty_requests",
        "loyalty_tier_changes",
        "loyalty_debts",
        "loyalty_allocations",
        "loyalty_lots",
        "loyalty_transactions",
        "loyalty_points",
        "earning_rules",
        "loyalty_tiers",
    ):
        op.drop_table(table)
