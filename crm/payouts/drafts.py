"""Payouts drafted by hand: a month of one contract, or an amount beside the contract."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import contracts
from crm.contracts import Deduction
from crm.kit.clock import lagos_day
from crm.kit.errors import Invalid
from crm.kit.permissions import Actor, Permission
from crm.models import Contract, ContractStatus, Payout, PayoutKind
from crm.payouts.gathering import Material, gather
from crm.payouts.inputs import Extra
from crm.payouts.months import check_over, is_month
from crm.payouts.reading import is_live
from crm.payouts.refusals import (
    BankAccountNotReady,
    ContractInactive,
    DuplicatePeriod,
    FuturePeriod,
    NegativeNet,
    NotDraftable,
    TotalMismatch,
)
from crm.payouts.risks import Risk
from crm.payouts.writing import Made, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants drafted."""

    owner_id: UUID
    contract_id: UUID
    kind: PayoutKind
    period_start: date
    period_end: date
    amount_kobo: int = 0
    """Of all kinds but the monthly; below zero only for an adjustment, which is then carried."""
    gross_revenue_kobo: int | None = None
    """In place of the revenue on the books; needs a note."""
    deductions: Sequence[Deduction] = ()
    adjustments: Sequence[Extra] = ()
    bank_account_id: UUID | None = None
    due_on: date | None = None
    notes: str | None = None
    expected_net_kobo: int | None = None


def draft(session: Session, order: Order, *, by: Actor, now: datetime) -> Payout:
    """Write a payout down as a draft.

    Raises NotFound, Invalid, ContractInactive, PeriodOpen, FuturePeriod, DuplicatePeriod,
    NotDraftable, BankAccountNotReady, NegativeNet, TotalMismatch, CarriedMeanwhile.
    """
    made = work_out(session, order, by=by, now=now)
    more: dict[str, Any] = {"due_on": order.due_on} if order.due_on else {}
    if not write(session, [made], by=by, now=now, notes=order.notes, **more):
        raise _duplicate(session, order)
    return session.get_one(Payout, made.id)


def work_out(session: Session, order: Order, *, by: Actor, now: datetime) -> Made:
    """What a draft would be; writes nothing. Raises as `draft` does."""
    contract = contracts.get(session, order.contract_id, scope=by.scope(Permission.PAYOUTS_DRAFT))
    _check_order(contract, order, now=now)
    found = gather(
        session, contract_ids=[contract.id], first=order.period_start, last=order.period_end
    )
    if not found:
        raise ContractInactive("The contract does not run in that time.")
    if not isinstance(found[0], Material):
        raise NotDraftable(found[0].message, reason=found[0].code)
    made = Made.of(_ordered(found[0], order), now=now)
    _check_made(made, order)
    return made


def _check_order(contract: Contract, order: Order, *, now: datetime) -> None:
    if contract.owner_id != order.owner_id:
        raise Invalid("contract_id", "This contract is not the owner's.", code="not_the_owners")
    if order.period_end < order.period_start:
        raise Invalid("period_end", "It ends before it begins.", code="out_of_range")
    if contract.status is ContractStatus.CANCELLED:
        raise ContractInactive("The contract was cancelled.")
    if order.kind is PayoutKind.MONTHLY:
        _check_month(order, now=now)
    elif order.period_start > lagos_day(now):
        raise FuturePeriod("That time has not come.")
    elif not order.amount_kobo:
        raise Invalid("amount_kobo", "Say how much.", code="missing")


def _check_month(order: Order, *, now: datetime) -> None:
    if not is_month(order.period_start, order.period_end):
        raise Invalid("period_end", "A monthly payout is for one whole month.", code="no_month")
    check_over(order.period_start, now=now)
    if order.amount_kobo:
        raise Invalid("amount_kobo", "A monthly payout is worked out.", code="unexpected")
    if order.gross_revenue_kobo is not None and not order.notes:
        raise Invalid("notes", "Say why the revenue on the books does not count.", code="missing")


def _ordered(material: Material, order: Order) -> Material:
    """The material of what was asked for: a month, or an amount without revenue and rests."""
    inputs = replace(
        material.inputs,
        kind=order.kind,
        deductions=tuple(order.deductions),
        adjustments=tuple(order.adjustments),
    )
    if order.kind is PayoutKind.MONTHLY:
        inputs = replace(inputs, gross_override_kobo=order.gross_revenue_kobo)
        return replace(material, inputs=inputs)
    bare = replace(
        inputs,
        amount_kobo=order.amount_kobo,
        revenue=(),
        carried_in=(),
        arrears=(),
    )
    if order.kind is PayoutKind.ADJUSTMENT:  # it corrects what was taxed already
        bare = replace(bare, tax_bps=0, tax_ref="")
    return replace(material, inputs=bare, carried_ids=())


def _check_made(made: Made, order: Order) -> None:
    net = made.figures.net_kobo
    may_be_carried = order.kind in {PayoutKind.MONTHLY, PayoutKind.ADJUSTMENT}
    if not net and not may_be_carried:
        raise NegativeNet("Nothing would be left to pay.")
    if net and {Risk.BANK_MISSING, Risk.BANK_UNVERIFIED} & set(made.risks):
        raise BankAccountNotReady("The owner has no verified bank account.")
    account = made.material.account
    if order.bank_account_id and (account is None or account.id != order.bank_account_id):
        raise Invalid("bank_account_id", "The owner is paid into another account.")
    if order.expected_net_kobo is not None and order.expected_net_kobo != net:
        raise TotalMismatch("The figures come to another amount.", net_kobo=net)


def _duplicate(session: Session, order: Order) -> DuplicatePeriod:
    existing = session.scalar(
        select(Payout.id)
        .where(Payout.contract_id == order.contract_id, Payout.kind == PayoutKind.MONTHLY)
        .where(Payout.period_start == order.period_start, is_live())
    )
    return DuplicatePeriod("There is a payout for that month.", existing_id=str(existing))
