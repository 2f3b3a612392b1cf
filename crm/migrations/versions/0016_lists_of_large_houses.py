"""Large houses: visits of all hospitals by time, refusals in the audit, the audit by day."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    starts_at = sa.text("lower(during)")
    op.create_index("ix_appointments_starts_at", "appointments", [starts_at, "id"])
    refused = sa.text("outcome = 'denied'")
    op.create_index("ix_audit_events_denied", "audit_events", ["seq"], postgresql_where=refused)
    op.create_index("ix_audit_events_at", "audit_events", ["at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_audit_events_at", "audit_events")
    op.drop_index("ix_audit_events_denied", "audit_events")
    op.drop_index("ix_appointments_starts_at", "appointments")
