"""E-mail: addresses that bounce, and people who report us as spam."""

from alembic import op

revision = "0011"
down_revision = "0010"

_CHECK = "suppressionreason"


def upgrade() -> None:
    _allow("'stop', 'carrier', 'invalid', 'bounce', 'spam'")


def downgrade() -> None:
    # To the older words an address that bounces or complains is one that does not work.
    op.execute("update suppressions set reason = 'invalid' where reason in ('bounce', 'spam')")
    _allow("'stop', 'carrier', 'invalid'")


def _allow(reasons: str) -> None:
    op.drop_constraint(_CHECK, "suppressions", type_="check")
    op.create_check_constraint(_CHECK, "suppressions", f"reason in ({reasons})")
