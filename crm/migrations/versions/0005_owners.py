"""Owners, their contracts and bank accounts, revenue, and the rates of withholding tax."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint

revision = "0005"
down_revision = "0004"

_PAYEES = ("individual", "company")
_CATEGORIES = (
    "rent",
    "dividend",
    "interest",
    "royalty",
    "professional",
    "goods",
    "services",
    "construction",
    "directors_fees",
)

# Deduction of Tax at Source (Withholding) Regulations 2024, in force from 1 January 2025, in basis
# points: category, resident company, resident individual, not resident. Without a tax number the
# resident's rate doubles, except on passive income.
_RATES = (
    ("rent", 1000, 1000, 1000),
    ("dividend", 1000, 1000, 1000),
    ("interest", 1000, 1000, 1000),
    ("royalty", 1000, 500, 1000),
    ("professional", 500, 500, 1000),
    ("goods", 200, 200, 1000),
    ("services", 200, 200, 1000),
    ("construction", 200, 200, 1000),
    ("directors_fees", None, 1500, 2000),
)
_PASSIVE = ("rent", "dividend", "interest", "royalty")
_LEGAL_REF = "Deduction of Tax at Source (Withholding) Regulations 2024, First Schedule"


def words(name: str, *values: str) -> sa.Enum:
    """A text column that holds only these words."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def identified() -> list[sa.Column[Any]]:
    """The columns of a row with an id and two moments."""
    moment = sa.TIMESTAMP(timezone=True)
    return [
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False),
    ]


def required(
    name: str, kind: sa.types.TypeEngine[Any], default: str | None = None
) -> sa.Column[Any]:
    """A column that is never empty."""
    return sa.Column(name, kind, nullable=False, server_default=default and sa.text(default))


def one_of(name: str, other: str, *, nullable: bool = False, **more: Any) -> sa.Column[Any]:
    """A column that names a row of another table."""
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{other}.id"), nullable=nullable, **more)


def upgrade() -> None:
    """Apply."""
    _make_owners()
    _make_contracts()
    _make_bank_accounts()
    _make_revenue()
    _make_tax_rules()


def _make_owners() -> None:
    op.create_table(
        "owners",
        *identified(),
        one_of("hospital_id", "hospitals", nullable=True, index=True),
        required("kind", words("ownerkind", *_PAYEES)),
        required("name", sa.Text()),
        required("status", words("ownerstatus", "active", "inactive", "erased"), "'active'"),
        required("resident", sa.Boolean(), "true"),
        required("has_tin", sa.Boolean(), "false"),
        sa.Column("tin_sealed", sa.LargeBinary()),
        sa.Column("state", sa.Text()),
        required("language", sa.Text(), "'en'"),
        required("preferred_channel", words("channel", "whatsapp", "sms", "email"), "'whatsapp'"),
        required("version", sa.BigInteger(), "1"),
        sa.CheckConstraint("tin_sealed is null or has_tin", name="tin"),
    )
    op.create_index("ix_owners_name_id", "owners", ["name", "id"])
    op.create_table(
        "owner_addresses",
        one_of("address_id", "addresses", primary_key=True),
        one_of("owner_id", "owners", primary_key=True),
        required("since", sa.TIMESTAMP(timezone=True), "now()"),
    )
    op.create_index("ix_owner_addresses_owner_id", "owner_addresses", ["owner_id"])


