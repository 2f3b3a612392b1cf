"""Owners in the chat: who speaks as one, surveys answered by a digit, payouts disputed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_TALKS, _FOLLOW_UPS = "conversations", "follow_ups"


def upgrade() -> None:
    """Apply."""
    op.add_column(_TALKS, sa.Column("owner_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_conversations_owner_id"), _TALKS, "owners", ["owner_id"], ["id"])
    op.add_column(_FOLLOW_UPS, sa.Column("payout_id", sa.Uuid(), nullable=True))
    op.add_column(_FOLLOW_UPS, sa.Column("words_sealed", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(
        op.f("fk_follow_ups_payout_id"), _FOLLOW_UPS, "owner_payouts", ["payout_id"], ["id"]
    )
    op.create_index(
        "uq_follow_ups_payout_id",
        _FOLLOW_UPS,
        ["payout_id"],
        unique=True,
        postgresql_where=sa.text("payout_id is not null and resolved_at is null"),
    )
    _check("about", "num_nonnulls(feedback_id, satisfaction_id, payout_id) = 1")
    _check_severity("'urgent', 'low_score', 'dispute'")


def downgrade() -> None:
    """Take back. Disputes go with the column that says what they are about."""
    op.execute("delete from follow_ups where payout_id is not null")
    _check_severity("'urgent', 'low_score'")
    _check("about", "num_nonnulls(feedback_id, satisfaction_id) = 1")
    op.drop_index("uq_follow_ups_payout_id", table_name=_FOLLOW_UPS)
    op.drop_constraint(op.f("fk_follow_ups_payout_id"), _FOLLOW_UPS)
    for column in ("words_sealed", "payout_id"):
        op.drop_column(_FOLLOW_UPS, column)
    op.drop_constraint(op.f("fk_conversations_owner_id"), _TALKS)
    op.drop_column(_TALKS, "owner_id")


def _check(name: str, condition: str) -> None:
    full = op.f(f"ck_follow_ups_{name}")
    op.drop_constraint(full, _FOLLOW_UPS, type_="check")
    op.create_check_constraint(full, _FOLLOW_UPS, condition)


def _check_severity(allowed: str) -> None:
    op.drop_constraint("severity", _FOLLOW_UPS, type_="check")
    op.create_check_constraint("severity", _FOLLOW_UPS, f"severity in ({allowed})")
