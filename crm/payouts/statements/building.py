"""A statement before it is drawn: who, for what, each line with its words and the balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.models import BankAccount, Hospital, Owner, Payout, PayoutKind, PayoutLine, PayoutStatus
from crm.payouts import money, reading
from crm.payouts.inputs import Inputs, Line
from crm.payouts.statements import words

_STATUS = {
    PayoutStatus.DRAFT: "draft, not approved",
    PayoutStatus.PENDING_APPROVAL: "waits for approval",
    PayoutStatus.APPROVED: "approved",
    PayoutStatus.PROCESSING: "with the bank",
    PayoutStatus.COMPLETED: "paid",
    PayoutStatus.ON_HOLD: "on hold",
    PayoutStatus.REJECTED: "rejected",
    PayoutStatus.CANCELLED: "cancelled",
    PayoutStatus.FAILED: "not taken by the bank",
    PayoutStatus.REVERSED: "came back from the bank",
}


@dataclass(frozen=True, slots=True)
class RevenueRow:
    """What one service line brought, and whether it is shared."""

    service_line: str
    charges_kobo: int
    taken_back_kobo: int
    sum_kobo: int
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """A line in words, with what is left after it."""

    line: Line
    explanation: str
    balance_kobo: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """All that a statement shows."""

    reference: str
    period: str
    owner: str
    hospital: str
    address: str
    status: str
    due_on: date
    paid_on: date | None
    bank: str
    provider_reference: str | None
    earned: str
    """Whether revenue is what was received or what was billed."""
    revenue: Sequence[RevenueRow]
    gross_kobo: int | None
    """None when the payout is not worked out from revenue."""
    lines: Sequence[Explained]
    net_kobo: int
    still_owed: Sequence[tuple[str, int]]
    notes: str | None
    fingerprint: str
    made_at: datetime


def build(session: Session, payout: Payout) -> Statement:
    """The statement of a payout. Five queries; writes nothing."""
    inputs = Inputs.from_json(payout.calc_snapshot)
    hospital = session.get_one(Hospital, payout.hospital_id)
    is_monthly = payout.kind is PayoutKind.MONTHLY
    is_paid = payout.status is PayoutStatus.COMPLETED and not payout.net_kobo
    return Statement(
        reference=payout.reference,
        period=money.period(payout.period_start, payout.period_end),
        owner=session.get_one(Owner, payout.owner_id).name,
        hospital=hospital.name,
        address=hospital.address,
        status="settled, nothing to pay" if is_paid else _STATUS[payout.status],
        due_on=payout.due_on,
        paid_on=payout.paid_at and lagos_day(payout.paid_at),
        bank=_bank(session, payout),
        provider_reference=payout.provider_reference,
        earned=words.earned(inputs),
        revenue=_revenue(inputs) if is_monthly else (),
        gross_kobo=payout.gross_kobo if is_monthly else None,
        lines=explained(reading.lines(session, payout.id), inputs),
        net_kobo=payout.net_kobo,
        still_owed=_still_owed(payout, inputs),
        notes=payout.notes,
        fingerprint=payout.calc_hash.hex(),
        made_at=payout.updated_at,
    )


def explained(rows: Sequence[PayoutLine | Line], inputs: Inputs) -> list[Explained]:
    """The lines with their words and the balance that runs down to the net."""
    balance, found = 0, []
    for row in rows:
        line = Line(row.ordinal, row.code, row.label, row.amount_kobo, row.base_kobo, row.bps)
        balance += row.amount_kobo
        found.append(Explained(line, words.explain(line, inputs), balance))
    return found


def _revenue(inputs: Inputs) -> list[RevenueRow]:
    if inputs.gross_override_kobo is not None:
        gross = inputs.gross_override_kobo
        return [RevenueRow("as stated in the notes", gross, 0, gross, is_shared=True)]
    excluded = inputs.terms.excluded_service_lines
    return [
        RevenueRow(
            each.service_line,
            each.charges_kobo,
            each.refunds_kobo + each.write_offs_kobo,
            each.sum_kobo,
            is_shared=each.service_line not in excluded,
        )
        for each in inputs.revenue
    ]


def _bank(session: Session, payout: Payout) -> str:
    account = payout.bank_account_id and session.get(BankAccount, payout.bank_account_id)
    if not account:
        return "no account on file"
    return (
        f"{account.account_name}, bank {account.bank_code}, account ending {account.number_last4}"
    )


def _still_owed(payout: Payout, inputs: Inputs) -> list[tuple[str, int]]:
    labels = {each.code: each.label for each in (*inputs.terms.deductions, *inputs.deductions)}
    return [
        (labels.get(code, "Top-ups to the guarantee"), kobo)
        for code, kobo in sorted(payout.arrears.items())
    ]
