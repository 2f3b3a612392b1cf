"""Services with sessions, prices, buffers and other words; what two people edit has a version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_VERSIONED = ("hospitals", "services", "practitioners", "schedules", "closures")
_SERVICE_CHECKS = {
    "servicemode": "mode in ('exclusive', 'session')",
    "gender": "gender in ('female', 'male', 'other', 'undisclosed')",
    "capacity": "(mode = 'session') = (capacity is not null)",
    "places": "capacity between 1 and 500 and overbook between 0 and 50",
    "buffers": "buffer_before_min between 0 and 120 and buffer_after_min between 0 and 120",
    "notice": "min_notice_min >= 0 and horizon_days between 1 and 365",
    "price": "price_kobo >= 0",
    "ages": "min_age_years <= max_age_years",
}
_SERVICE_COLUMNS = (
    "synonyms",
    "mode",
    "buffer_before_min",
    "buffer_after_min",
    "capacity",
    "overbook",
    "min_age_years",
    "max_age_years",
    "gender",
    "price_kobo",
)


def upgrade() -> None:
    """Apply."""
    for table in _VERSIONED:
        op.add_column(table, _version())
    op.create_check_constraint(op.f("ck_hospitals_hours"), "hospitals", "closes > opens")
    _add_to_services()
    op.add_column("schedules", sa.Column("service_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_schedules_service_id"), "schedules", "services", ["service_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_schedules_validity"), "schedules", "valid_to >= valid_from")


def downgrade() -> None:
    """Take back."""
    op.drop_constraint(op.f("ck_schedules_validity"), "schedules")
    op.execute("delete from schedules where service_id is not null")
    op.drop_column("schedules", "service_id")
    for name in _SERVICE_CHECKS:
        op.drop_constraint(op.f(f"ck_services_{name}"), "services")
    for column in _SERVICE_COLUMNS:
        op.drop_column("services", column)
    op.drop_constraint(op.f("ck_hospitals_hours"), "hospitals")
    for table in _VERSIONED:
        op.drop_column(table, "version")


def _version() -> sa.Column:
    return sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False)


def _add_to_services() -> None:
    columns = (
        sa.Column(
            "synonyms",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("mode", sa.String(24), server_default=sa.text("'exclusive'"), nullable=False),
        _small("buffer_before_min", default="0"),
        _small("buffer_after_min", default="0"),
        _small("capacity"),
        _small("overbook", default="0"),
        _small("min_age_years"),
        _small("max_age_years"),
        sa.Column("gender", sa.String(24)),
        sa.Column("price_kobo", sa.BigInteger()),
    )
    for column in columns:
        op.add_column("services", column)
    for name, rule in _SERVICE_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_services_{name}"), "services", rule)


def _small(name: str, *, default: str | None = None) -> sa.Column:
    if default is None:
        return sa.Column(name, sa.SmallInteger())
    return sa.Column(name, sa.SmallInteger(), server_default=sa.text(default), nullable=False)
