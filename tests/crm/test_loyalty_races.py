"""Members, desks and jobs at the same moment, with real threads and connections."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm import loyalty, payments
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Kind
from crm.loyalty import by_hand
from crm.loyalty.by_hand import Gift
from crm.models import Hospital, Redemption, Reward
from tests.at_once import kinds, race
from tests.crm.clinic import a_patient
from tests.crm.shop import a_reward, give


@pytest.fixture
def members(crowd, now):
    """Fifty members with a hundred points each."""
    with crowd.begin() as session:
        people = [a_patient(f"Person{n} Test") for n in range(50)]
        session.add_all(people)
        session.flush()
        for person in people:
            give(session, person, 100, now=now)
    return people


@pytest.fixture
def books(crowd):
    """After each race every rule of the ledger is asked."""
    yield
    with crowd() as session:
        assert not loyalty.invariants.broken(session)


def reward_with(crowd, now, **more):
    with crowd.begin() as session:
        return a_reward(session, now=now, **more).id


def redeem(patient, reward_id, now, **more):
    return lambda session: loyalty.redeem(
        session, patient_id=patient.id, reward_id=reward_id, now=now, **more
    )


pytestmark = pytest.mark.usefixtures("books")


def test_fifty_want_the_last_reward_and_one_gets_it(crowd, members, now):
    reward_id = reward_with(crowd, now, stock=1)
    outcomes = race(crowd, [redeem(each, reward_id, now) for each in members])
    assert kinds(outcomes) == {"Redeemed": 1, "OutOfStock": 49}
    with crowd() as session:
        assert session.get(Reward, reward_id).stock_left == 0


def test_one_member_redeems_twenty_times_at_once_and_points_reach_for_two(crowd, members, now):
    reward_id = reward_with(crowd, now, points_cost=50)
    outcomes = race(crowd, [redeem(members[0], reward_id, now)] * 20)
    assert kinds(outcomes) == {"Redeemed": 2, "InsufficientPoints": 18}


def test_a_limit_of_one_holds_race(crowd, members, now):
    reward_id = reward_with(crowd, now, points_cost=10, member_limit=1)
    outcomes = race(crowd, [redeem(members[0], reward_id, now)] * 10)
    assert kinds(outcomes) == {"Redeemed": 1, "LimitReached": 9}


def test_the_first_points_at_once_open_one_account_and_all_count(crowd, now):
    with crowd.begin() as session:
        stranger = a_patient("Somebody New")
        session.add(stranger)
    sources = [uuid7() for _ in range(16)]
    outcomes = race(
        crowd,
        [
            lambda session, source=source: loyalty.award(
                session,
                patient_id=stranger.id,
                rule="feedback",
                source_type="test",
                source_id=source,
                now=now,
            )
            for source in sources
        ],
    )
    assert kinds(outcomes) == {"Award": 16}
    with crowd() as session:
        assert loyalty.of(session, stranger.id).available == 16 * 20


def test_the_same_event_awarded_twenty_times_at_once_earns_once(crowd, members, now):
    source = uuid7()
    outcomes = race(
        crowd, [lambda session: give(session, members[0], 5, now=now, source_id=source)] * 20
    )
    assert kinds(outcomes) == {"Award": 1, "NoneType": 19}


def test_a_first_award_opens_one_account_race(crowd, now):
    with crowd.begin() as session:
        ada = a_patient("Ada Obi")
        session.add(ada)
    outcomes = race(crowd, [lambda session: give(session, ada, 5, now=now)] * 10)
    assert kinds(outcomes) == {"Award": 10}
    assert max(outcome.available for outcome in outcomes) == 50


def test_a_daily_cap_holds_race(crowd, members, now):
    def book(session):
        return loyalty.award(
            session,
            patient_id=members[0].id,
            rule="booking",
            source_type="visit",
            source_id=uuid7(),
            now=now,
        )

    assert kinds(race(crowd, [book] * 12)) == {"Award": 2, "NoneType": 10}


def test_expiry_against_redemption_spends_no_lot_twice(crowd, members, now):
    later = now + timedelta(days=400)
    reward_id = reward_with(crowd, now, points_cost=60)
    acts = [redeem(each, reward_id, later) for each in members[:30]]
    acts += [lambda session: loyalty.lapse(session, now=later, limit=20)] * 4
    outcomes = race(crowd, acts)
    spent = sum(each.points for each in outcomes if isinstance(each, loyalty.Redeemed))
    lapsed = sum(each[1] for each in outcomes if isinstance(each, tuple))
    with crowd() as session:
        lapsed += loyalty.lapse(session, now=later)[1]
        assert spent + lapsed == 50 * 100
        session.commit()


def test_reversal_against_redemption_takes_each_point_once(crowd, members, now):
    reward_id = reward_with(crowd, now, points_cost=100)
    sources = {each.id: uuid7() for each in members[:16]}
    with crowd.begin() as session:
        for each in members[:16]:
            give(session, each, 100, now=now, source_id=sources[each.id])
    acts = []
    for each in members[:16]:
        acts += [redeem(each, reward_id, now)] * 2
        acts.append(
            lambda session, source=sources[each.id]: loyalty.reverse(
                session,
                rule="payment",
                source_type="test",
                source_id=source,
                now=now,
                reason="refunded",
            )
        )
    outcomes = race(crowd, acts)
    assert kinds(outcomes)["Reversal"] == 16
    with crowd() as session:
        for each in members[:16]:
            account = loyalty.of(session, each.id)
            assert account.available - account.owed == 100 - account.redeemed


def test_cancelling_and_using_a_code_at_once_does_one_of_them(crowd, members, now):
    reward_id = reward_with(crowd, now)
    with crowd.begin() as session:
        place = session.scalars(select(Hospital.id)).first()
        made = [
            loyalty.redeem(session, patient_id=each.id, reward_id=reward_id, now=now)
            for each in members[:10]
        ]
    desk = Actor(Kind.USER, uuid7(), "Desk")
    acts = []
    for each in made:
        acts.append(
            lambda session, each=each: loyalty.desk.use(
                session, each.code, hospital_id=place, by=desk, now=now
            )
        )
        acts.append(
            lambda session, each=each: loyalty.redemptions.cancel(
                session, session.get(Redemption, each.id), reason="no", by_id=None, now=now
            )
        )
    outcomes = kinds(race(crowd, acts))
    assert outcomes["tuple"] + outcomes["Redemption"] == 10
    assert outcomes["CodeRefused"] + outcomes["AlreadyDecided"] == 10


def test_a_code_used_at_ten_desks_at_once_is_used_at_one(crowd, members, now):
    reward_id = reward_with(crowd, now)
    with crowd.begin() as session:
        place = session.scalars(select(Hospital.id)).first()
        made = loyalty.redeem(session, patient_id=members[0].id, reward_id=reward_id, now=now)
    acts = [
        lambda session, n=n: loyalty.desk.use(
            session,
            made.code,
            hospital_id=place,
            by=Actor(Kind.USER, uuid7(), f"Desk {n}"),
            now=now,
        )
        for n in range(10)
    ]
    assert kinds(race(crowd, acts)) == {"tuple": 1, "CodeRefused": 9}


def test_two_approvers_at_once_give_points_once(crowd, members, now):
    bayo = Actor(Kind.USER, uuid7(), "Bayo")
    with crowd.begin() as session:
        asked = by_hand.give(
            session, members[0].id, Gift(points=900, reason="long wait"), by=bayo, now=now
        )
    acts = [
        lambda session, n=n: by_hand.approve(
            session,
            asked.id,
            scope=EVERYTHING,
            by=Actor(Kind.USER, uuid7(), f"Approver {n}"),
            now=now,
        )
        for n in range(6)
    ]
    assert kinds(race(crowd, acts)) == {"tuple": 1, "AlreadyDecided": 5}


def test_a_payment_told_by_ten_providers_threads_counts_once(crowd, members, now):
    with crowd() as session:
        place = session.scalars(select(Hospital.id)).first()
    told = payments.Settled(
        provider="paystack",
        reference="T-1",
        hospital_id=place,
        patient_id=members[0].id,
        amount_kobo=500_000,
        at=now,
    )
    outcomes = race(
        crowd, [lambda session: payments.settle(session, told, by_id=None, now=now)] * 10
    )
    assert len({payment.id for payment, _ in outcomes}) == 1
    assert [award.points for _, award in outcomes if award] == [50]


def test_bulk_awards_and_single_ones_at_once_do_not_lock_each_other_out(crowd, members, now):
    def bulk(session):
        events = [loyalty.Event(each.id, uuid7(), now, 100_000) for each in members]
        return loyalty.award_many(session, events, rule="payment", source_type="load", now=now)

    acts = [bulk] * 4 + [lambda session, m=m: give(session, m, 1, now=now) for m in members[:20]]
    outcomes = race(crowd, acts)
    assert outcomes[:4] == [(50, 500)] * 4
    assert kinds(outcomes)["Award"] == 20
