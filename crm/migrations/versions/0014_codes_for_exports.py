"""A one-time code may open the file of everything we keep about a person."""

from alembic import op

revision = "0014"
down_revision = "0013"

_TABLE = "otp_challenges"
_CHECK = op.f("ck_otp_challenges_codepurpose")


def upgrade() -> None:
    """Apply."""
    _allow("'sign_in', 'erase', 'redeem', 'export'")


def downgrade() -> None:
    """Take back. Codes that were sent for it are dead by then."""
    op.execute("delete from otp_challenges where purpose = 'export'")
    _allow("'sign_in', 'erase', 'redeem'")


def _allow(purposes: str) -> None:
    op.drop_constraint(_CHECK, _TABLE, type_="check")
    op.create_check_constraint(_CHECK, _TABLE, f"purpose in ({purposes})")
