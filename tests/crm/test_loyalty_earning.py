"""Points come in once for each event, and go back when the event was nothing."""

from datetime import timedelta
from fractions import Fraction
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from crm import loyalty
from crm.kit.ids import uuid7
from crm.loyalty import accounts, refusals
from crm.models import EarningRule, PointsTransaction, TierChange
from tests.crm.clinic import a_patient


@pytest.fixture
def ada(session):
    ada = a_patient("Ada Obi")
    session.add(ada)
    session.flush()
    return ada


def award(session, patient, rule="feedback", *, now, source_id=None, **more):
    return loyalty.award(
        session,
        patient_id=patient.id,
        rule=rule,
        source_type="visit",
        source_id=source_id or uuid7(),
        now=now,
        **more,
    )


def pay(session, patient, naira, *, now, source_id=None):
    return award(session, patient, "payment", now=now, source_id=source_id, amount_kobo=naira * 100)


def test_a_booking_opens_the_account_and_earns_ten(session, ada, now):
    given = award(session, ada, "booking", now=now)

    assert (given.points, given.available, given.tier) == (10, 10, "bronze")
    assert accounts.of(session, ada.id).earned == 10


def test_the_same_event_earns_once(session, ada, now):
    visit = uuid4()
    assert award(session, ada, now=now, source_id=visit)
    assert award(session, ada, now=now, source_id=visit) is None
    assert accounts.of(session, ada.id).available == 20


def test_a_third_booking_of_a_day_earns_nothing_and_the_next_day_does(session, ada, now):
    given = [award(session, ada, "booking", now=now) for _ in range(3)]
    assert [each and each.points for each in given] == [10, 10, None]
    assert award(session, ada, "booking", now=now + timedelta(days=1))


def test_payment_earns_a_point_for_each_hundred_naira(session, ada, now):
    assert pay(session, ada, 2_599, now=now).points == 25
    assert pay(session, ada, 99, now=now) is None
    assert pay(session, ada, 5_000_000, now=now).points == 10_000


def test_a_rule_that_is_switched_off_earns_nothing(session, ada, now):
    session.get_one(EarningRule, "feedback").is_active = False
    assert award(session, ada, now=now) is None


def test_a_frozen_account_earns_nothing_and_a_booking_still_succeeds(session, ada, now):
    account = loyalty.enrol(session, ada.id, now=now)
    accounts.freeze(session, account, reason="looked into", now=now)
    assert award(session, ada, "booking", now=now) is None
    with pytest.raises(refusals.AccountFrozen):
        loyalty.earn(
            session,
            patient_id=ada.id,
            rule="booking",
            source_type="visit",
            source_id=uuid4(),
            now=now,
        )


def test_two_thousand_points_make_silver_and_it_is_written_down(session, ada, now):
    pay(session, ada, 199_900, now=now)
    given = pay(session, ada, 100, now=now)

    assert given.is_promotion
    assert given.tier == "silver"
    change = session.scalars(select(TierChange)).one()
    assert (change.from_tier, change.to_tier, change.qualifying) == ("bronze", "silver", 2_000)


def test_a_referral_does_not_count_towards_the_tier(session, ada, now):
    award(session, ada, "referral", now=now)
    assert accounts.of(session, ada.id).qualifying == 0


def reverse(session, source_id, *, now, rule="payment", **more):
    return loyalty.reverse(
        session,
        rule=rule,
        source_type="visit",
        source_id=source_id,
        now=now,
        reason="cancelled",
        **more,
    )


def test_what_is_taken_back_lowers_balance_and_tier(session, ada, now):
    payment = uuid4()
    pay(session, ada, 250_000, now=now, source_id=payment)

    taken = reverse(session, payment, now=now)

    account = accounts.of(session, ada.id)
    assert (taken.points, taken.owed) == (2_500, 0)
    assert (account.available, account.qualifying, account.tier) == (0, 0, "bronze")
    assert session.scalars(select(TierChange.to_tier)).all() == ["silver", "bronze"]


def test_taking_back_twice_takes_once(session, ada, now):
    visit = uuid4()
    award(session, ada, now=now, source_id=visit)
    assert reverse(session, visit, now=now, rule="feedback")
    assert reverse(session, visit, now=now, rule="feedback") is None
    assert reverse(session, uuid4(), now=now) is None


def test_part_refunds_take_back_their_share(session, ada, now):
    payment = uuid4()
    pay(session, ada, 10_000, now=now, source_id=payment)

    taken = [
        reverse(session, payment, now=now, left=Fraction(*share)).points
        for share in ((2, 3), (1, 3))
    ]

    assert taken == [34, 33]
    assert reverse(session, payment, now=now, left=Fraction(1, 3)) is None


def test_the_ledger_cannot_be_changed(session, ada, now):
    award(session, ada, now=now)
    for statement in (
        "update loyalty_transactions set points = 5",
        "delete from loyalty_transactions",
    ):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))
    assert session.scalars(select(PointsTransaction)).one().points == 20