def _make_contracts() -> None:
    op.create_table(
        "contracts",
        *identified(),
        one_of("owner_id", "owners"),
        one_of("hospital_id", "hospitals"),
        required(
            "model",
            words("contractmodel", "percentage", "marginal_tiers", "band_tiers", "fixed", "hybrid"),
        ),
        required("basis", words("basis", "cash", "billed"), "'cash'"),
        required("share_bps", sa.BigInteger(), "0"),
        required("tiers", JSONB(), "'[]'"),
        required("minimum_guarantee_kobo", sa.BigInteger(), "0"),
        required("is_guarantee_recoupable", sa.Boolean(), "false"),
        sa.Column("cap_kobo", sa.BigInteger()),
        required("fixed_kobo", sa.BigInteger(), "0"),
        required("deductions", JSONB(), "'[]'"),
        required("excluded_service_lines", ARRAY(sa.Text()), "'{}'"),
        required("tax_category", words("taxcategory", *_CATEGORIES)),
        required("minimum_payout_kobo", sa.BigInteger(), "0"),
        required("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        required(
            "status", words("contractstatus", "active", "terminated", "cancelled"), "'active'"
        ),
        sa.Column("status_reason", sa.Text()),
        one_of("previous_id", "contracts", nullable=True),
        required("version", sa.BigInteger(), "1"),
        ExcludeConstraint(
            ("hospital_id", "="),
            ("owner_id", "="),
            (sa.literal_column("daterange(starts_on, ends_on, '[]')"), "&&"),
            where=sa.text("status <> 'cancelled'"),
            name="ex_contracts_period",
            using="gist",
        ),
        sa.CheckConstraint("ends_on >= starts_on", name="dates"),
        sa.CheckConstraint("share_bps between 0 and 10000", name="share"),
        sa.CheckConstraint(
            "minimum_guarantee_kobo >= 0 and fixed_kobo >= 0"
            " and minimum_payout_kobo >= 0 and cap_kobo > 0",
            name="amounts",
        ),
    )
    op.create_index("ix_contracts_owner_id", "contracts", ["owner_id"])
    op.create_index(
        "ix_contracts_ends_on",
        "contracts",
        ["ends_on"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "contract_versions",
        one_of("contract_id", "contracts", primary_key=True),
        sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
        required("effective_from", sa.Date()),
        required("terms", JSONB()),
        sa.Column("created_by", sa.Uuid()),
        required("created_at", sa.TIMESTAMP(timezone=True)),
    )
    op.execute(
        "create trigger contract_versions_append_only before update or delete on contract_versions"
        " for each statement execute function refuse_change()"
    )


def _make_bank_accounts() -> None:
    op.create_table(
        "bank_accounts",
        *identified(),
        one_of("owner_id", "owners"),
        required("bank_code", sa.Text()),
        required("number_sealed", sa.LargeBinary()),
        required("number_index", sa.LargeBinary()),
        required("number_last4", sa.Text()),
        required("account_name", sa.Text()),
        sa.Column("verified_name", sa.Text()),
        sa.Column("verified_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("verified_by", sa.Uuid()),
        sa.Column("created_by", sa.Uuid()),
        required("is_active", sa.Boolean(), "true"),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True)),
        sa.CheckConstraint("verified_by <> created_by", name="four_eyes"),
    )
    op.create_index(
        "uq_bank_accounts_owner_id",
        "bank_accounts",
        ["owner_id"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index("ix_bank_accounts_number_index", "bank_accounts", ["number_index"])


def _make_revenue() -> None:
    op.create_table(
        "revenue_entries",
        *identified(),
        one_of("hospital_id", "hospitals"),
        required("service_line", sa.Text()),
        required("kind", words("revenuekind", "charge", "refund", "write_off")),
        required("amount_kobo", sa.BigInteger()),
        required("billed_on", sa.Date()),
        sa.Column("collected_on", sa.Date()),
        required("billing_recognised_on", sa.Date()),
        sa.Column("cash_recognised_on", sa.Date()),
        required("source", sa.Text()),
        required("external_ref", sa.Text()),
        sa.Column("created_by", sa.Uuid()),
        sa.UniqueConstraint("hospital_id", "source", "external_ref", name="uq_revenue_entries_ref"),
        sa.CheckConstraint(
            "(kind = 'charge') = (amount_kobo > 0) and amount_kobo <> 0", name="sign"
        ),
        sa.CheckConstraint(
            "(collected_on is null) = (cash_recognised_on is null)"
            " and cash_recognised_on >= collected_on and billing_recognised_on >= billed_on",
            name="recognised",
        ),
    )
    for name, columns in {
        "cash": ["hospital_id", "cash_recognised_on"],
        "billing": ["hospital_id", "billing_recognised_on"],
        "billed_on_id": ["billed_on", "id"],
    }.items():
        op.create_index(f"ix_revenue_entries_{name}", "revenue_entries", columns)
    op.create_table(
        "revenue_closings",
        one_of("hospital_id", "hospitals", primary_key=True),
        required("closed_through", sa.Date()),
    )


def _make_tax_rules() -> None:
    rules = op.create_table(
        "tax_rules",
        *identified(),
        required("category", words("taxcategory", *_CATEGORIES)),
        required("payee", words("ownerkind", *_PAYEES)),
        required("resident", sa.Boolean()),
        required("has_tin", sa.Boolean()),
        required("bps", sa.BigInteger()),
        required("effective_from", sa.Date()),
        sa.Column("effective_to", sa.Date()),
        required("legal_ref", sa.Text()),
        ExcludeConstraint(
            ("category", "="),
            ("payee", "="),
            ("resident", "="),
            ("has_tin", "="),
            (sa.literal_column("daterange(effective_from, effective_to, '[]')"), "&&"),
            name="ex_tax_rules_period",
            using="gist",
        ),
        sa.CheckConstraint("bps between 0 and 10000", name="bps"),
        sa.CheckConstraint("effective_to >= effective_from", name="dates"),
    )
    common = {
        "id": sa.func.gen_random_uuid(),
        "effective_from": sa.literal("2025-01-01", sa.Text()).cast(sa.Date()),
        "legal_ref": _LEGAL_REF,
    }
    op.execute(sa.insert(rules).values([{**common, **rule} for rule in _rates_of_2025()]))


def _rates_of_2025() -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for category, company, individual, abroad in _RATES:
        without_tin = 1 if category in _PASSIVE else 2
        for payee, at_home in (("company", company), ("individual", individual)):
            if at_home is None:
                continue
            who = {"category": category, "payee": payee}
            found += [
                {**who, "resident": True, "has_tin": True, "bps": at_home},
                {**who, "resident": True, "has_tin": False, "bps": at_home * without_tin},
                {**who, "resident": False, "has_tin": True, "bps": abroad},
                {**who, "resident": False, "has_tin": False, "bps": abroad},
            ]
    return found


def downgrade() -> None:
    """Take back."""
    op.drop_table("tax_rules")
    op.drop_table("revenue_closings")
    op.drop_table("revenue_entries")
    op.drop_table("bank_accounts")
    op.drop_table("contract_versions")
    op.drop_table("contracts")
    op.drop_table("owner_addresses")
    op.drop_table("owners")
