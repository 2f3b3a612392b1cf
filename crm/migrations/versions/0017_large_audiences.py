"""Large audiences: frozen without looking the campaign up for each, and marketing has an index."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_LINK = "fk_campaign_recipients_campaign_id"


def upgrade() -> None:
    op.drop_constraint(_LINK, "campaign_recipients")
    marketing = sa.text("purpose = 'marketing'")
    op.create_index(
        "ix_messages_marketing", "messages", ["patient_id", "id"], postgresql_where=marketing
    )


def downgrade() -> None:
    op.drop_index("ix_messages_marketing", "messages")
    op.create_foreign_key(
        _LINK, "campaign_recipients", "communication_campaigns", ["campaign_id"], ["id"]
    )
