"""platform."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""


def downgrade() -> None:
    """Take back."""
