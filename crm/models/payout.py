"""What owners are paid: the monthly runs, the payouts, their lines and their history."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, Small, words


class PayoutKind(StrEnum):
    """Why something is paid: the month's share, or something beside it."""

    MONTHLY = "monthly"
    MANUAL = "manual"
    ADJUSTMENT = "adjustment"
    """Corrects what was paid; it is not taxed again."""
    BONUS = "bonus"


class PayoutStatus(StrEnum):
    """Where a payout stands; see `MOVES`."""

    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ON_HOLD = "on_hold"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REVERSED = "reversed"


_S = PayoutStatus

MOVES: dict[PayoutStatus, tuple[PayoutStatus, ...]] = {
    _S.DRAFT: (_S.PENDING_APPROVAL, _S.CANCELLED),
    _S.PENDING_APPROVAL: (_S.APPROVED, _S.REJECTED, _S.ON_HOLD),
    _S.APPROVED: (_S.PROCESSING, _S.ON_HOLD, _S.CANCELLED),
    _S.ON_HOLD: (_S.PENDING_APPROVAL, _S.CANCELLED),
    _S.PROCESSING: (_S.COMPLETED, _S.FAILED),
    _S.FAILED: (_S.PROCESSING, _S.CANCELLED),
    _S.COMPLETED: (_S.REVERSED,),
    _S.REJECTED: (),
    _S.CANCELLED: (),
    _S.REVERSED: (),
}
"""What a status may become. A move is an UPDATE that expects the status it comes from."""

DEAD = (_S.CANCELLED, _S.REJECTED)
"""These count for nothing: their month may be drafted again, what they carried is free again."""


class PayoutRunStatus(StrEnum):
    """How a monthly run stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"


class PayoutRun(Identified, Dated, Base):
    """One drafting of one month, for all contracts or for those that `scope_key` stands for.

    `errors` keeps code and message of what could not be drafted, by contract, until it could.
    """

    __tablename__ = "payout_runs"
    __table_args__ = (UniqueConstraint("period", "scope_key", name="uq_payout_runs_once"),)

    period: Mapped[date]
    """The first day of the month."""
    scope_key: Mapped[str]
    hospital_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    """None is all hospitals."""
    contract_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    """None is all contracts of those hospitals."""
    status: Mapped[PayoutRunStatus] = mapped_column(
        words(PayoutRunStatus), server_default=text("'running'")
    )
    errors: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    started_by: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]


class Payout(Identified, Dated, Base):
    """What one owner gets of one contract for one period.

    The figures are never changed (a trigger refuses it): what was wrong is cancelled and drafted
    again. `calc_snapshot` is every input of the computation and `calc_hash` its SHA-256.
    `carry_out_kobo` is what the next payout begins with; `carried_into_id` is the payout that
    began with it.
    """

    __tablename__ = "owner_payouts"
    __table_args__ = (
        CheckConstraint("period_end >= period_start", name="period"),
        CheckConstraint("net_kobo >= 0", name="net"),
        CheckConstraint(
            "net_kobo = share_kobo + topup_kobo + carry_in_kobo + adjustments_kobo"
            " - deductions_kobo - wht_kobo - carry_out_kobo",
            name="sum",
        ),
        CheckConstraint(
            "approved_by <> created_by and approved_by <> submitted_by", name="four_eyes"
        ),
        CheckConstraint(
            "approved_by is not null or net_kobo = 0"
            " or status not in ('approved', 'processing', 'completed', 'failed', 'reversed')",
            name="approved",
        ),
        CheckConstraint(
            "(provider_reference is not null and paid_at is not null) or net_kobo = 0"
            " or status not in ('completed', 'reversed')",
            name="paid",
        ),
        Index(
            "uq_owner_payouts_month",
            "contract_id",
            "period_start",
            unique=True,
            postgresql_where=text("kind = 'monthly' and status not in ('cancelled', 'rejected')"),
        ),
        Index("ix_owner_payouts_contract", "contract_id", "period_start"),
        Index("ix_owner_payouts_owner", "owner_id", "period_start"),
        Index("ix_owner_payouts_period", "period_start", "id"),
        Index("ix_owner_payouts_due", "status", "due_on"),
        Index("ix_owner_payouts_run_id", "run_id"),
        Index(
            "ix_owner_payouts_carrying",
            "contract_id",
            postgresql_where=text("carry_out_kobo <> 0 and carried_into_id is null"),
        ),
        Index(
            "ix_owner_payouts_carried_into_id",
            "carried_into_id",
            postgresql_where=text("carried_into_id is not null"),
        ),
        Index(
            "ix_owner_payouts_bank_file",
            "bank_file",
            postgresql_where=text("bank_file is not null"),
        ),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("owners.id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    contract_version: Mapped[int]
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("payout_runs.id"))
    kind: Mapped[PayoutKind] = mapped_column(words(PayoutKind))
    period_start: Mapped[date]
    period_end: Mapped[date]
    gross_kobo: Mapped[int]
    share_kobo: Mapped[int]
    topup_kobo: Mapped[int]
    adjustments_kobo: Mapped[int]
    deductions_kobo: Mapped[int]
    wht_kobo: Mapped[int]
    carry_in_kobo: Mapped[int]
    carry_out_kobo: Mapped[int]
    net_kobo: Mapped[int]
    arrears: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What is still owed of each deduction, by its code, in kobo."""
    calc_snapshot: Mapped[dict[str, Any]]
    calc_hash: Mapped[bytes]
    bank_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("bank_accounts.id"))
    risk_flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    status: Mapped[PayoutStatus] = mapped_column(
        words(PayoutStatus), server_default=text("'draft'")
    )
    status_reason: Mapped[str | None]
    due_on: Mapped[date]
    notes: Mapped[str | None]
    created_by: Mapped[UUID | None]
    submitted_by: Mapped[UUID | None]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    bank_file: Mapped[str | None]
    """The file that carried it to the bank."""
    provider_reference: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    failure_code: Mapped[str | None]
    carried_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("owner_payouts.id"))
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("owner_payouts.id"), unique=True)
    """The payout whose money came back, which this adjustment makes good."""
    version: Mapped[int] = mapped_column(server_default=text("1"))


class PayoutLine(Base):
    """One step of the computation; the lines of a payout add up to its net (a deferred trigger)."""

    __tablename__ = "payout_lines"
    __table_args__ = (PrimaryKeyConstraint("payout_id", "ordinal"),)

    payout_id: Mapped[UUID] = mapped_column(ForeignKey("owner_payouts.id"))
    ordinal: Mapped[int] = mapped_column(Small)
    code: Mapped[str]
    label: Mapped[str]
    base_kobo: Mapped[int | None]
    bps: Mapped[int | None]
    amount_kobo: Mapped[int]


class PayoutEvent(Identified, Base):
    """One move of a payout, and who made it; rows are only ever added."""

    __tablename__ = "payout_events"
    __table_args__ = (Index("ix_payout_events_payout_id_id", "payout_id", "id"),)

    payout_id: Mapped[UUID] = mapped_column(ForeignKey("owner_payouts.id"))
    status: Mapped[PayoutStatus] = mapped_column(words(PayoutStatus))
    """What it became."""
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]
