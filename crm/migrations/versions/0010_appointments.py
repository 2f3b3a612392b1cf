"""Session clinics with queue numbers, the whole life of a visit, and who waits for a time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

_BEFORE = ("pending", "booked", "checked-in", "arrived", "fulfilled", "cancelled", "noshow")
_ADDED = ("outcome-unknown", "entered-in-error")
_BLOCKS = "status in ('pending', 'booked', 'checked-in', 'arrived')"
_BLOCKS_PATIENT = f"{_BLOCKS} and not allow_overlap"
_BLOCKS_PRACTITIONER = f"{_BLOCKS_PATIENT} and clinic_session_id is null"
_CHECKS = {
    "blocked": "blocked @> during",
    "override": "not allow_overlap or override_reason is not null",
    "queue": "queue_number is null or clinic_session_id is not null",
}
_COLUMNS = (
    "clinic_session_id",
    "queue_number",
    "blocked",
    "checked_in_at",
    "fulfilled_at",
    "reason_sealed",
    "notes_sealed",
    "allow_overlap",
    "override_reason",
    "revision",
)


def upgrade() -> None:
    """Apply."""
    _create_clinic_sessions()
    _extend_appointments()
    _create_waitlist_entries()
    _create_waitlist_offers()


def downgrade() -> None:
    """Take back. Visits that the older rules do not know are ended in the older words."""
    op.drop_table("waitlist_offers")
    op.drop_table("waitlist_entries")
    op.execute("update appointments set status = 'noshow' where status = 'outcome-unknown'")
    op.execute("update appointments set status = 'cancelled' where status = 'entered-in-error'")
    op.execute(
        "update appointments set status = 'cancelled', hold_until = null "
        "where status in ('pending', 'booked', 'checked-in', 'arrived') "
        "and (allow_overlap or clinic_session_id is not null)"
    )
    op.drop_index("ix_appointments_clinic_session_id", table_name="appointments")
    op.drop_index("ix_appointments_booked", table_name="appointments")
    for name in ("practitioner", "patient"):
        op.drop_constraint(f"ex_appointments_{name}", "appointments")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_appointments_{name}"), "appointments")
    for column in _COLUMNS:
        op.drop_column("appointments", column)
    _state_statuses(_BEFORE)
    _exclude("practitioner", "during", _BLOCKS)
    _exclude("patient", "during", _BLOCKS)
    op.drop_table("clinic_sessions")


def _create_clinic_sessions() -> None:
    op.create_table(
        "clinic_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_dated(),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=False),
        _small("overbook"),
        _small("booked"),
        _small("last_number"),
        _flag("is_closed"),
        _count("version"),
        sa.CheckConstraint(
            "booked between 0 and capacity + overbook", name=op.f("ck_clinic_sessions_places")
        ),
        sa.CheckConstraint(
            "capacity >= 0 and overbook >= 0", name=op.f("ck_clinic_sessions_capacity")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_clinic_sessions_hours")),
        *_refers("clinic_sessions", "hospital", "service", "practitioner"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic_sessions")),
        sa.UniqueConstraint(
            "service_id", "practitioner_id", "starts_at", name="uq_clinic_sessions_once"
        ),
    )
    op.create_index("ix_clinic_sessions_hospital", "clinic_sessions", ["hospital_id", "starts_at"])


def _extend_appointments() -> None:
    columns = (
        sa.Column("clinic_session_id", sa.Uuid()),
        sa.Column("queue_number", sa.SmallInteger()),
        sa.Column("blocked", postgresql.TSTZRANGE()),
        sa.Column("checked_in_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("fulfilled_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("reason_sealed", sa.LargeBinary()),
        sa.Column("notes_sealed", sa.LargeBinary()),
        _flag("allow_overlap"),
        sa.Column("override_reason", sa.Text()),
        _count("revision"),
    )
    for column in columns:
        op.add_column("appointments", column)
    op.execute("update appointments set blocked = during")
    op.alter_column("appointments", "blocked", nullable=False)
    op.create_foreign_key(
        op.f("fk_appointments_clinic_session_id"),
        "appointments",
        "clinic_sessions",
        ["clinic_session_id"],
        ["id"],
    )
    for name, rule in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_appointments_{name}"), "appointments", rule)
    _state_statuses((*_BEFORE, *_ADDED))
    for name in ("practitioner", "patient"):
        op.drop_constraint(f"ex_appointments_{name}", "appointments")
    _exclude("practitioner", "blocked", _BLOCKS_PRACTITIONER)
    _exclude("patient", "during", _BLOCKS_PATIENT)
    op.create_index(
        "ix_appointments_booked",
        "appointments",
        [sa.literal_column("lower(during)")],
        postgresql_where=sa.text("status = 'booked'"),
    )
    op.create_index(
        "ix_appointments_clinic_session_id",
        "appointments",
        ["clinic_session_id"],
        postgresql_where=sa.text("clinic_session_id is not null"),
    )


def _create_waitlist_entries() -> None:
    op.create_table(
        "waitlist_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_dated(),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid()),
        sa.Column("moving_id", sa.Uuid()),
        _words_list("weekdays", sa.SmallInteger()),
        _words_list("parts", sa.Text()),
        sa.Column("earliest_on", sa.Date(), nullable=False),
        sa.Column("latest_on", sa.Date(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("3"), nullable=False),
        _status("waiting", "booked", "left", "lapsed", kind="waitstatus"),
        sa.Column("source", sa.Text(), nullable=False),
        _count("version"),
        sa.CheckConstraint("priority between 1 and 3", name=op.f("ck_waitlist_entries_priority")),
        sa.CheckConstraint(
            "weekdays <@ '{0,1,2,3,4,5,6}'::smallint[]", name=op.f("ck_waitlist_entries_weekdays")
        ),
        sa.CheckConstraint(
            "parts <@ array['morning', 'afternoon', 'evening']",
            name=op.f("ck_waitlist_entries_parts"),
        ),
        sa.CheckConstraint("latest_on >= earliest_on", name=op.f("ck_waitlist_entries_days")),
        *_refers("waitlist_entries", "hospital", "service", "practitioner"),
        _refers_to("waitlist_entries", "patient_id", "patient_profiles"),
        _refers_to("waitlist_entries", "moving_id", "appointments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entries")),
    )
    op.create_index(op.f("ix_waitlist_entries_hospital_id"), "waitlist_entries", ["hospital_id"])
    op.create_index(
        "uq_waitlist_entries_once",
        "waitlist_entries",
        ["patient_id", "service_id"],
        unique=True,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_waitlist_entries_rank",
        "waitlist_entries",
        ["service_id", "priority", "id"],
        postgresql_where=sa.text("status = 'waiting'"),
    )


def _create_waitlist_offers() -> None:
    op.create_table(
        "waitlist_offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_dated(),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        _flag("is_session"),
        _status("live", "accepted", "passed", "expired", "lost", kind="offerstatus"),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("address_id", sa.Uuid()),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("appointment_id", sa.Uuid()),
        postgresql.ExcludeConstraint(
            (sa.column("practitioner_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("status = 'live' and not is_session"),
            using="gist",
            name="ex_waitlist_offers_slot",
        ),
        _refers_to("waitlist_offers", "entry_id", "waitlist_entries"),
        _refers_to("waitlist_offers", "practitioner_id", "practitioners"),
        _refers_to("waitlist_offers", "address_id", "addresses"),
        _refers_to("waitlist_offers", "appointment_id", "appointments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_offers")),
    )
    op.create_index(
        "uq_waitlist_offers_once",
        "waitlist_offers",
        ["entry_id", "practitioner_id", sa.literal_column("lower(during)")],
        unique=True,
    )
    _index_live("uq_waitlist_offers_live", "entry_id", unique=True)
    _index_live("ix_waitlist_offers_expires_at", "expires_at")
    _index_live("ix_waitlist_offers_address_id", "address_id")


def _state_statuses(statuses: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_appointments_appointmentstatus"), "appointments")
    listed = ", ".join(f"'{status}'" for status in statuses)
    op.create_check_constraint(
        op.f("ck_appointments_appointmentstatus"), "appointments", f"status in ({listed})"
    )


def _exclude(who: str, when: str, where: str) -> None:
    op.create_exclude_constraint(
        f"ex_appointments_{who}",
        "appointments",
        (sa.column(f"{who}_id"), "="),
        (sa.column(when), "&&"),
        where=sa.text(where),
        using="gist",
    )


def _index_live(name: str, column: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        "waitlist_offers",
        [column],
        unique=unique,
        postgresql_where=sa.text("status = 'live'"),
    )


def _dated() -> tuple[sa.Column, sa.Column]:
    return tuple(
        sa.Column(
            name, sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        )
        for name in ("created_at", "updated_at")
    )


def _small(name: str) -> sa.Column:
    return sa.Column(name, sa.SmallInteger(), server_default=sa.text("0"), nullable=False)


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("1"), nullable=False)


def _flag(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _words_list(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, postgresql.ARRAY(kind), server_default=sa.text("'{}'"), nullable=False)


def _status(*statuses: str, kind: str) -> sa.Column:
    return sa.Column(
        "status",
        sa.Enum(*statuses, name=kind, native_enum=False, create_constraint=True, length=24),
        server_default=sa.text(f"'{statuses[0]}'"),
        nullable=False,
    )


def _refers(table: str, *nouns: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return tuple(_refers_to(table, f"{noun}_id", f"{noun}s") for noun in nouns)


def _refers_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
