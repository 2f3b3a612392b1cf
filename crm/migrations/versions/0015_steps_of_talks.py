"""Where a talk stood after each message, and how many came to each question and went on."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("messages", sa.Column("stood_at", sa.Text()))
    op.create_table(
        "dialogue_steps",
        sa.Column("dialogue", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("abandoned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dialogue", "state", "day", name="pk_dialogue_steps"),
    )


def downgrade() -> None:
    op.drop_table("dialogue_steps")
    op.drop_column("messages", "stood_at")
