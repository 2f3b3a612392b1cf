"""Patients in full, their insurance, and privacy's own books."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# Tone marks go with the decomposition, hooked letters by name; apostrophes are left out, so that
# Sa'adatu is found as Saadatu.
FOLD_NAME = """
create function fold_name(name text) returns text
language sql immutable strict parallel safe
as $$
    select lower(translate(
        regexp_replace(normalize(name, NFKD), '[\\u0300-\\u036f]', '', 'g'),
        'ɓɗƙƴƁƊƘƳ''’',
        'bdkybdky'
    ))
$$
"""


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def _time(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column:
    return sa.Column(
        name,
        sa.TIMESTAMP(timezone=True),
        nullable=nullable,
        server_default=sa.text(default) if default else None,
    )


ADDED = {
    "mrn": sa.Text(),
    "gender": _words("gender", "female", "male", "other", "undisclosed"),
    "nin_sealed": sa.LargeBinary(),
    "nin_index": sa.LargeBinary(),
    "nhis_sealed": sa.LargeBinary(),
    "nhis_index": sa.LargeBinary(),
    "home_sealed": sa.LargeBinary(),
    "emergency_contact_sealed": sa.LargeBinary(),
    "blood_group": _words("bloodgroup", "A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"),
    "genotype": _words("genotype", "AA", "AS", "SS", "AC", "SC", "CC"),
    "allergies_sealed": sa.LargeBinary(),
    "clinical_notes_sealed": sa.LargeBinary(),
    "guardian_id": sa.Uuid(),
    "preferred_channel": _words("channel", "whatsapp", "sms", "email"),
    "quiet_start": sa.Time(),
    "quiet_end": sa.Time(),
    "merged_into": sa.Uuid(),
    "legal_hold": sa.Text(),
}
CHECKS = {
    "merged": "(status = 'merged') = (merged_into is not null)",
    "guardian": "guardian_id <> id",
    "quiet": "(quiet_start is null) = (quiet_end is null) and quiet_start <> quiet_end",
}


def upgrade() -> None:
    """Apply."""
    op.execute("create extension if not exists pg_trgm")
    op.execute(FOLD_NAME)
    op.execute("create sequence patient_numbers")
    _widen_patients()
    _find_patients()
    op.create_index("ix_consents_patient_id", "consents", ["patient_id"])
    _make_insurance()
    _make_data_requests()
    _make_breaches()


def _widen_patients() -> None:
    table = "patient_profiles"
    for name, kind in ADDED.items():
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.add_column(
        table,
        sa.Column(
            "name_folded",
            sa.Text(),
            sa.Computed("fold_name(full_name)", persisted=True),
            nullable=False,
        ),
    )
    op.add_column(
        table,
        sa.Column(
            "is_birth_estimated", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column(
        table, sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False)
    )
    for name in ("guardian_id", "merged_into"):
        op.create_foreign_key(op.f(f"fk_{table}_{name}"), table, table, [name], ["id"])
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def _find_patients() -> None:
    table = "patient_profiles"
    op.create_unique_constraint(
        op.f(f"uq_{table}_home_hospital_id_mrn"), table, ["home_hospital_id", "mrn"]
    )
    op.create_unique_constraint(op.f(f"uq_{table}_nin_index"), table, ["nin_index"])
    op.create_index(f"ix_{table}_by_name", table, ["name_folded", "id"])
    op.create_index(
        f"ix_{table}_name_words",
        table,
        ["name_folded"],
        postgresql_using="gin",
        postgresql_ops={"name_folded": "gin_trgm_ops"},
    )
    op.create_index(f"ix_{table}_nhis_index", table, ["nhis_index"])
    op.create_index(f"ix_{table}_guardian_id", table, ["guardian_id"])


def _make_insurance() -> None:
    op.create_table(
        "insurance_policies",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("policy_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", default="now()"),
        _time("updated_at", default="now()"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insurance_policies")),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient_profiles.id"],
            name=op.f("fk_insurance_policies_patient_id"),
        ),
    )
    op.create_index(op.f("ix_insurance_policies_patient_id"), "insurance_policies", ["patient_id"])


def _make_data_requests() -> None:
    op.create_table(
        "data_requests",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _words("requestkind", "export", "erase", "rectify", "restrict", "object"),
            nullable=False,
        ),
        sa.Column(
            "status",
            _words("requeststatus", "open", "done", "refused"),
            server_default=sa.text("'open'"),
            nullable=False,
        ),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        _time("asked_at"),
        sa.Column("due_on", sa.Date(), nullable=False),
        _time("closed_at", nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", default="now()"),
        _time("updated_at", default="now()"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_requests")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient_profiles.id"], name=op.f("fk_data_requests_patient_id")
        ),
        sa.CheckConstraint(
            "(status = 'open') = (closed_at is null)", name=op.f("ck_data_requests_closed")
        ),
        sa.CheckConstraint(
            "status <> 'refused' or outcome is not null", name=op.f("ck_data_requests_refused")
        ),
    )
    op.create_index(op.f("ix_data_requests_patient_id"), "data_requests", ["patient_id"])
    op.create_index(
        "ix_data_requests_due_on",
        "data_requests",
        ["due_on"],
        postgresql_where=sa.text("status = 'open'"),
    )


def _make_breaches() -> None:
    op.create_table(
        "data_breaches",
        sa.Column("hospital_id", sa.Uuid(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("severity", _words("breachseverity", "low", "medium", "high"), nullable=False),
        sa.Column("people_affected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _time("detected_at"),
        _time("notify_by"),
        _time("reported_at", nullable=True),
        _time("people_told_at", nullable=True),
        sa.Column("measures", sa.Text(), nullable=True),
        _time("closed_at", nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", default="now()"),
        _time("updated_at", default="now()"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_breaches")),
        sa.ForeignKeyConstraint(
            ["hospital_id"], ["hospitals.id"], name=op.f("fk_data_breaches_hospital_id")
        ),
        sa.CheckConstraint("people_affected >= 0", name=op.f("ck_data_breaches_people")),
        sa.CheckConstraint("notify_by > detected_at", name=op.f("ck_data_breaches_clock")),
    )
    op.create_index(
        "ix_data_breaches_notify_by",
        "data_breaches",
        ["notify_by"],
        postgresql_where=sa.text("reported_at is null"),
    )


def downgrade() -> None:
    """Take back."""
    for table in ("data_breaches", "data_requests", "insurance_policies"):
        op.drop_table(table)
    op.drop_index("ix_consents_patient_id", "consents")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_patient_profiles_{name}"), "patient_profiles")
    # Constraints of words and the indexes go with their columns.
    for name in (*ADDED, "name_folded", "is_birth_estimated", "version"):
        op.drop_column("patient_profiles", name)
    op.execute("drop sequence patient_numbers")
    op.execute("drop function fold_name(text)")
