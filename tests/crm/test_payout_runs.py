"""A month drafted for every contract: once, whatever happens in between."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from crm import contracts, payouts, revenue
from crm.contracts import Deduction
from crm.kit.errors import NotFound
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Role, Scope
from crm.models import OwnerKind, Payout, PayoutLine, PayoutRunStatus, PayoutStatus, RevenueKind
from crm.payouts import Risk, running, runs
from crm.payouts.inputs import Inputs, fingerprint
from crm.payouts.refusals import FuturePeriod, PeriodOpen
from crm.payouts.runs import Wish
from crm.payouts.writing import Made
from tests.crm.estate import TEN_PER_CENT, a_contract, an_owner, hospital, staff
from tests.crm.payroll import (
    LAST_OF_OCTOBER,
    LONG_AGO,
    OCTOBER,
    a_house,
    a_phone,
    an_account,
    approved,
    check_all,
    earn,
    paid,
    payout_of,
    run_month,
    take,
)

NOVEMBER = date(2026, 11, 1)
DECEMBER_2 = timedelta(days=10)
"""From the tests' Sunday to the second of December."""


@pytest.fixture
def house(session, now):
    return a_house(session, now=now)


@pytest.fixture
def estate(session, now):
    """Three hospitals with an owner each."""
    return [a_house(session, now=now, code=code) for code in ("IKJ", "WUS", "PHC")]


def count(session) -> int:
    return session.scalar(select(func.count()).select_from(Payout))


def test_a_month_is_worked_out_from_what_was_received_in_lagos(session, house, now):
    earn(session, house.hospital, 3_000_000)
    earn(session, house.hospital, 1_000_000, on=LAST_OF_OCTOBER)
    earn(session, house.hospital, -500_000, kind=RevenueKind.REFUND)
    earn(session, house.hospital, 7_000_000, on=NOVEMBER)
    earn(session, house.hospital, 7_000_000, collected_on=None)

    run = run_month(session, by=house.ngozi, now=now)
    payout = payout_of(session, house.contract)
    check_all(session)

    assert run.status is PayoutRunStatus.COMPLETED
    assert (payout.gross_kobo, payout.share_kobo) == (3_500_000, 350_000)
    assert payout.wht_kobo == 35_000
    assert payout.net_kobo == 315_000
    assert payout.status is PayoutStatus.DRAFT
    assert payout.created_by == house.ngozi.id
    assert [event.status for event in payouts.history(session, payout.id)] == ["draft"]


def test_the_same_run_again_changes_nothing(session, estate, now):
    first = run_month(session, by=estate[0].ngozi, now=now)
    before = session.execute(select(Payout.id, Payout.version, Payout.updated_at)).all()
    lines = session.scalar(select(func.count()).select_from(PayoutLine))

    again = run_month(session, by=estate[0].ngozi, now=now + timedelta(hours=1))

    assert again.id == first.id
    assert session.execute(select(Payout.id, Payout.version, Payout.updated_at)).all() == before
    assert session.scalar(select(func.count()).select_from(PayoutLine)) == lines
    assert again.counts["created"] == again.counts["contracts"] == 3


@pytest.mark.parametrize("size", [1, 2, 3, 500])
def test_chunks_of_any_size_draft_each_contract_once(session, estate, now, size):
    run = run_month(session, by=estate[0].ngozi, now=now, size=size)
    assert run.counts["created"] == count(session) == 3


def new_terms(session, house, version: int, terms: str) -> None:
    session.execute(
        text(
            "insert into contract_versions"
            " (contract_id, version, effective_from, terms, created_at)"
            " values (:id, :version, '2026-01-01', cast(:terms as jsonb), now())"
        ),
        {"id": house.contract.id, "version": version, "terms": terms},
    )


def test_one_failure_is_written_down_and_only_it_is_tried_again(session, estate, now):
    broken = estate[1]
    new_terms(session, broken, 99, '{"model": "percentage"}')
    run = run_month(session, by=broken.ngozi, now=now)
    assert run.status is PayoutRunStatus.COMPLETED_WITH_ERRORS
    assert run.errors[str(broken.contract.id)]["code"] == "terms_unreadable"
    assert (run.counts["created"], run.counts["failed"]) == (2, 1)
    known = {p.id: p.version for p in session.scalars(select(Payout))}

    new_terms(session, broken, 100, json.dumps(TEN_PER_CENT.as_json()))
    again = run_month(session, by=broken.ngozi, now=now)
    assert (again.status, again.errors) == (PayoutRunStatus.COMPLETED, {})
    assert count(session) == 3
    assert known.items() <= {p.id: p.version for p in session.scalars(select(Payout))}.items()


