"""Payouts of all months that are over, worked out by the house's own runs, in every status.

Old months are paid. Of the last month each contract stands somewhere else on the way; earlier ones
were rejected, cancelled or reversed once and made good.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from crm import revenue
from crm.demo.estate import Estate
from crm.demo.house import House
from crm.kit.clock import at_lagos
from crm.kit.permissions import EVERYTHING, Actor, Role
from crm.models import Payout, PayoutStatus
from crm.payouts import reversals, running, runs
from crm.payouts.months import month_end
from crm.payouts.writing import note

_S = PayoutStatus
_DAY = timedelta(days=1)
_PAID = (_S.PENDING_APPROVAL, _S.APPROVED, _S.PROCESSING, _S.COMPLETED)
# How far each contract of the last month has come, by the order of the owners.
_LAST_MONTH: tuple[tuple[PayoutStatus, ...], ...] = (
    _PAID,
    (_S.PENDING_APPROVAL, _S.APPROVED, _S.PROCESSING, _S.FAILED),
    (_S.PENDING_APPROVAL, _S.APPROVED, _S.PROCESSING),
    (_S.PENDING_APPROVAL, _S.APPROVED),
    (_S.PENDING_APPROVAL,),
    (),
    (_S.PENDING_APPROVAL, _S.ON_HOLD),
    (_S.PENDING_APPROVAL,),
)
_REASONS = {
    _S.ON_HOLD: "The owner's bank account changed less than a week ago",
    _S.FAILED: "The bank sent it back: account name mismatch",
    _S.REJECTED: "Imaging of the last week is missing",
    _S.CANCELLED: "Drafted before the late entries came in",
    _S.REVERSED: "The bank returned the money: account closed",
}
# Months before the last in which a payout was stopped and drafted again, or came back.
_WENT_WRONG = {5: _S.REJECTED, 8: _S.CANCELLED}
_CAME_BACK = 3
# The runs know the account of today alone; what was paid before it changed went to the old one.
_TO_THE_OLD_ACCOUNT = text("""
    update owner_payouts p set bank_account_id = b.id, risk_flags = '{}'
    from bank_accounts b where b.owner_id = p.owner_id and not b.is_active
""")
_MOVE = text("""
    update owner_payouts set
        status = :status, status_reason = :reason, version = version + 1, updated_at = :at,
        submitted_by = coalesce(submitted_by, :submitter),
        approved_by = case when :is_approved then :approver else approved_by end,
        approved_at = case when :is_approved then cast(:at as timestamptz) else approved_at end,
        bank_file = case when :is_sent then 'BANK-' || to_char(period_start, 'YYMM')
            else bank_file end,
        provider_reference = case when :is_paid and net_kobo > 0
            then 'NIP' || translate(reference, 'PO-', '') else provider_reference end,
        paid_at = case when :is_paid and net_kobo > 0 then cast(:at as timestamptz)
            else paid_at end,
        failure_code = case when :is_failed then 'name_mismatch' else failure_code end
    where id = any(:ids)
""")


def pay(house: House, estate: Estate) -> int:
    """Run every month; returns how many payouts there are now."""
    months = estate.months(house.today)
    for number, month in enumerate(months):
        drafted = _run(house, month)
        left = len(months) - number
        if left == 1:
            _last(house, estate, month)
        elif left in _WENT_WRONG:
            _again(house, month, drafted, _WENT_WRONG[left])
        else:
            _settle(house, month, drafted, reverses=left == _CAME_BACK)
        if left == 2:  # noqa: PLR2004 -- before the last
            house.session.execute(_TO_THE_OLD_ACCOUNT)
    return len(house.session.scalars(select(Payout.id)).all())


def _run(house: House, month: date) -> list[UUID]:
    """Draft a month as the schedule would have, on the first of the next. Returns the payouts."""
    at, by = _after(month), house.staff[Role.FINANCE]
    run, _ = runs.begin(house.session, runs.wish(EVERYTHING), period=month, by=by, now=at)
    after = None
    while (after := running.advance(house.session, run, by=by, now=at, after=after)) is not None:
        pass
    house.session.flush()
    drafts = select(Payout.id).where(Payout.period_start == month, Payout.status == _S.DRAFT)
    return list(house.session.scalars(drafts.order_by(Payout.owner_id)))


def _after(month: date, days: int = 0) -> datetime:
    return at_lagos(month_end(month) + _DAY + days * _DAY) + timedelta(hours=8)


def _settle(house: House, month: date, ids: Sequence[UUID], *, reverses: bool = False) -> None:
    """Close the month's books, have it approved by a second person, and pay it."""
    for hospital in house.hospitals:
        revenue.close(house.session, hospital.id, through=month_end(month))
    for number, status in enumerate(_PAID):
        _move(house, ids, status, at=_after(month, 1 + number))
    if reverses:
        _reverse(house, month)


def _again(house: House, month: date, ids: Sequence[UUID], ends: PayoutStatus) -> None:
    """One was stopped, and the same month drafted again for it."""
    steps = (_S.PENDING_APPROVAL, ends) if ends is _S.REJECTED else (ends,)
    for status in steps:
        _move(house, ids[:1], status, at=_after(month))
    carried = text("update owner_payouts set carried_into_id = null where carried_into_id = :id")
    house.session.execute(carried, {"id": ids[0]})
    _settle(house, month, _run(house, month))


def _reverse(house: House, month: date) -> None:
    """The money of the largest payout came back; the next one of its owner begins with it."""
    largest = select(Payout).where(Payout.period_start == month).order_by(Payout.net_kobo.desc())
    payout = house.session.scalars(
        largest.limit(1), execution_options={"populate_existing": True}
    ).one()
    at = _after(month, 8)
    _move(house, [payout.id], _S.REVERSED, at=at)
    reversals.make_good(house.session, payout, by=house.staff[Role.FINANCE_APPROVER], now=at)


def _last(house: House, estate: Estate, month: date) -> None:
    """Every contract of the last month stands somewhere else."""
    mine = {
        row.contract_id: row.id
        for row in house.session.execute(
            select(Payout.contract_id, Payout.id).where(
                Payout.period_start == month, Payout.status == _S.DRAFT
            )
        )
    }
    for holding, steps in zip(estate.holdings, _LAST_MONTH, strict=True):
        for status in steps:
            if holding.contract_id in mine:
                at = min(house.now, _after(month, 1 + steps.index(status)))
                _move(house, [mine[holding.contract_id]], status, at=at)


def _move(house: House, ids: Sequence[UUID], status: PayoutStatus, *, at: datetime) -> None:
    """One step of several payouts, with its line in their history."""
    if not ids:
        return
    by = _who(house, status)
    values: dict[str, Any] = {
        "ids": list(ids),
        "status": status.value,
        "reason": _REASONS.get(status),
        "at": at,
        "submitter": house.staff[Role.FINANCE].id,
        "approver": house.staff[Role.FINANCE_APPROVER].id,
        "is_approved": status is _S.APPROVED,
        "is_sent": status is _S.PROCESSING,
        "is_paid": status is _S.COMPLETED,
        "is_failed": status is _S.FAILED,
    }
    house.session.execute(_MOVE, values)
    note(house.session, ids, status, by=by, now=at, reason=_REASONS.get(status))


def _who(house: House, status: PayoutStatus) -> Actor:
    """The approver decides, finance does the rest."""
    decides = status in {_S.APPROVED, _S.REJECTED, _S.REVERSED}
    return house.staff[Role.FINANCE_APPROVER if decides else Role.FINANCE]
