"""Offers of the waiting list that are over are found by address, too: they still own an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_INDEX = "ix_waitlist_offers_address_id"


def upgrade() -> None:
    _index("status in ('live', 'expired', 'lost')")


def downgrade() -> None:
    _index("status = 'live'")


def _index(which: str) -> None:
    op.drop_index(_INDEX, table_name="waitlist_offers")
    op.create_index(_INDEX, "waitlist_offers", ["address_id"], postgresql_where=sa.text(which))
