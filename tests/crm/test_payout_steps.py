"""Steps of a payout, who may take them, and what owners hear of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from crm import outbox, payouts
from crm.kit.errors import Denied, Invalid, NotFound, StaleVersion
from crm.kit.permissions import EVERYTHING, Actor, Role, Scope
from crm.models import Message, PayoutKind, PayoutStatus
from crm.payouts import DEAD, MOVES, Extra, Order
from crm.payouts.refusals import (
    AlreadyCarried,
    BankAccountChanged,
    BankAccountNotReady,
    ContractInactive,
    DuplicatePeriod,
    FiguresChanged,
    FourEyes,
    InvalidTransition,
    NegativeNet,
    PeriodOpen,
    SecondFactorNeeded,
    TotalMismatch,
)
from tests.crm.estate import a_contract, an_owner, hospital, staff
from tests.crm.payroll import (
    LAST_OF_OCTOBER,
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

S = PayoutStatus


@pytest.fixture
def house(session, now):
    return a_house(session, now=now)


@pytest.fixture
def payout(session, house, now):
    """October's, of 300,000 naira."""
    earn(session, house.hospital, 333_333_333)
    run_month(session, by=house.ngozi, now=now)
    return payout_of(session, house.contract)


@pytest.fixture
def waiting(session, house, payout, now):
    """The same, submitted."""
    return take(session, payout, S.PENDING_APPROVAL, by=house.ngozi, now=now)


def order(house, **more) -> Order:
    asked = {
        "owner_id": house.owner.id,
        "contract_id": house.contract.id,
        "kind": PayoutKind.MANUAL,
        "period_start": OCTOBER,
        "period_end": LAST_OF_OCTOBER,
    }
    return Order(**{**asked, **more})


# -- the way --------------------------------------------------------------------------------------


def test_a_payout_goes_from_draft_to_paid_and_remembers_each_step(session, house, payout, now):
    done = paid(session, house, payout, now=now)
    assert (done.provider_reference, done.paid_at, done.version) == ("TRF-1", now, 5)
    told = [(e.status.value, e.actor_name) for e in payouts.history(session, payout.id)]
    assert told == [
        ("draft", "Ngozi"),
        ("pending_approval", "Ngozi"),
        ("approved", "Bayo"),
        ("processing", "Ngozi"),
        ("completed", "Ngozi"),
    ]


def test_a_step_that_does_not_begin_here_is_refused_with_those_that_do(session, house, payout, now):
    with pytest.raises(InvalidTransition) as refusal:
        take(session, payout, S.COMPLETED, by=house.ngozi, now=now)
    assert refusal.value.facts == {"from": "draft", "allowed": ["pending_approval", "cancelled"]}


def test_every_status_says_where_it_leads():
    assert set(MOVES) == set(S)
    assert not any(MOVES[status] for status in DEAD)


@pytest.mark.parametrize("to", [S.REJECTED, S.ON_HOLD])
def test_a_refusal_says_why(session, house, waiting, now, to):
    with pytest.raises(Invalid) as refusal:
        take(session, waiting, to, by=house.bayo, now=now, reason="no")
    assert refusal.value.field == "reason"


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("provider_reference", {"provider_reference": None}),
        ("paid_at", {"paid_at": None}),
        ("paid_at", {"paid_at": datetime(2026, 11, 23, tzinfo=UTC)}),
    ],
)
def test_paid_is_what_the_bank_has_a_reference_for(session, house, payout, field, more):
    now = house.now
    approved(session, house, payout, now=now)
    take(session, payout, S.PROCESSING, by=house.ngozi, now=now)
    with pytest.raises(Invalid) as refusal:
        take(session, payout, S.COMPLETED, by=house.ngozi, now=now, **more)
    assert refusal.value.field == field


def test_the_same_step_again_changes_nothing_and_another_reference_is_refused(
    session, house, payout, now
):
    done = paid(session, house, payout, now=now)
    again = take(session, done, S.COMPLETED, by=house.ngozi, now=now, version=1)
    assert again.version == 5
    assert len(payouts.history(session, done.id)) == 5
    with pytest.raises(InvalidTransition):
        take(session, done, S.COMPLETED, by=house.ngozi, now=now, provider_reference="TRF-2")


