"""The platform: users and their roles, sign-ins, one-time codes, audit, idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

ROLES = (
    "patient",
    "owner",
    "front_desk",
    "clinician",
    "communications",
    "finance",
    "finance_approver",
    "hospital_admin",
    "admin",
    "auditor",
    "service",
)
ACCOUNTS = ("user", "patient", "owner")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def _time(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column:
    return sa.Column(
        name,
        sa.TIMESTAMP(timezone=True),
        nullable=nullable,
        server_default=sa.text(default) if default else None,
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "users",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column(
            "status",
            _words("userstatus", "active", "disabled"),
            server_default=sa.text("'active'"),
            nullable=False,
        ),
        sa.Column("failed_count", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _time("locked_until", nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        _time("totp_confirmed_at", nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        _time("last_seen_at", nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", default="now()"),
        _time("updated_at", default="now()"),
        sa.CheckConstraint("failed_count >= 0", name=op.f("ck_users_failed_count")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_index", name=op.f("uq_users_email_index")),
    )
    op.create_table(
        "user_grants",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", _words("role", *ROLES), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_grants")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_grants_user_id")),
        sa.ForeignKeyConstraint(
            ["hospital_id"], ["hospitals.id"], name=op.f("fk_user_grants_hospital_id")
        ),
        sa.UniqueConstraint(
            "user_id",
            "role",
            "hospital_id",
            name="uq_user_grants_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "sessions",
        sa.Column("kind", _words("accountkind", *ACCOUNTS), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=False),
        sa.Column("is_strong", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        _time("created_at"),
        _time("used_at"),
        _time("expires_at"),
        _time("revoked_at", nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_table(
        "otp_challenges",
        sa.Column("purpose", _words("codepurpose", "sign_in", "erase", "redeem"), nullable=False),
        sa.Column("kind", _words("accountkind", *ACCOUNTS), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_otp_challenges")),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_otp_challenges_address_id")
        ),
    )
    op.create_index("ix_otp_challenges_address_id", "otp_challenges", ["address_id", "created_at"])
    _audit()
    op.create_table(
        "idempotency_keys",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        _time("created_at"),
        sa.PrimaryKeyConstraint("account", "route", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.add_column("conversations", sa.Column("assigned_to", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_conversations_assigned_to"), "conversations", "users", ["assigned_to"], ["id"]
    )


def _audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=True),
        _time("at"),
        _time("recorded_at", default="clock_timestamp()"),
        sa.Column(
            "actor_kind", _words("kind", "user", "patient", "owner", "system"), nullable=False
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "roles", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column(
            "fields", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("outcome", _words("auditoutcome", "done", "denied"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_chain", "audit_events", ["hospital_id", "recorded_at"])
    op.create_index("ix_audit_events_entity", "audit_events", ["entity_id", "seq"])
    op.create_index("ix_audit_events_actor", "audit_events", ["actor_id", "seq"])
    op.create_index("ix_audit_events_seq", "audit_events", ["seq"], unique=True)
    op.create_table(
        "audit_seals",
        sa.Column("hospital_id", sa.Uuid(), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        _time("since"),
        _time("until"),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _time("sealed_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint(
            "hospital_id", "n", name="uq_audit_seals_n", postgresql_nulls_not_distinct=True
        ),
    )
    for table in ("audit_events", "audit_seals"):
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Take back."""
    op.drop_column("conversations", "assigned_to")
    for table in ("audit_events", "audit_seals"):
        op.execute(f"drop trigger {table}_append_only on {table}")
    for table in (
        "idempotency_keys",
        "audit_seals",
        "audit_events",
        "otp_challenges",
        "sessions",
        "user_grants",
        "users",
    ):
        op.drop_table(table)
