"""Nobody approves what they made."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from crm import payouts
from crm.kit.errors import Denied, NotFound
from crm.kit.permissions import Actor, Role
from crm.payouts.refusals import (
    FourEyes,
    SecondFactorNeeded,
)
from tests.crm.estate import hospital, staff
from tests.crm.payout_steps.orders import S
from tests.crm.payroll import (
    check_all,
    take,
)


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