def test_a_missing_rate_of_tax_is_a_failure_of_that_contract_alone(session, estate, now):
    session.execute(text("delete from tax_rules where payee = 'company'"))
    estate[2].owner.kind = OwnerKind.COMPANY
    session.flush()
    run = run_month(session, by=estate[0].ngozi, now=now)
    assert {e["code"] for e in run.errors.values()} == {"no_tax_rule"}
    assert count(session) == 2


def test_a_payout_cancelled_or_rejected_is_drafted_again(session, estate, now):
    house = estate[0]
    run_month(session, by=house.ngozi, now=now)
    take(
        session,
        payout_of(session, house.contract),
        PayoutStatus.CANCELLED,
        by=house.ngozi,
        now=now,
    )
    run_month(session, by=house.ngozi, now=now)
    assert payout_of(session, house.contract).status is PayoutStatus.DRAFT
    assert count(session) == 4


def test_trying_writes_nothing_and_says_the_same_figures(session, house, now):
    earn(session, house.hospital, 3_000_000)
    tried = list(running.preview(session, Wish(), period=OCTOBER, now=now))
    assert count(session) == 0
    run_month(session, by=house.ngozi, now=now)
    payout = payout_of(session, house.contract)
    [made] = tried
    assert isinstance(made, Made)
    assert made.figures.net_kobo == payout.net_kobo
    assert fingerprint(made.inputs.as_json()) == payout.calc_hash


def test_a_month_must_be_over_in_lagos(session, house, now):
    with pytest.raises(PeriodOpen):
        run_month(session, by=house.ngozi, now=now, period=NOVEMBER)
    with pytest.raises(FuturePeriod):
        run_month(session, by=house.ngozi, now=now, period=date(2026, 12, 1))


def test_a_run_for_one_hospital_leaves_the_others_and_shows_itself_to_it_alone(
    session, estate, now
):
    ikeja, wuse, _ = estate
    scope = Scope(frozenset({ikeja.hospital.id}))
    run = run_month(session, by=ikeja.ngozi, now=now, wish=runs.wish(scope))
    assert count(session) == run.counts["contracts"] == 1
    assert runs.get(session, run.id, scope=scope).id == run.id
    with pytest.raises(NotFound):
        runs.get(session, run.id, scope=Scope(frozenset({wuse.hospital.id})))
    with pytest.raises(NotFound):
        runs.wish(scope, hospital_ids=[wuse.hospital.id])

    whole = run_month(session, by=ikeja.ngozi, now=now)
    assert (whole.counts["created"], whole.counts["existing"]) == (2, 1)
    found = runs.search(session, scope=scope, page=PageRequest())
    assert [each.id for each in found.items] == [run.id]


def test_what_nothing_speaks_against_can_go_to_the_approver_at_once(session, estate, now):
    an_account(session, estate[1].owner, now=now - timedelta(days=2), number="0987654321")
    run_month(session, by=estate[0].ngozi, now=now, submits=True)
    found = [payout_of(session, house.contract).status for house in estate]
    assert found == ["pending_approval", "draft", "pending_approval"]


# -- from month to month --------------------------------------------------------------------------


def test_rests_debts_and_arrears_go_on_into_the_next_month_and_a_renewed_contract(session, now):
    house = a_house(
        session,
        now=now,
        minimum_payout_kobo=500_000,
        deductions=(Deduction("loan", "Loan", amount_kobo=200_000),),
    )
    earn(session, house.hospital, 1_500_000)
    run_month(session, by=house.ngozi, now=now)
    october = payout_of(session, house.contract)
    assert (october.net_kobo, october.carry_out_kobo) == (0, -15_000)
    assert october.arrears == {"loan": 50_000}

    contracts.terminate(
        session,
        house.contract.id,
        ends_on=LAST_OF_OCTOBER,
        reason="renewed",
        by=house.ngozi,
        now=now,
    )
    house.contract.status = "active"
    session.flush()
    next_one = contracts.renew(session, house.contract.id, ends_on=None, by=house.ngozi, now=now)
    earn(session, house.hospital, 90_000_000, on=date(2026, 11, 20))
    run_month(session, by=house.ngozi, now=now + DECEMBER_2, period=NOVEMBER)

    november = payout_of(session, next_one, NOVEMBER)
    assert november.carry_in_kobo == -15_000
    assert november.deductions_kobo == 250_000
    session.refresh(october)
    assert october.carried_into_id == november.id


