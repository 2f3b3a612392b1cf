"""Payouts to owners: monthly runs, payouts with their lines, and their history."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0006"
down_revision = "0005"

_STATUSES = (
    "draft",
    "pending_approval",
    "approved",
    "processing",
    "completed",
    "on_hold",
    "rejected",
    "cancelled",
    "failed",
    "reversed",
)
_FIGURES = (
    "gross_kobo",
    "share_kobo",
    "topup_kobo",
    "adjustments_kobo",
    "deductions_kobo",
    "wht_kobo",
    "carry_in_kobo",
    "carry_out_kobo",
    "net_kobo",
)
_CHECK_SUM = """
create function check_payout_sum() returns trigger language plpgsql as $$
declare
    checked uuid;
begin
    if tg_table_name = 'payout_lines' then checked := new.payout_id; else checked := new.id; end if;
    if exists (
        select from owner_payouts p
        where p.id = checked and p.net_kobo <> (
            select coalesce(sum(l.amount_kobo), 0) from payout_lines l where l.payout_id = p.id
        )
    ) then
        raise exception 'the lines of payout % do not add up to its net', checked
            using errcode = 'check_violation', constraint = 'ck_payout_lines_sum';
    end if;
    return null;
end $$
"""


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
    _make_runs()
    _make_payouts()
    _make_lines()
    _make_events()
    _keep_figures()


def _make_runs() -> None:
    op.create_table(
        "payout_runs",
        *identified(),
        required("period", sa.Date()),
        required("scope_key", sa.Text()),
        sa.Column("hospital_ids", ARRAY(sa.Uuid())),
        sa.Column("contract_ids", ARRAY(sa.Uuid())),
        required(
            "status",
            words("payoutrunstatus", "running", "completed", "completed_with_errors"),
            "'running'",
        ),
        required("errors", JSONB(), "'{}'"),
        required("counts", JSONB(), "'{}'"),
        sa.Column("started_by", sa.Uuid()),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True)),
        sa.UniqueConstraint("period", "scope_key", name="uq_payout_runs_once"),
    )


def _make_payouts() -> None:
    op.create_table(
        "owner_payouts",
        *identified(),
        required("reference", sa.Text()),
        one_of("owner_id", "owners"),
        one_of("contract_id", "contracts"),
        required("contract_version", sa.BigInteger()),
        one_of("hospital_id", "hospitals"),
        one_of("run_id", "payout_runs", nullable=True),
        required("kind", words("payoutkind", "monthly", "manual", "adjustment", "bonus")),
        required("period_start", sa.Date()),
        required("period_end", sa.Date()),
        *(required(name, sa.BigInteger()) for name in _FIGURES),
        required("arrears", JSONB(), "'{}'"),
        required("calc_snapshot", JSONB()),
        required("calc_hash", sa.LargeBinary()),
        one_of("bank_account_id", "bank_accounts", nullable=True),
        required("risk_flags", ARRAY(sa.Text()), "'{}'"),
        required("status", words("payoutstatus", *_STATUSES), "'draft'"),
        sa.Column("status_reason", sa.Text()),
        required("due_on", sa.Date()),
        sa.Column("notes", sa.Text()),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("submitted_by", sa.Uuid()),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("bank_file", sa.Text()),
        sa.Column("provider_reference", sa.Text()),
        sa.Column("paid_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("failure_code", sa.Text()),
        one_of("carried_into_id", "owner_payouts", nullable=True),
        one_of("reverses_id", "owner_payouts", nullable=True),
        required("version", sa.BigInteger(), "1"),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("reverses_id"),
        sa.CheckConstraint("period_end >= period_start", name="period"),
        sa.CheckConstraint("net_kobo >= 0", name="net"),
        sa.CheckConstraint(
            "net_kobo = share_kobo + topup_kobo + carry_in_kobo + adjustments_kobo"
            " - deductions_kobo - wht_kobo - carry_out_kobo",
            name="sum",
        ),
        sa.CheckConstraint(
            "approved_by <> created_by and approved_by <> submitted_by", name="four_eyes"
        ),
        sa.CheckConstraint(
            "approved_by is not null or net_kobo = 0"
            " or status not in ('approved', 'processing', 'completed', 'failed', 'reversed')",
            name="approved",
        ),
        sa.CheckConstraint(
            "(provider_reference is not null and paid_at is not null) or net_kobo = 0"
            " or status not in ('completed', 'reversed')",
            name="paid",
        ),
    )
    op.create_index(
        "uq_owner_payouts_month",
        "owner_payouts",
        ["contract_id", "period_start"],
        unique=True,
        postgresql_where=sa.text("kind = 'monthly' and status not in ('cancelled', 'rejected')"),
    )
    _index_payouts("contract", "contract_id", "period_start")
    _index_payouts("owner", "owner_id", "period_start")
    _index_payouts("period", "period_start", "id")
    _index_payouts("due", "status", "due_on")
    _index_payouts("run_id", "run_id")
    carrying = "carry_out_kobo <> 0 and carried_into_id is null"
    _index_payouts("carrying", "contract_id", where=carrying)
    for name in ("carried_into_id", "bank_file"):
        _index_payouts(name, name, where=f"{name} is not null")


def _index_payouts(name: str, *columns: str, where: str | None = None) -> None:
    op.create_index(
        f"ix_owner_payouts_{name}",
        "owner_payouts",
        list(columns),
        postgresql_where=sa.text(where) if where else None,
    )


def _make_lines() -> None:
    op.create_table(
        "payout_lines",
        one_of("payout_id", "owner_payouts", primary_key=True),
        sa.Column("ordinal", sa.SmallInteger(), primary_key=True, autoincrement=False),
        required("code", sa.Text()),
        required("label", sa.Text()),
        sa.Column("base_kobo", sa.BigInteger()),
        sa.Column("bps", sa.BigInteger()),
        required("amount_kobo", sa.BigInteger()),
    )


def _make_events() -> None:
    op.create_table(
        "payout_events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        one_of("payout_id", "owner_payouts"),
        required("status", words("payoutstatus", *_STATUSES)),
        sa.Column("actor_id", sa.Uuid()),
        required("actor_name", sa.Text()),
        sa.Column("reason", sa.Text()),
        required("at", sa.TIMESTAMP(timezone=True)),
    )
    op.create_index("ix_payout_events_payout_id_id", "payout_events", ["payout_id", "id"])


def _keep_figures() -> None:
    """Lines add up, and nobody changes lines, figures or history."""
    op.execute(_CHECK_SUM)
    for table, when in (
        ("payout_lines", "insert"),
        ("owner_payouts", "insert or update of net_kobo"),
    ):
        op.execute(
            f"create constraint trigger {table}_sum after {when} on {table}"
            " deferrable initially deferred for each row execute function check_payout_sum()"
        )
    for table in ("payout_lines", "payout_events"):
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table}"
            " for each statement execute function refuse_change()"
        )
    kept = ", ".join((*_FIGURES, "arrears", "calc_snapshot", "calc_hash"))
    op.execute(
        f"create trigger owner_payouts_figures before update of {kept} on owner_payouts"
        " for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    """Take back."""
    for table in ("payout_events", "payout_lines", "owner_payouts", "payout_runs"):
        op.drop_table(table)
    op.execute("drop function check_payout_sum()")