def test_who_read_an_older_version_is_told(session, house, waiting, now):
    with pytest.raises(StaleVersion) as refusal:
        take(session, waiting, S.APPROVED, by=house.bayo, now=now, version=1)
    assert refusal.value.facts == {"version": 2}


# -- four eyes ------------------------------------------------------------------------------------


def test_neither_who_drafted_nor_who_submitted_approves(session, house, payout, now):
    both = staff(Role.FINANCE, name="Chidi")
    all_in_one = Actor(both.kind, both.id, both.name, ((Role.ADMIN, None),))
    take(session, payout, S.PENDING_APPROVAL, by=all_in_one, now=now)
    drafter = Actor(house.ngozi.kind, house.ngozi.id, "Ngozi", ((Role.ADMIN, None),))
    for actor in (all_in_one, drafter, Actor.system()):
        with pytest.raises(FourEyes):
            take(session, payout, S.APPROVED, by=actor, now=now)
    take(session, payout, S.APPROVED, by=house.bayo, now=now)


@pytest.mark.parametrize("column", ["created_by", "submitted_by"])
def test_the_database_keeps_four_eyes_by_itself(session, house, waiting, now, column):
    with pytest.raises(IntegrityError, match="ck_owner_payouts_four_eyes"):
        session.execute(
            text("update owner_payouts set approved_by = :by, status = 'approved' where id = :id"),
            {"id": waiting.id, "by": getattr(waiting, column)},
        )


def test_the_database_lets_nothing_be_approved_by_nobody_or_paid_without_proof(
    session, house, waiting
):
    for status, why in (("approved", "approved"), ("completed", "approved")):
        with (
            pytest.raises(IntegrityError, match=f"ck_owner_payouts_{why}"),
            session.begin_nested(),
        ):
            session.execute(
                text("update owner_payouts set status = :status where id = :id"),
                {"status": status, "id": waiting.id},
            )
    with pytest.raises(IntegrityError, match="ck_owner_payouts_paid"):
        session.execute(
            text(
                "update owner_payouts set status = 'completed', approved_by = gen_random_uuid()"
                " where id = :id"
            ),
            {"id": waiting.id},
        )


@pytest.mark.parametrize(
    "statement",
    [
        "update owner_payouts set net_kobo = net_kobo + 1 where id = :id",
        "update owner_payouts set calc_snapshot = '{}' where id = :id",
        "update payout_lines set amount_kobo = 0 where payout_id = :id",
        "delete from payout_lines where payout_id = :id",
        "delete from payout_events where payout_id = :id",
    ],
)
def test_figures_lines_and_history_are_never_changed(session, payout, statement):
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement), {"id": payout.id})


def test_a_line_too_much_does_not_get_past_the_end_of_the_transaction(session, payout):
    session.execute(
        text(
            "insert into payout_lines (payout_id, ordinal, code, label, amount_kobo)"
            " values (:id, 99, 'gift', 'Gift', 1)"
        ),
        {"id": payout.id},
    )
    with pytest.raises(IntegrityError, match="do not add up"):
        check_all(session)


def test_money_is_approved_with_a_second_factor_where_it_is_asked_for(session, house, waiting, now):
    step = payouts.Step(to=S.APPROVED, version=waiting.version)
    with pytest.raises(SecondFactorNeeded):
        payouts.move(session, waiting.id, step, by=house.bayo, now=now, needs_second_factor=True)
    strong = Actor(
        house.bayo.kind, house.bayo.id, "Bayo", house.bayo.grants, is_strongly_signed_in=True
    )
    moved = payouts.move(session, waiting.id, step, by=strong, now=now, needs_second_factor=True)
    assert moved.status is S.APPROVED


def test_only_an_approver_of_that_hospital_approves(session, house, waiting, now):
    with pytest.raises(Denied):
        take(session, waiting, S.APPROVED, by=staff(Role.FINANCE), now=now)
    elsewhere = staff(Role.FINANCE_APPROVER, hospital(session, "PHC").id)
    with pytest.raises(NotFound):
        take(session, waiting, S.APPROVED, by=elsewhere, now=now)


# -- what must hold -------------------------------------------------------------------------------


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


# -- by hand --------------------------------------------------------------------------------------


