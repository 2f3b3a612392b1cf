"""A one-time code may open the file of everything we keep about a person."""

from alembic import op

revision = "0014"
down_revision = "0013"

_TABLE = "otp_challenges"


def upgrade() -> None:
    """Apply."""
    _allow("'sign_in', 'erase', 'redeem', 'export'")


def downgrade() -> None:
    """Take back. Codes that were sent for it are dead by then."""
    op.execute("delete from otp_challenges where purpose = 'export'")
    _allow("'sign_in', 'erase', 'redeem'")


def _allow(purposes: str) -> None:
    name = op.f("ck_otp_challenges_codepurpose")
    op.drop_constraint(name, _TABLE, type_="check")
    op.create_check_constraint(name, _TABLE, f"purpose in ({purposes})")
