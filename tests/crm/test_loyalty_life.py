"""Points over time: expiry, notices, late codes, bulk loads; and friends whom members bring."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.channels.carrier import Channel
from crm import loyalty, referrals
from crm.kit.clock import at_lagos
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor
from crm.loyalty import codes, notices, refusals, validity
from crm.models import (
    ExpiryNotice,
    LoyaltyTier,
    Message,
    MessageStatus,
    Patient,
    PointsLot,
    Redemption,
    ReferralStatus,
    RewardStatus,
    TierChange,
)
from crm.outbox import bodies
from tests.crm.clinic import TUESDAY, a_clinic, a_patient, a_phone
from tests.crm.shop import a_reward, give

DAY = timedelta(days=1)


@pytest.fixture
def ada(session, now):
    ada = a_patient("Ada Obi")
    session.add(ada)
    session.flush()
    a_phone(session, ada, "+2349140000001", now=now, channel=Channel.SMS)
    give(session, ada, 100, now=now)
    return ada


@pytest.fixture(autouse=True)
def books(session):
    yield
    assert not loyalty.invariants.broken(session)


# -- expiry ---------------------------------------------------------------------------------------


def test_points_end_with_the_month_a_year_later(session, ada, now):
    lot = session.scalars(select(PointsLot)).one()
    ends = at_lagos(TUESDAY.replace(year=2027, month=12, day=1))
    assert lot.expires_at == ends
    assert loyalty.lapse(session, now=ends - timedelta(seconds=1)) == (0, 0)
    assert loyalty.lapse(session, now=ends) == (1, 100)
    assert loyalty.lapse(session, now=ends) == (0, 0)
    account = loyalty.of(session, ada.id)
    assert (account.available, account.expired, account.qualifying) == (0, 100, 100)


def test_december_and_leap_days_end_in_the_right_month():
    december = at_lagos(TUESDAY.replace(month=12, day=31))
    assert validity.month_end(december) == at_lagos(TUESDAY.replace(year=2028, month=1, day=1))
    assert validity.month_end(december, 1) == at_lagos(TUESDAY.replace(year=2027, month=2, day=1))


def test_what_comes_back_after_its_lot_has_ended_gets_thirty_days(session, ada, now):
    reward = a_reward(session, now=now, points_cost=40)
    made = loyalty.redeem(session, patient_id=ada.id, reward_id=reward.id, now=now)
    later = now + timedelta(days=400)
    loyalty.lapse(session, now=later)
    loyalty.redemptions.cancel(
        session, session.get(Redemption, made.id), reason="ill", by_id=None, now=later
    )
    [ends] = loyalty.history.expiring(session, loyalty.of(session, ada.id))
    assert timedelta(days=30) <= ends - later <= timedelta(days=31)


def test_tier_stays_when_points_are_spent_and_end(session, ada, now):
    give(session, ada, 1_900, now=now)
    reward = a_reward(session, now=now, points_cost=1_500)
    loyalty.redeem(session, patient_id=ada.id, reward_id=reward.id, now=now)
    loyalty.lapse(session, now=now + timedelta(days=400))
    account = loyalty.of(session, ada.id)
    assert (account.available, account.tier) == (0, "silver")


def test_a_lost_code_gets_another_and_the_old_one_is_worth_nothing(session, ada, now):
    give(session, ada, 500, now=now)
    reward = a_reward(session, now=now, points_cost=100)
    made = loyalty.redeem(session, patient_id=ada.id, reward_id=reward.id, now=now)
    redemption = session.get(Redemption, made.id)
    code = loyalty.redemptions.renew(session, redemption, now=now)
    desk = Actor.system()
    assert loyalty.desk.look(session, code, by=desk, now=now)[0].id == made.id
    with pytest.raises(refusals.CodeUnknown):
        loyalty.desk.look(session, made.code, by=desk, now=now)
    assert redemption.code_last4 == code.replace("-", "")[-4:]


def test_no_other_code_for_one_that_is_over(session, ada, now):
    give(session, ada, 500, now=now)
    reward = a_reward(session, now=now, points_cost=100)
    late, returned = (
        loyalty.redeem(session, patient_id=ada.id, reward_id=reward.id, now=now).id
        for _ in range(2)
    )
    rows = {id_: session.get(Redemption, id_) for id_ in (late, returned)}
    loyalty.redemptions.cancel(session, rows[returned], reason="ill", by_id=None, now=now)
    for row, at in ((rows[returned], now), (rows[late], now + timedelta(days=100))):
        with pytest.raises(refusals.AlreadyDecided):
            loyalty.redemptions.renew(session, row, now=at)


def test_what_a_balance_is_made_of_adds_up_to_it(session, ada, now):
    give(session, ada, 500, now=now)
    loyalty.award(
        session, patient_id=ada.id, rule="booking", source_type="t", source_id=uuid7(), now=now
    )
    reward = a_reward(session, now=now, points_cost=100)
    loyalty.redeem(session, patient_id=ada.id, reward_id=reward.id, now=now)
    sums = loyalty.history.sums(session, loyalty.of(session, ada.id))
    assert dict(sums) == {"payment": 600, "booking": 10, "redeem": -100}


# -- notices --------------------------------------------------------------------------------------


def told(session):
    rows = session.scalars(select(Message).order_by(Message.id)).all()
    return [bodies.unseal(session.info["vault"], row.body_sealed, row=row.id).text for row in rows]


def test_members_are_told_thirty_and_seven_days_ahead_once(session, ada, now):
    give(session, ada, 20, now=now)
    ends = session.scalars(select(PointsLot.expires_at)).first()
    assert notices.tell(session, 30, now=ends - 31 * DAY) == (0, 0)
    assert notices.tell(session, 30, now=ends - 29 * DAY) == (1, 1)
    assert notices.tell(session, 30, now=ends - 28 * DAY) == (0, 0)
    assert notices.tell(session, 7, now=ends - 6 * DAY) == (1, 1)
    assert notices.tell(session, 30, now=ends - 6 * DAY) == (0, 0)
    assert told(session)[0].startswith("Hello Ada, 120 of your GrandPro points end on Tue 30 Nov.")
    assert session.scalar(select(func.count()).select_from(ExpiryNotice)) == 2


def test_a_member_without_a_phone_is_told_nothing_and_not_asked_again(session, now):
    musa = a_patient("Musa Bello")
    session.add(musa)
    session.flush()
    give(session, musa, 5, now=now)
    ends = session.scalars(select(PointsLot.expires_at)).first()
    assert notices.tell(session, 7, now=ends - DAY) == (1, 0)
    assert notices.tell(session, 7, now=ends - DAY) == (0, 0)


def test_the_gate_is_asked_before_a_notice(session, ada, now):
    session.get_one(Patient, ada.id).status = "deceased"
    session.flush()
    ends = session.scalars(select(PointsLot.expires_at)).first()
    notices.tell(session, 7, now=ends - DAY)
    assert session.scalars(select(Message.status)).all() == [MessageStatus.SUPPRESSED]


# -- codes and rewards ----------------------------------------------------------------------------


def test_a_mistaken_letter_is_noticed_before_anybody_looks():
    code = codes.make()
    assert codes.read(codes.shown(code).lower()) == code
    wrong = ("1" if code[0] != "1" else "2") + code[1:]
    assert codes.read(wrong) is None
    assert codes.read("") is None
    assert codes.read("Ø" * 11) is None


def test_late_codes_give_points_back_where_the_reward_says_so(session, ada, now):
    kind, strict = (
        a_reward(session, now=now, points_cost=30, stock=3, refunds_expired=refunds)
        for refunds in (True, False)
    )
    for reward in (kind, strict):
        loyalty.redeem(session, patient_id=ada.id, reward_id=reward.id, now=now)
    later = now + timedelta(days=91)
    assert loyalty.redemptions.expire_late(session, now=now) == 0
    assert loyalty.redemptions.expire_late(session, now=later) == 2
    assert loyalty.redemptions.expire_late(session, now=later) == 0
    assert loyalty.of(session, ada.id).available == 70
    session.refresh(kind)
    assert kind.stock_left == 3


def test_a_reward_whose_time_is_over_is_marked(session, now):
    reward = a_reward(session, now=now, valid_until=now + DAY)
    assert loyalty.rewards.end_those_over(session, now=now) == 0
    assert loyalty.rewards.end_those_over(session, now=now + DAY) == 1
    session.refresh(reward)
    assert reward.status is RewardStatus.ENDED


# -- bulk -----------------------------------------------------------------------------------------


def test_a_load_gives_each_event_once_and_lifts_tiers(session, ada, now):
    musa = a_patient("Musa Bello")
    session.add(musa)
    session.flush()
    events = [
        loyalty.Event(patient.id, uuid7(), now - timedelta(days=n), 60_000_000)
        for n in range(3)
        for patient in (ada, musa)
    ]
    load = {"rule": "payment", "source_type": "load", "now": now}
    assert loyalty.award_many(session, [*events, events[0]], **load) == (6, 36_000)
    assert loyalty.award_many(session, events, **load) == (0, 0)
    assert loyalty.of(session, musa.id).tier == "platinum"
    assert loyalty.of(session, ada.id).available == 18_100
    assert session.scalar(select(func.count()).select_from(TierChange)) == 2


def test_a_load_keeps_the_daily_cap(session, ada, now):
    loyalty.award(
        session,
        patient_id=ada.id,
        rule="booking",
        source_type="visit",
        source_id=uuid7(),
        now=now,
    )
    events = [loyalty.Event(ada.id, uuid7(), now - timedelta(days=n // 3)) for n in range(6)]
    load = {"rule": "booking", "source_type": "visit", "now": now}
    assert loyalty.award_many(session, events, **load) == (3, 30)


def test_a_load_of_an_unknown_rule_or_of_nothing(session, ada, now):
    with pytest.raises(refusals.RuleInactive):
        loyalty.award_many(session, [], rule="x", source_type="load", now=now)
    cheap = [loyalty.Event(ada.id, uuid7(), now, 5)]
    assert loyalty.award_many(session, cheap, rule="payment", source_type="load", now=now) == (0, 0)


def test_a_raised_threshold_demotes_nobody(session, ada, now):
    give(session, ada, 2_000, now=now)
    session.get_one(LoyaltyTier, "silver").min_points = 4_000
    session.flush()
    given = give(session, ada, 1, now=now)
    assert given.tier == "silver"


# -- friends --------------------------------------------------------------------------------------


@pytest.fixture
def clinic(session, now):
    return a_clinic(session, now=now)


def newcomer(session, name, now):
    person = Patient(id=uuid7(), full_name=name, created_at=now)
    session.add(person)
    session.flush()
    return person


def join(session, member, friend, now):
    code = loyalty.enrol(session, member.id, now=now).referral_code
    return referrals.join(session, code=code, friend_id=friend.id, now=now)


def fulfilled(session, friend, clinic, now):
    visit = clinic.book(session, friend, clinic.slot(9), now=now)
    return referrals.visit_fulfilled(
        session, patient_id=friend.id, appointment_id=visit.id, now=now
    )


def test_both_get_points_when_the_friend_has_come(session, clinic, ada, now):
    bisi = newcomer(session, "Bisi Ade", now)
    join(session, ada, bisi, now)
    assert loyalty.of(session, ada.id).available == 100
    referral = fulfilled(session, bisi, clinic, now)
    assert referral.status is ReferralStatus.REWARDED
    assert loyalty.of(session, ada.id).available == 200
    assert loyalty.of(session, bisi.id).earned >= 50
    again = referrals.visit_fulfilled(
        session, patient_id=bisi.id, appointment_id=referral.first_visit_id, now=now
    )
    assert again is None


def test_nobody_brings_themselves_their_bringer_or_an_old_patient(session, ada, now):
    bisi, emeka = (newcomer(session, name, now) for name in ("Bisi Ade", "Emeka Eze"))
    with pytest.raises(referrals.OwnCode):
        join(session, ada, ada, now)
    join(session, bisi, emeka, now)
    with pytest.raises(referrals.Circle):
        join(session, emeka, bisi, now)
    old = newcomer(session, "Old Friend", now - timedelta(days=60))
    with pytest.raises(referrals.NotNew):
        join(session, ada, old, now)
    with pytest.raises(referrals.BroughtBefore):
        join(session, ada, emeka, now)
    with pytest.raises(referrals.UnknownCode):
        referrals.join(session, code="NOBODY00", friend_id=bisi.id, now=now)


def test_the_eleventh_friend_of_a_month_is_looked_at(session, ada, now):
    made = [join(session, ada, newcomer(session, f"Friend {n}", now), now) for n in range(11)]
    assert [each.status for each in made[:10]] == [ReferralStatus.PENDING] * 10
    assert (made[10].status, made[10].doubts) == (ReferralStatus.REVIEW, ["many_this_month"])


def test_an_approved_doubt_is_rewarded_at_once_when_the_visit_has_been(session, clinic, ada, now):
    bisi = newcomer(session, "Bisi Ade", now)
    a_phone(session, bisi, "+2349140000001", now=now, channel=Channel.SMS)
    referral = join(session, ada, bisi, now)
    assert referral.doubts == ["shared_phone"]
    assert fulfilled(session, bisi, clinic, now).status is ReferralStatus.REVIEW
    assert loyalty.of(session, ada.id).available == 100
    referrals.approve(session, referral, by_id=uuid7(), now=now)
    assert referral.status is ReferralStatus.REWARDED
    assert loyalty.of(session, ada.id).available == 200


def test_a_frozen_member_sends_the_reward_to_a_person(session, clinic, ada, now):
    bisi = newcomer(session, "Bisi Ade", now)
    referral = join(session, ada, bisi, now)
    loyalty.freeze(session, loyalty.of(session, ada.id), reason="looked into", now=now)
    fulfilled(session, bisi, clinic, now)
    assert (referral.status, referral.doubts) == (ReferralStatus.REVIEW, ["no_points_given"])
