"""Feedback after visits, owners' satisfaction each quarter, and the follow-ups of both."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

STATUSES = ("pending", "posted", "skipped")
SOURCES = ("whatsapp", "sms", "email", "web", "desk", "call")
TOPICS = (
    "waiting_time",
    "staff_courtesy",
    "doctor_communication",
    "cleanliness",
    "billing",
    "pharmacy",
    "facilities",
    "telemedicine",
    "other",
)
CAUSES = (
    "process",
    "staffing",
    "conduct",
    "communication",
    "clinical",
    "billing",
    "payout",
    "facilities",
    "supplies",
    "system",
    "not_ours",
)
SCORES = ("payout_timeliness", "communication", "transparency", "support")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def _time(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column:
    return sa.Column(
        name,
        sa.TIMESTAMP(timezone=True),
        nullable=nullable,
        server_default=sa.text(default) if default else None,
    )


def _id(table: str) -> tuple[sa.Column, sa.PrimaryKeyConstraint]:
    key = sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))
    return sa.Column("id", sa.Uuid(), nullable=False), key


def _dated() -> tuple[sa.Column, sa.Column]:
    return _time("created_at", default="now()"), _time("updated_at", default="now()")


def _of(
    table: str, column: str, other: str, *, nullable: bool = False
) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_{column}")
    reference = sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)
    return sa.Column(column, sa.Uuid(), nullable=nullable), reference


def _score(table: str, name: str, span: str = "1 and 5") -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{name} between {span}", name=op.f(f"ck_{table}_{name}"))


def _asked(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """What every invitation knows of itself."""
    posted, skipped = "(posted_at is not null)", "(skip_reason is not null)"
    return (
        _time("due_at"),
        _time("expires_at"),
        sa.Column(
            "status",
            _words("invitationstatus", *STATUSES),
            server_default=sa.text("'pending'"),
            nullable=False,
        ),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        *_of(table, "address_id", "addresses", nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        _time("posted_at", nullable=True),
        _time("answered_at", nullable=True),
        sa.CheckConstraint(f"(status = 'posted') = {posted}", name=op.f(f"ck_{table}_posted")),
        sa.CheckConstraint(f"(status = 'skipped') = {skipped}", name=op.f(f"ck_{table}_skipped")),
        *_id(table),
        *_dated(),
    )


def _index_invitations(table: str) -> None:
    op.create_index(
        f"ix_{table}_due_at", table, ["due_at"], postgresql_where=sa.text("status = 'pending'")
    )
    op.create_index(
        f"ix_{table}_awaited",
        table,
        ["address_id", "posted_at"],
        postgresql_where=sa.text("status = 'posted' and answered_at is null"),
    )


def upgrade() -> None:
    """Apply."""
    table = "feedback_invitations"
    op.create_table(
        table,
        *_of(table, "appointment_id", "appointments"),
        *_of(table, "patient_id", "patient_profiles"),
        *_of(table, "hospital_id", "hospitals"),
        *_asked(table),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_feedback_invitations_appointment_id")),
    )
    _index_invitations(table)
    op.create_index(f"ix_{table}_patient_id", table, ["patient_id", "due_at"])
    op.create_index(f"ix_{table}_hospital_id", table, ["hospital_id", "posted_at"])
    _patient_feedback()
    _owner_surveys()
    _owner_satisfaction()
    _follow_ups()


def _patient_feedback() -> None:
    table = "patient_feedback"
    topics = ", ".join(f"'{topic}'" for topic in TOPICS)
    op.create_table(
        table,
        *_of(table, "hospital_id", "hospitals"),
        *_of(table, "patient_id", "patient_profiles", nullable=True),
        *_of(table, "appointment_id", "appointments", nullable=True),
        *_of(table, "service_id", "services", nullable=True),
        *_of(table, "practitioner_id", "practitioners", nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("nps", sa.SmallInteger(), nullable=True),
        sa.Column(
            "categories",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("comment_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_anonymous", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("may_contact", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("source", _words("answersource", *SOURCES), nullable=False),
        _time("said_at"),
        _time("edited_at", nullable=True),
        *_id(table),
        _score(table, "rating"),
        _score(table, "nps", "0 and 10"),
        sa.CheckConstraint(
            f"categories <@ array[{topics}]::text[]", name=op.f(f"ck_{table}_categories")
        ),
        sa.CheckConstraint(
            "not is_anonymous or num_nonnulls(patient_id, appointment_id, service_id, practitioner_id) = 0",
            name=op.f(f"ck_{table}_anonymous"),
        ),
        sa.CheckConstraint(
            "is_anonymous or num_nonnulls(patient_id, appointment_id) = 2",
            name=op.f(f"ck_{table}_named"),
        ),
        sa.UniqueConstraint("appointment_id", name=op.f(f"uq_{table}_appointment_id")),
    )
    op.create_index(f"ix_{table}_hospital_id", table, ["hospital_id", "said_at", "id"])
    op.create_index(f"ix_{table}_patient_id", table, ["patient_id", "said_at"])


def _owner_surveys() -> None:
    table = "owner_survey_invitations"
    op.create_table(
        table,
        *_of(table, "owner_id", "owners"),
        *_of(table, "contract_id", "contracts"),
        *_of(table, "hospital_id", "hospitals"),
        sa.Column("period", sa.Text(), nullable=False),
        _time("nudged_at", nullable=True),
        *_asked(table),
        _period(table),
        sa.UniqueConstraint("owner_id", "contract_id", "period", name=f"uq_{table}_once"),
    )
    _index_invitations(table)
    op.create_index(
        f"ix_{table}_nudge",
        table,
        ["posted_at"],
        postgresql_where=sa.text("status = 'posted' and answered_at is null and nudged_at is null"),
    )


def _owner_satisfaction() -> None:
    table = "owner_satisfaction"
    op.create_table(
        table,
        *_of(table, "owner_id", "owners"),
        *_of(table, "contract_id", "contracts", nullable=True),
        *_of(table, "hospital_id", "hospitals", nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("overall", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.SmallInteger(), nullable=True) for name in (*SCORES, "nps")),
        sa.Column("comment_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("source", _words("answersource", *SOURCES), nullable=False),
        _time("said_at"),
        *_id(table),
        *_dated(),
        _period(table),
        *(_score(table, name) for name in ("overall", *SCORES)),
        _score(table, "nps", "0 and 10"),
        sa.UniqueConstraint(
            "owner_id",
            "contract_id",
            "period",
            name=f"uq_{table}_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(f"ix_{table}_said_at", table, ["said_at"])


def _period(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint("period ~ '^[0-9]{4}-Q[1-4]$'", name=op.f(f"ck_{table}_period"))


def _follow_ups() -> None:
    table = "follow_ups"
    op.create_table(
        table,
        *_of(table, "hospital_id", "hospitals", nullable=True),
        *_of(table, "feedback_id", "patient_feedback", nullable=True),
        *_of(table, "satisfaction_id", "owner_satisfaction", nullable=True),
        sa.Column("severity", _words("severity", "urgent", "low_score"), nullable=False),
        _time("opened_at"),
        _time("due_at"),
        *_of(table, "assignee_id", "users", nullable=True),
        *_of(table, "named_user_id", "users", nullable=True),
        _time("first_contact_at", nullable=True),
        sa.Column("contact_note_sealed", sa.LargeBinary(), nullable=True),
        _time("resolved_at", nullable=True),
        *_of(table, "resolved_by", "users", nullable=True),
        sa.Column("root_cause", _words("rootcause", *CAUSES), nullable=True),
        sa.Column("resolution_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        *_id(table),
        *_dated(),
        sa.CheckConstraint(
            "num_nonnulls(feedback_id, satisfaction_id) = 1", name=op.f(f"ck_{table}_about")
        ),
        sa.CheckConstraint(
            "(resolved_at is null) = (root_cause is null)", name=op.f(f"ck_{table}_resolved")
        ),
        sa.CheckConstraint("assignee_id <> named_user_id", name=op.f(f"ck_{table}_assignee")),
        sa.CheckConstraint("resolved_by <> named_user_id", name=op.f(f"ck_{table}_resolver")),
        sa.UniqueConstraint("feedback_id", name=op.f(f"uq_{table}_feedback_id")),
        sa.UniqueConstraint("satisfaction_id", name=op.f(f"uq_{table}_satisfaction_id")),
    )
    op.create_index(
        f"ix_{table}_waiting",
        table,
        ["due_at"],
        postgresql_where=sa.text("first_contact_at is null and resolved_at is null"),
    )
    op.create_index(f"ix_{table}_hospital_id", table, ["hospital_id", "opened_at", "id"])


def downgrade() -> None:
    """Take back."""
    for table in (
        "follow_ups",
        "owner_satisfaction",
        "owner_survey_invitations",
        "patient_feedback",
        "feedback_invitations",
    ):
        op.drop_table(table)
