"""What must hold before money goes."""

from datetime import date, timedelta

import pytest

from crm import payouts
from crm.kit.permissions import Role
from crm.models import PayoutKind
from crm.payouts.refusals import (
    AlreadyCarried,
    BankAccountChanged,
    BankAccountNotReady,
    FiguresChanged,
)
from tests.crm.estate import a_contract, an_owner, hospital, staff
from tests.crm.payout_steps.orders import S, order, told
from tests.crm.payroll import (
    a_house,
    a_phone,
    an_account,
    approved,
    earn,
    payout_of,
    run_month,
    take,
)


def test_revenue_that_came_in_since_the_draft_stops_the_approval(session, house, waiting, now):
    earn(session, house.hospital, 1_000)
    with pytest.raises(FiguresChanged), session.begin_nested():
        take(session, waiting, S.APPROVED, by=house.bayo, now=now)
    take(session, waiting, S.REJECTED, by=house.bayo, now=now)
    run_month(session, by=house.ngozi, now=now)
    again = payout_of(session, house.contract)
    assert again.gross_kobo == 333_334_333
    approved(session, house, again, now=now)


def test_an_account_that_changed_holds_the_payout_until_a_week_has_gone(
    session, house, waiting, now
):
    before = waiting.bank_account_id
    an_account(session, house.owner, now=now, number="0987654321")
    with pytest.raises(BankAccountChanged) as refusal:
        take(session, waiting, S.APPROVED, by=house.bayo, now=now)
    assert refusal.value.facts["until"] == (now + timedelta(days=7)).isoformat()
    held = take(session, waiting, S.ON_HOLD, by=house.bayo, now=now)
    with pytest.raises(BankAccountChanged):
        take(session, held, S.PENDING_APPROVAL, by=house.ngozi, now=now)

    later = now + timedelta(days=7)
    again = take(session, held, S.PENDING_APPROVAL, by=house.ngozi, now=later)
    assert again.bank_account_id not in {before, None}
    assert take(session, again, S.APPROVED, by=house.bayo, now=later).status is S.APPROVED


def test_submitting_while_the_account_is_new_puts_it_on_hold_and_says_so(
    session, house, payout, now
):
    an_account(session, house.owner, now=now, number="0987654321")
    held = take(session, payout, S.PENDING_APPROVAL, by=house.ngozi, now=now)
    assert held.status is S.ON_HOLD
    assert [e.status for e in payouts.history(session, payout.id)][-2:] == [
        S.PENDING_APPROVAL,
        S.ON_HOLD,
    ]
    assert "on hold" not in (texts := told(session, payout))
    assert "waits while we check something" in texts


def test_without_a_verified_account_nothing_is_approved(session, now):
    place = hospital(session, "PHC")
    owner = an_owner(session, at=place, now=now, phone=a_phone())
    contract = a_contract(session, owner, at=place, now=now)
    earn(session, place, 1_000_000)
    ngozi, bayo = staff(Role.FINANCE), staff(Role.FINANCE_APPROVER)
    run_month(session, by=ngozi, now=now)
    payout = payout_of(session, contract)
    take(session, payout, S.PENDING_APPROVAL, by=ngozi, now=now)
    with pytest.raises(BankAccountNotReady):
        take(session, payout, S.APPROVED, by=bayo, now=now)


def test_what_a_later_payout_began_with_is_not_cancelled_under_it(session, house, now):
    house.contract.minimum_payout_kobo = 10_000_000
    earn(session, house.hospital, 1_000_000)
    by_hand = order(
        house, kind=PayoutKind.ADJUSTMENT, amount_kobo=-5_000, notes="Diesel for the house"
    )
    debt = payouts.draft(session, by_hand, by=house.ngozi, now=now)
    approved(session, house, debt, now=now)
    assert (debt.status, debt.carry_out_kobo) == (S.COMPLETED, -5_000)
    run_month(session, by=house.ngozi, now=now)
    october = payout_of(session, house.contract)
    assert october.carry_in_kobo == -5_000
    session.refresh(debt)
    assert debt.carried_into_id == october.id

    take(session, october, S.CANCELLED, by=house.ngozi, now=now)
    session.refresh(debt)
    assert debt.carried_into_id is None
    run_month(session, by=house.ngozi, now=now)
    assert payout_of(session, house.contract).carry_in_kobo == -5_000


def test_a_month_whose_rest_went_into_the_next_stays(session, now):
    house = a_house(session, now=now, minimum_payout_kobo=1_000_000_000)
    earn(session, house.hospital, 1_000_000, on=date(2026, 9, 3))
    run_month(session, by=house.ngozi, now=now, period=date(2026, 9, 1))
    run_month(session, by=house.ngozi, now=now)
    september = payout_of(session, house.contract, date(2026, 9, 1))
    with pytest.raises(AlreadyCarried):
        take(session, september, S.CANCELLED, by=house.ngozi, now=now)


def test_nothing_to_pay_is_settled_when_it_is_approved(session, house, now):
    run_month(session, by=house.ngozi, now=now)
    empty = payout_of(session, house.contract)
    assert approved(session, house, empty, now=now).status is S.COMPLETED
    assert told(session, empty) == ""
