"""organisation."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""


def downgrade() -> None:
    """Take back."""
