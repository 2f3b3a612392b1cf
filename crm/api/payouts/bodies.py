"""What callers send about payouts."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from crm.api.kit import Body, Query
from crm.api.kit.fields import (
    Code,
    Ids,
    Kobo,
    Moment,
    Month,
    Reason,
    ShortNote,
    SignedKobo,
    Title,
    Version,
)
from crm.contracts import Deduction
from crm.models import PayoutKind, PayoutStatus
from crm.payouts import Extra, Filter, Order

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
BankReference = Annotated[str, StringConstraints(min_length=1, max_length=120)]

ALIASES = {"pending": PayoutStatus.PENDING_APPROVAL, "paid": PayoutStatus.COMPLETED}
_LONGEST_SPAN_DAYS = 731


class PayoutDeductionBody(Body):
    """What is kept back of this payout alone."""

    code: Code
    label: Title
    amount_kobo: Kobo


class PayoutAdjustmentBody(Body):
    """What is added or, below zero, taken off, and why."""

    label: Title
    amount_kobo: SignedKobo
    reason: Reason


class PayoutBody(Body):
    """A payout drafted by hand: a month of one contract, or an amount beside it."""

    owner_id: UUID
    contract_id: UUID
    kind: PayoutKind
    period_start: Day
    period_end: Day
    amount_kobo: SignedKobo = Field(default=0, description="Of all kinds but the monthly.")
    gross_revenue_kobo: Kobo | None = Field(
        default=None, description="In place of the revenue on the books; say why in `notes`."
    )
    deductions: list[PayoutDeductionBody] = Field(default=[], max_length=20)
    adjustments: list[PayoutAdjustmentBody] = Field(default=[], max_length=20)
    bank_account_id: UUID | None = None
    due_on: Day | None = None
    notes: ShortNote | None = None
    net_kobo: Kobo | None = Field(default=None, description="What you expect; refused if not so.")
    dry_run: bool = False

    def order(self) -> Order:
        """What is to be drafted."""
        return Order(
            **self.model_dump(exclude={"deductions", "adjustments", "net_kobo", "dry_run"}),
            deductions=[Deduction(d.code, d.label, d.amount_kobo) for d in self.deductions],
            adjustments=[Extra(a.label, a.amount_kobo, a.reason) for a in self.adjustments],
            expected_net_kobo=self.net_kobo,
        )


class PayoutFilter(Query):
    """Which payouts; `q` is how their reference begins."""

    owner_id: UUID | None = None
    hospital_id: UUID | None = None
    contract_id: UUID | None = None
    run_id: UUID | None = None
    status: list[PayoutStatus] = Field(default=[], max_length=10)
    kind: PayoutKind | None = None
    period_from: Day | None = None
    period_to: Day | None = None
    due_from: Day | None = None
    due_to: Day | None = None
    min_kobo: Kobo | None = None
    max_kobo: Kobo | None = None
    is_flagged: bool | None = None
    q: str | None = Field(default=None, min_length=2, max_length=20)
    format: Literal["json", "csv"] = "json"

    @model_validator(mode="after")
    def _spans_two_years_at_most(self) -> Self:
        for first, last in ((self.period_from, self.period_to), (self.due_from, self.due_to)):
            if first and last and not 0 <= (last - first).days <= _LONGEST_SPAN_DAYS:
                raise ValueError("a stretch of days goes forward, and over two years at most")
        return self

    def wish(self) -> Filter:
        """What is looked for."""
        given = self.model_dump(exclude={"limit", "cursor", "format", "status", "q"})
        return Filter(**given, statuses=tuple(self.status), reference=self.q)


class PayoutStatusBody(Body):
    """The step a payout is to take; `pending` and `paid` are other words for two of them."""

    status: PayoutStatus | Literal["pending", "paid"]
    version: Version | None = None
    reason: ShortNote | None = None
    provider_reference: BankReference | None = None
    paid_at: Moment | None = None
    failure_code: Code | None = None

    def to(self) -> PayoutStatus:
        """The status by its own word."""
        return ALIASES.get(self.status) or PayoutStatus(self.status)


class PayoutChosen(Body):
    """One payout, and the version of it that was read."""

    id: UUID
    version: Version


class PayoutMovesBody(Body):
    """One step for many payouts; each is taken or refused by itself."""

    status: Literal["pending_approval", "approved", "rejected", "on_hold", "cancelled"]
    payouts: list[PayoutChosen] = Field(min_length=1, max_length=200)
    reason: ShortNote | None = None


class PayoutMonthBody(Body):
    """Which month, the one before unless said, and for whom."""

    period: Month | None = None
    hospital_ids: Ids = Field(default=[])
    contract_ids: Ids = Field(default=[])
    dry_run: bool = False
    force_recalculate: bool = Field(
        default=False, description="Draft again what would come out differently now."
    )
    auto_submit: bool = Field(
        default=False, description="Send what nothing speaks against to the approver at once."
    )


class PayoutExceptionsQuery(Body):
    """Which month, the one before unless said."""

    period: Month | None = None


class BankFileBody(Body):
    """The payouts of a run, or a choice of them."""

    run_id: UUID | None = None
    payout_ids: Ids = Field(default=[])

    @model_validator(mode="after")
    def _is_a_run_or_a_choice(self) -> Self:
        if (self.run_id is None) == (not self.payout_ids):
            raise ValueError("name a run or payouts, one of them")
        return self