def test_a_bonus_is_drafted_by_hand_and_taxed(session, house, now):
    made = payouts.draft(
        session,
        order(house, kind=PayoutKind.BONUS, amount_kobo=100_000, expected_net_kobo=90_000),
        by=house.ngozi,
        now=now,
    )
    assert (made.status, made.wht_kobo, made.net_kobo) == (S.DRAFT, 10_000, 90_000)
    check_all(session)


@pytest.mark.parametrize(
    ("refusal", "more"),
    [
        (TotalMismatch, {"amount_kobo": 100, "expected_net_kobo": 100}),
        (NegativeNet, {"amount_kobo": 100, "adjustments": (Extra("Diesel", -100, "Why"),)}),
        (
            ContractInactive,
            {"amount_kobo": 1, "period_start": date(2025, 1, 1), "period_end": date(2025, 1, 9)},
        ),
        (Invalid, {"amount_kobo": 0}),
        (Invalid, {"amount_kobo": 1, "period_end": date(2026, 9, 1)}),
        (Invalid, {"kind": PayoutKind.MONTHLY, "period_end": date(2026, 10, 30)}),
        (Invalid, {"kind": PayoutKind.MONTHLY, "gross_revenue_kobo": 5}),
        (
            PeriodOpen,
            {
                "kind": PayoutKind.MONTHLY,
                "period_start": date(2026, 11, 1),
                "period_end": date(2026, 11, 30),
            },
        ),
    ],
)
def test_what_cannot_be_drafted_by_hand(session, house, now, refusal, more):
    with pytest.raises(refusal):
        payouts.draft(session, order(house, **more), by=house.ngozi, now=now)


def test_a_month_is_drafted_once_by_hand_or_by_run(session, house, payout, now):
    with pytest.raises(DuplicatePeriod) as refusal:
        payouts.draft(session, order(house, kind=PayoutKind.MONTHLY), by=house.ngozi, now=now)
    assert refusal.value.facts == {"existing_id": str(payout.id)}


def test_the_revenue_can_be_stated_with_a_reason_and_is_not_looked_up_at_approval(
    session, house, now
):
    stated = order(
        house, kind=PayoutKind.MONTHLY, gross_revenue_kobo=5_000_000, notes="Books were lost"
    )
    made = payouts.draft(session, stated, by=house.ngozi, now=now)
    earn(session, house.hospital, 1_000)
    assert approved(session, house, made, now=now).gross_kobo == 5_000_000


# -- what owners hear -----------------------------------------------------------------------------


def told(session, payout) -> str:
    rows = session.scalars(select(Message).where(Message.about_id == payout.id)).all()
    vault = session.info["vault"]
    return " ".join(outbox.unseal(vault, row.body_sealed, row=row.id).text for row in rows)


def test_owners_hear_of_approval_and_payment_with_period_and_net_alone(session, house, payout, now):
    approved(session, house, payout, now=now)
    text = told(session, payout)
    assert "October 2026" in text
    assert "NGN 300,000.00" in text
    assert "3,333,333" not in text
    [message] = session.scalars(select(Message).where(Message.about_id == payout.id))
    assert (message.owner_id, message.purpose, message.status) == (
        house.owner.id,
        "notice",
        "queued",
    )
    assert message.due_at == now


def test_a_notice_decided_at_night_waits_for_the_morning(session, house, payout, now):
    after_midnight = now.replace(hour=1)
    approved(session, house, payout, now=after_midnight)
    [message] = session.scalars(select(Message).where(Message.about_id == payout.id))
    assert message.due_at == after_midnight.replace(hour=7)  # eight in Lagos


def test_owners_see_their_own_and_no_drafts(session, house, payout, now):
    own, other = (Scope(frozenset(), owner_id=id_) for id_ in (house.owner.id, house.contract.id))
    with pytest.raises(NotFound):
        payouts.get(session, payout.id, scope=own)
    take(session, payout, S.PENDING_APPROVAL, by=house.ngozi, now=now)
    assert payouts.get(session, payout.id, scope=own).id == payout.id
    with pytest.raises(NotFound):
        payouts.get(session, payout.id, scope=other)
    totals = payouts.totals(session, payouts.Filter(), scope=EVERYTHING)
    assert (totals.count, totals.by_status) == (1, {"pending_approval": 1})
    assert totals.figures["net_kobo"] == 30_000_000