def test_a_contract_renewed_within_a_month_takes_over_what_is_owed_once(session, now):
    loan = Deduction("loan", "Loan", amount_kobo=100_000, cap_kobo=150_000)
    house = a_house(session, now=now, deductions=(loan,))
    house.contract.ends_on = date(2026, 10, 15)
    session.flush()
    next_one = contracts.renew(session, house.contract.id, ends_on=None, by=house.ngozi, now=now)
    run_month(session, by=house.ngozi, now=now, period=date(2026, 9, 1))
    earn(session, house.hospital, 1_200_000, on=date(2026, 10, 20))
    run_month(session, by=house.ngozi, now=now)
    old, new = payout_of(session, house.contract), payout_of(session, next_one)
    assert (old.deductions_kobo, old.arrears) == (0, {"loan": 200_000})
    assert (new.deductions_kobo, new.arrears) == (100_000, {})

    for month in (NOVEMBER, date(2026, 12, 1)):
        earn(session, house.hospital, 9_000_000, on=month.replace(day=20))
        later = now.replace(year=2027)
        run_month(session, by=house.ngozi, now=later, period=month)
    november, december = (payout_of(session, next_one, m) for m in (NOVEMBER, date(2026, 12, 1)))
    assert (november.deductions_kobo, november.arrears) == (150_000, {"loan": 150_000})
    assert (december.deductions_kobo, december.arrears) == (150_000, {"loan": 100_000})


def test_a_month_drafted_after_a_later_one_is_flagged(session, house, now):
    run_month(session, by=house.ngozi, now=now)
    run_month(session, by=house.ngozi, now=now, period=date(2026, 9, 1))
    assert Risk.OUT_OF_ORDER in flags(session, house, date(2026, 9, 1))


def test_a_refund_known_too_late_is_an_adjustment_of_the_next_month(session, house, now):
    earn(session, house.hospital, 3_000_000)
    run_month(session, by=house.ngozi, now=now)
    october = approved(session, house, payout_of(session, house.contract), now=now)
    earn(session, house.hospital, -1_000_000, kind=RevenueKind.REFUND)
    earn(session, house.hospital, 5_000_000, on=date(2026, 11, 20))
    later = now + DECEMBER_2
    run_month(session, by=house.ngozi, now=later, period=NOVEMBER)

    november = payout_of(session, house.contract, NOVEMBER)
    assert (november.gross_kobo, november.adjustments_kobo) == (5_000_000, -100_000)
    assert payouts.recompute(session, october).is_sound


def test_money_that_came_back_is_paid_with_the_next_month(session, house, now):
    earn(session, house.hospital, 3_000_000)
    run_month(session, by=house.ngozi, now=now)
    october = paid(session, house, payout_of(session, house.contract), now=now)
    take(session, october, PayoutStatus.REVERSED, by=house.bayo, now=now)
    check_all(session)
    run_month(session, by=house.ngozi, now=now + DECEMBER_2, period=NOVEMBER)

    november = payout_of(session, house.contract, NOVEMBER)
    assert november.carry_in_kobo == november.net_kobo == october.net_kobo
    assert october.reference in payouts.lines(session, november.id)[-1].label


def test_a_new_draft_takes_what_changed_and_leaves_what_did_not(session, estate, now):
    run = run_month(session, by=estate[0].ngozi, now=now)
    before = {house.contract.id: payout_of(session, house.contract).id for house in estate}
    earn(session, estate[1].hospital, 4_000_000)
    running.recalculate(session, run, by=estate[0].ngozi, now=now)
    run_month(session, by=estate[0].ngozi, now=now)

    after = {house.contract.id: payout_of(session, house.contract) for house in estate}
    changed = [id_ for id_, payout in after.items() if payout.id != before[id_]]
    assert changed == [estate[1].contract.id]
    assert after[changed[0]].gross_kobo == 4_000_000


