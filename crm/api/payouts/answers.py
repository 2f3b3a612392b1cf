"""What the API says of payouts."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from crm.api.kit import Out
from crm.models import PayoutKind, PayoutStatus
from crm.payouts.statements import Explained
from crm.payouts.writing import Made


class PayoutPartyOut(Out):
    """Something with its name."""

    id: UUID
    name: str


class PayoutFiguresOut(Out):
    """The figures of a payout, in kobo; the lines add up to `net_kobo`."""

    gross_kobo: int
    share_kobo: int
    topup_kobo: int
    adjustments_kobo: int
    deductions_kobo: int
    wht_kobo: int
    carry_in_kobo: int
    carry_out_kobo: int
    net_kobo: int
    currency: str = "NGN"


class PayoutRowOut(PayoutFiguresOut):
    """A payout as it stands in a list."""

    id: UUID
    reference: str
    kind: PayoutKind
    status: PayoutStatus
    owner: PayoutPartyOut
    hospital: PayoutPartyOut
    contract_id: UUID
    run_id: UUID | None
    period_start: date
    period_end: date
    due_on: date
    paid_at: datetime | None
    risk_flags: list[str]
    version: int


class PayoutLineOut(Out):
    """One step of the computation, in words, and what is left after it."""

    ordinal: int
    code: str
    label: str
    explanation: str
    base_kobo: int | None
    bps: int | None
    amount_kobo: int
    balance_kobo: int

    @classmethod
    def of(cls, said: Explained) -> Self:
        """A line with its words."""
        names = ("ordinal", "code", "label", "base_kobo", "bps", "amount_kobo")
        shown = {name: getattr(said.line, name) for name in names}
        return cls(**shown, explanation=said.explanation, balance_kobo=said.balance_kobo)


class PayoutMoveOut(Out):
    """One step of a payout's way."""

    from_status: PayoutStatus | None
    to_status: PayoutStatus
    actor: str
    at: datetime
    reason: str | None


class PayoutOut(PayoutRowOut):
    """A payout with everything that belongs to it."""

    contract_version: int
    lines: list[PayoutLineOut]
    history: list[PayoutMoveOut]
    allowed_next: list[PayoutStatus]
    status_reason: str | None
    notes: str | None
    bank_account_id: UUID | None
    bank_file: str | None
    provider_reference: str | None
    failure_code: str | None
    approved_at: datetime | None
    arrears: dict[str, int]
    calc_hash: str
    created_at: datetime


class PayoutDraftOut(PayoutFiguresOut):
    """What was drafted; without id and reference when it was only tried."""

    id: UUID | None = None
    reference: str | None = None
    status: PayoutStatus | None = None
    version: int | None = None
    lines: list[PayoutLineOut]
    risk_flags: list[str]
    calc_hash: str


class PayoutMovedOut(Out):
    """What became of one of many."""

    id: UUID
    status: PayoutStatus | None = None
    version: int | None = None
    code: str | None = None
    message: str | None = None


class PayoutCheckOut(Out):
    """What came out when a payout was worked out again."""

    is_sound: bool
    has_same_hash: bool
    has_same_lines: bool
    has_same_figures: bool
    is_current: bool
    calc_hash: str
    recomputed_hash: str
    lines: list[PayoutLineOut]


class PayoutErrorOut(Out):
    """A contract that could not be drafted, and why."""

    contract_id: UUID
    code: str
    message: str


class PayoutTrialOut(Out):
    """What a run would draft for one contract."""

    contract_id: UUID
    gross_kobo: int
    wht_kobo: int
    net_kobo: int
    risk_flags: list[str]

    @classmethod
    def of(cls, made: Made) -> Self:
        """One that could be worked out."""
        figures = made.figures
        return cls(
            contract_id=made.material.contract.id,
            gross_kobo=figures.gross_kobo,
            wht_kobo=figures.wht_kobo,
            net_kobo=figures.net_kobo,
            risk_flags=list(made.risks),
        )


class PayoutRunOut(Out):
    """A monthly run; without an id when it was only tried."""

    id: UUID | None = None
    period: str
    status: str
    counts: dict[str, int]
    totals: dict[str, int]
    currency: str = "NGN"
    errors: list[PayoutErrorOut]
    tried: list[PayoutTrialOut] = Field(default=[])
    hospital_ids: list[UUID] | None = None
    started_by: UUID | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None


class PayoutMissingOut(PayoutErrorOut):
    """A contract that has no payout for the month."""

    hospital_id: UUID
    owner: PayoutPartyOut


class PayoutExceptionsOut(Out):
    """What to look at before a month is approved."""

    period: str
    flags: dict[str, int]
    flagged: list[PayoutRowOut]
    not_drafted: list[PayoutMissingOut]


class BankFileLeftOut(Out):
    """A payout that did not get into the file."""

    payout_id: UUID
    reference: str
    code: str


class BankFileOut(Out):
    """A file for the bank, and what proves it."""

    reference: str
    count: int
    control_total_kobo: int
    currency: str = "NGN"
    sha256: str
    left_out: list[BankFileLeftOut]
    path: str
