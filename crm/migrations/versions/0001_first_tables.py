"""The first tables: hospitals, patients, visits, messages and the clock's runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$
"""


def upgrade() -> None:
    """Apply."""
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "addresses",
        sa.Column(
            "channel",
            sa.Enum(
                "whatsapp",
                "sms",
                "email",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint(
            "channel", "value_index", name=op.f("uq_addresses_channel_value_index")
        ),
    )
    op.create_table(
        "carrier_contents",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_sid", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_carrier_contents")),
    )
    op.create_table(
        "hospitals",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("directions_url", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("desk_phone", sa.Text(), nullable=True),
        sa.Column("opens", sa.Time(), server_default=sa.text("'08:00'"), nullable=False),
        sa.Column("closes", sa.Time(), server_default=sa.text("'17:00'"), nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hospitals")),
        sa.UniqueConstraint("code", name=op.f("uq_hospitals_code")),
    )
    op.create_table(
        "inbound_keys",
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "provider", name=op.f("pk_inbound_keys")),
    )
    op.create_table(
        "job_runs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "running",
                "done",
                "failed",
                name="runstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "message_attempts",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("error_code", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "n", name=op.f("pk_message_attempts")),
        postgresql_partition_by="RANGE (message_id)",
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "direction",
            sa.Enum(
                "in",
                "out",
                name="direction",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "whatsapp",
                "sms",
                "email",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "reply",
                "alert",
                "reminder",
                "notice",
                "survey",
                "marketing",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "lane",
            sa.Enum(
                "urgent",
                "utility",
                "bulk",
                name="lane",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "unanswered",
                "answered",
                "queued",
                "sending",
                "unknown",
                "accepted",
                "sent",
                "delivered",
                "undelivered",
                "failed",
                "read",
                "suppressed",
                "expired",
                "cancelled",
                name="messagestatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("turn", sa.BigInteger(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("segments", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("error_code", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("status_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_messages_conversation", "messages", ["conversation_id", "id"], unique=False)
    op.create_index(
        "ix_messages_due",
        "messages",
        ["lane", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "ix_messages_in_doubt",
        "messages",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("status in ('sending', 'unknown')"),
    )
    op.create_index(
        "ix_messages_unanswered",
        "messages",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'unanswered'"),
    )
    op.create_table(
        "patient_profiles",
        sa.Column("home_hospital_id", sa.Uuid(), nullable=True),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("born_on_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "inactive",
                "deceased",
                "merged",
                "erased",
                name="patientstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            server_default=sa.text("'active'"),
            nullable=False,
        ),
        sa.Column(
            "is_synthetic",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["home_hospital_id"],
            ["hospitals.id"],
            name=op.f("fk_patient_profiles_home_hospital_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_profiles")),
    )
    op.create_index(
        op.f("ix_patient_profiles_home_hospital_id"),
        "patient_profiles",
        ["home_hospital_id"],
        unique=False,
    )
    op.create_table(
        "practitioners",
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id"], ["hospitals.id"], name=op.f("fk_practitioners_hospital_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioners")),
    )
    op.create_index(
        op.f("ix_practitioners_hospital_id"),
        "practitioners",
        ["hospital_id"],
        unique=False,
    )
    op.create_table(
        "services",
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("duration_min", sa.SmallInteger(), nullable=False),
        sa.Column(
            "min_notice_min",
            sa.BigInteger(),
            server_default=sa.text("60"),
            nullable=False,
        ),
        sa.Column(
            "horizon_days",
            sa.SmallInteger(),
            server_default=sa.text("60"),
            nullable=False,
        ),
        sa.Column("position", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("duration_min between 5 and 480", name=op.f("ck_services_duration")),
        sa.ForeignKeyConstraint(
            ["hospital_id"], ["hospitals.id"], name=op.f("fk_services_hospital_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("hospital_id", "name", name=op.f("uq_services_hospital_id_name")),
    )
    op.create_table(
        "suppressions",
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "stop",
                "carrier",
                "invalid",
                name="suppressionreason",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_suppressions_address_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(
        "uq_suppressions_address_id",
        "suppressions",
        ["address_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at is null"),
    )
    op.create_table(
        "address_holders",
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "self",
                "family",
                name="holderrole",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            server_default=sa.text("'self'"),
            nullable=False,
        ),
        sa.Column(
            "since",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_address_holders_address_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient_profiles.id"],
            name=op.f("fk_address_holders_patient_id"),
        ),
        sa.PrimaryKeyConstraint("address_id", "patient_id", name=op.f("pk_address_holders")),
    )
    op.create_index(
        "ix_address_holders_patient_id", "address_holders", ["patient_id"], unique=False
    )
    op.create_table(
        "appointments",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "booked",
                "checked-in",
                "arrived",
                "fulfilled",
                "cancelled",
                "noshow",
                name="appointmentstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("hold_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        postgresql.ExcludeConstraint(
            (sa.column("patient_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("status in ('pending', 'booked', 'checked-in', 'arrived')"),
            using="gist",
            name="ex_appointments_patient",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("practitioner_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("status in ('pending', 'booked', 'checked-in', 'arrived')"),
            using="gist",
            name="ex_appointments_practitioner",
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (hold_until is not null)",
            name=op.f("ck_appointments_hold"),
        ),
        sa.CheckConstraint("not isempty(during)", name=op.f("ck_appointments_during")),
        sa.ForeignKeyConstraint(
            ["hospital_id"], ["hospitals.id"], name=op.f("fk_appointments_hospital_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient_profiles.id"],
            name=op.f("fk_appointments_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("fk_appointments_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["appointments.id"],
            name=op.f("fk_appointments_previous_id"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_appointments_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint("reference", name=op.f("uq_appointments_reference")),
    )
    op.create_index(
        "ix_appointments_hold_until",
        "appointments",
        ["hold_until"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_appointments_hospital",
        "appointments",
        ["hospital_id", sa.literal_column("lower(during)")],
        unique=False,
    )
    op.create_index(
        "ix_appointments_patient",
        "appointments",
        ["patient_id", sa.literal_column("lower(during)")],
        unique=False,
    )
    op.create_table(
        "closures",
        sa.Column("hospital_id", sa.Uuid(), nullable=True),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("not isempty(during)", name=op.f("ck_closures_during")),
        sa.ForeignKeyConstraint(
            ["hospital_id"], ["hospitals.id"], name=op.f("fk_closures_hospital_id")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("fk_closures_practitioner_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    op.create_index(
        "ix_closures_during",
        "closures",
        ["during"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "consents",
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("proof_message_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_consents_address_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient_profiles.id"], name=op.f("fk_consents_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_address_id_id", "consents", ["address_id", "id"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column(
            "answering",
            sa.Enum(
                "bot",
                "waiting",
                "person",
                name="answering",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            server_default=sa.text("'bot'"),
            nullable=False,
        ),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("dialogue", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("context_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("turn", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("heard_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reminded_of", sa.Uuid(), nullable=True),
        sa.Column("reminded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("waiting_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("waiting_reason", sa.Text(), nullable=True),
        sa.Column("alerted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_conversations_address_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient_profiles.id"],
            name=op.f("fk_conversations_patient_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("address_id", name=op.f("uq_conversations_address_id")),
    )
    op.create_index(
        "ix_conversations_waiting_since",
        "conversations",
        ["waiting_since"],
        unique=False,
        postgresql_where=sa.text("answering = 'waiting'"),
    )
    op.create_table(
        "practitioner_services",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("fk_practitioner_services_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["services.id"],
            name=op.f("fk_practitioner_services_service_id"),
        ),
        sa.PrimaryKeyConstraint(
            "service_id", "practitioner_id", name=op.f("pk_practitioner_services")
        ),
    )
    op.create_table(
        "schedules",
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column(
            "valid_from",
            sa.Date(),
            server_default=sa.text("'2020-01-01'"),
            nullable=False,
        ),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("ends > starts", name=op.f("ck_schedules_hours")),
        sa.CheckConstraint("weekday between 0 and 6", name=op.f("ck_schedules_weekday")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("fk_schedules_practitioner_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint(
            "practitioner_id",
            "weekday",
            "starts",
            "valid_from",
            name="uq_schedules_once",
        ),
    )
    op.create_table(
        "appointment_reminders",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_version", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "day-before",
                "same-day",
                name="reminderkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "whatsapp",
                "sms",
                "email",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "posted",
                "skipped",
                "cancelled",
                name="reminderstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            server_default=sa.text("'pending'"),
            nullable=False,
        ),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["address_id"],
            ["addresses.id"],
            name=op.f("fk_appointment_reminders_address_id"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_appointment_reminders_appointment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_reminders")),
        sa.UniqueConstraint(
            "appointment_id",
            "kind",
            "channel",
            "appointment_version",
            name="uq_appointment_reminders_once",
        ),
    )
    op.create_index(
        "ix_appointment_reminders_due_at",
        "appointment_reminders",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "misheard",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_misheard_conversation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misheard")),
    )
    op.create_index(op.f("ix_misheard_question"), "misheard", ["question"], unique=False)
    for table in ("messages", "message_attempts"):
        op.execute(f"create table {table}_rest partition of {table} default")
    op.execute("alter table conversations set (fillfactor = 70)")
    op.execute(APPEND_ONLY)
    op.execute(
        "create trigger consents_append_only before update or delete on consents "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    """Take back."""
    op.execute("drop trigger consents_append_only on consents")
    op.execute("drop function refuse_change()")
    op.drop_index(op.f("ix_misheard_question"), table_name="misheard")
    op.drop_table("misheard")
    op.drop_index(
        "ix_appointment_reminders_due_at",
        table_name="appointment_reminders",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_table("appointment_reminders")
    op.drop_table("schedules")
    op.drop_table("practitioner_services")
    op.drop_index(
        "ix_conversations_waiting_since",
        table_name="conversations",
        postgresql_where=sa.text("answering = 'waiting'"),
    )
    op.drop_table("conversations")
    op.drop_index("ix_consents_address_id_id", table_name="consents")
    op.drop_table("consents")
    op.drop_index("ix_closures_during", table_name="closures", postgresql_using="gist")
    op.drop_table("closures")
    op.drop_index("ix_appointments_patient", table_name="appointments")
    op.drop_index("ix_appointments_hospital", table_name="appointments")
    op.drop_index(
        "ix_appointments_hold_until",
        table_name="appointments",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_table("appointments")
    op.drop_index("ix_address_holders_patient_id", table_name="address_holders")
    op.drop_table("address_holders")
    op.drop_index(
        "uq_suppressions_address_id",
        table_name="suppressions",
        postgresql_where=sa.text("lifted_at is null"),
    )
    op.drop_table("suppressions")
    op.drop_table("services")
    op.drop_index(op.f("ix_practitioners_hospital_id"), table_name="practitioners")
    op.drop_table("practitioners")
    op.drop_index(op.f("ix_patient_profiles_home_hospital_id"), table_name="patient_profiles")
    op.drop_table("patient_profiles")
    op.drop_index(
        "ix_messages_unanswered",
        table_name="messages",
        postgresql_where=sa.text("status = 'unanswered'"),
    )
    op.drop_index(
        "ix_messages_in_doubt",
        table_name="messages",
        postgresql_where=sa.text("status in ('sending', 'unknown')"),
    )
    op.drop_index(
        "ix_messages_due",
        table_name="messages",
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.drop_index("ix_messages_conversation", table_name="messages")
    op.drop_table("messages")
    op.drop_table("message_attempts")
    op.drop_table("job_runs")
    op.drop_table("inbound_keys")
    op.drop_table("hospitals")
    op.drop_table("carrier_contents")
    op.drop_table("addresses")