# -- what to look at ------------------------------------------------------------------------------


def flags(session, house, period=OCTOBER):
    return set(payout_of(session, house.contract, period).risk_flags)


def test_a_first_payout_and_an_account_that_is_missing_unverified_or_new_are_flagged(
    session, estate, now
):
    missing = an_owner(session, at=estate[0].hospital, now=now, name="New One", phone=a_phone())
    a_contract(session, missing, at=estate[0].hospital, now=now)
    an_account(session, estate[1].owner, now=now - timedelta(days=6), number="0987654321")
    an_account(session, estate[2].owner, now=now - timedelta(days=8), number="0987654321")
    run_month(session, by=estate[0].ngozi, now=now)
    assert flags(session, estate[0]) == {Risk.FIRST_PAYOUT}
    assert flags(session, estate[1]) == {Risk.FIRST_PAYOUT, Risk.BANK_CHANGED}
    assert flags(session, estate[2]) == {Risk.FIRST_PAYOUT}
    found = payouts.exceptions.of_month(session, period=OCTOBER, scope=EVERYTHING)
    assert found.flags == {"first_payout": 4, "bank_changed": 1, "bank_missing": 1}
    assert len(found.flagged) == 4
    assert found.not_drafted == []


def test_what_is_far_above_the_last_months_is_flagged(session, house, now):
    for month in range(6, 10):
        earn(session, house.hospital, 1_000_000 + month, on=date(2026, month, 5))
        run_month(session, by=house.ngozi, now=now, period=date(2026, month, 1))
    earn(session, house.hospital, 1_500_000)
    run_month(session, by=house.ngozi, now=now)
    assert flags(session, house) == {Risk.UNUSUALLY_HIGH}


def test_contracts_without_a_payout_are_listed_with_the_reason(session, estate, now):
    estate[0].owner.status = "inactive"
    session.flush()
    scope = Scope(frozenset({estate[0].hospital.id, estate[1].hospital.id}))
    before = payouts.exceptions.of_month(session, period=OCTOBER, scope=scope)
    assert {each.code for each in before.not_drafted} == {"not_tried"}
    run = run_month(session, by=estate[0].ngozi, now=now)
    after = payouts.exceptions.of_month(session, period=OCTOBER, scope=scope)
    assert [each.code for each in after.not_drafted] == ["owner_inactive"]
    assert (run.counts["skipped"], run.status) == (1, PayoutRunStatus.COMPLETED)


# -- proof ----------------------------------------------------------------------------------------


def test_every_payout_comes_out_the_same_when_it_is_worked_out_again(session, estate, now):
    earn(session, estate[0].hospital, 3_333_333)
    run_month(session, by=estate[0].ngozi, now=now)
    for house in estate:
        payout = payout_of(session, house.contract)
        check = payouts.recompute(session, payout)
        assert check.is_sound
        assert check.is_current
        assert fingerprint(Inputs.from_json(payout.calc_snapshot).as_json()) == payout.calc_hash


def test_a_check_tells_that_revenue_has_come_in_since(session, house, now):
    run_month(session, by=house.ngozi, now=now)
    earn(session, house.hospital, 1_000)
    check = payouts.recompute(session, payout_of(session, house.contract))
    assert check.is_sound
    assert not check.is_current


def test_part_of_a_month_counts_its_own_days_alone(session, now):
    place = hospital(session, "WUS")
    owner = an_owner(session, at=place, now=now, phone=a_phone())
    an_account(session, owner, now=LONG_AGO)
    contract = a_contract(
        session, owner, at=place, now=now, terms=TEN_PER_CENT, starts_on=date(2026, 10, 17)
    )
    earn(session, place, 1_000_000, on=date(2026, 10, 16))
    earn(session, place, 2_000_000, on=date(2026, 10, 17))
    run_month(session, by=staff(Role.FINANCE), now=now)
    assert payout_of(session, contract).gross_kobo == 2_000_000
    assert revenue.closed_through(session, place.id) is None
