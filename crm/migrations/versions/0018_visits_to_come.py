"""The visits a patient has to come, counted so that two bookings at once see each other."""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"

_SOURCE = Path(__file__).parents[1] / "functions" / "visits_to_come.sql"


def upgrade() -> None:
    op.execute(_SOURCE.read_text("utf-8"))


def downgrade() -> None:
    op.execute("drop function visits_to_come")
