"""Every figure of the reports against numbers worked by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot import metrics
from bot.channels.carrier import Channel
from crm import analytics, consents, loyalty, outbox, suppressions
from crm import owners as people
from crm.analytics import Wanted
from crm.analytics.owners import latest_in_time
from crm.analytics.system import quantile
from crm.feedback.questions import talk_with
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Scope
from crm.kit.windows import Window
from crm.models import (
    AppointmentStatus,
    Contract,
    ContractStatus,
    Direction,
    JobRun,
    Lane,
    LoyaltyAccount,
    LoyaltyStatus,
    Message,
    MessageStatus,
    PatientStatus,
    Payout,
    PayoutKind,
    PayoutStatus,
    Purpose,
    RunStatus,
    SuppressionReason,
)
from tests.crm.clinic import a_patient, a_phone
from tests.crm.estate import a_contract, an_owner, hospital
from tests.crm.visits import HOUR, a_visit

DAY = timedelta(days=1)
S = PayoutStatus


def wanted(now, **narrowed) -> Wanted:
    days = {name: narrowed.pop(name, None) for name in ("since", "until")}
    return Wanted(Window.of(days["since"], days["until"], now=now), **narrowed)


def counts(rate) -> tuple[int, int, dict[str, int]]:
    return rate.numerator, rate.denominator, dict(rate.excluded)


def only(hospital_id) -> Scope:
    return Scope(frozenset({hospital_id}))


# -- owners ---------------------------------------------------------------------------------------


@pytest.fixture
def owner(session, ikeja, now):
    return an_owner(session, now=now, at=ikeja)


def owners(session, now, *, scope=EVERYTHING, **narrowed):
    return analytics.owners(session, wanted(now, **narrowed), scope=scope, now=now)


def a_payout(session, contract, *, status, due_on, kobo=100, paid_at=None) -> None:
    is_paid = paid_at is not None
    session.add(
        Payout(
            reference=uuid7().hex,
            owner_id=contract.owner_id,
            contract_id=contract.id,
            contract_version=1,
            hospital_id=contract.hospital_id,
            kind=PayoutKind.MANUAL,
            period_start=date(2026, 10, 1),
            period_end=date(2026, 10, 31),
            gross_kobo=kobo,
            share_kobo=kobo,
            net_kobo=kobo,
            calc_snapshot={},
            calc_hash=b"-",
            status=status,
            due_on=due_on,
            approved_by=uuid7(),
            paid_at=paid_at,
            provider_reference="R" if is_paid else None,
            **dict.fromkeys(
                (
                    "topup_kobo",
                    "adjustments_kobo",
                    "deductions_kobo",
                    "wht_kobo",
                    "carry_in_kobo",
                    "carry_out_kobo",
                ),
                0,
            ),
        )
    )
    session.flush()


def lagos_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due_on", "latest"),
    [
        (date(2026, 11, 9), date(2026, 11, 12)),
        (date(2026, 11, 12), date(2026, 11, 17)),
        (date(2026, 11, 14), date(2026, 11, 18)),
        # Independence Day is the Thursday after.
        (date(2026, 9, 30), date(2026, 10, 6)),
    ],
)
def test_three_working_days_skip_week_ends_and_holidays(due_on, latest):
    assert latest_in_time(due_on) == latest


def test_payouts_completed_by_number_by_value_and_in_time(session, owner, ikeja, now):
    """Six fell due, three were paid, one of them late; held, failed and reversed ones count."""
    contract = a_contract(session, owner, now=now, at=ikeja)
    due = date(2026, 11, 9)
    done = {"status": S.COMPLETED, "due_on": due}
    a_payout(session, contract, **done, kobo=100, paid_at=lagos_noon(date(2026, 11, 9)))
    a_payout(session, contract, **done, kobo=300, paid_at=lagos_noon(date(2026, 11, 12)))
    a_payout(session, contract, **done, kobo=50, paid_at=lagos_noon(date(2026, 11, 13)))
    for status in (S.ON_HOLD, S.FAILED):
        a_payout(session, contract, status=status, due_on=due, kobo=200)
    a_payout(session, contract, status=S.REVERSED, due_on=due, kobo=150, paid_at=lagos_noon(due))
    for status in (S.CANCELLED, S.REJECTED):
        a_payout(session, contract, status=status, due_on=due)
    a_payout(session, contract, status=S.COMPLETED, due_on=due, kobo=0, paid_at=lagos_noon(due))
    a_payout(session, contract, status=S.DRAFT, due_on=date(2026, 11, 30))
    a_payout(session, contract, status=S.FAILED, due_on=date(2026, 7, 1))

    found = owners(session, now, until=date(2026, 11, 30))
    left_out = {"cancelled": 1, "rejected": 1, "nothing to pay": 1, "not due yet": 1}
    assert counts(found.payouts_completed) == (3, 6, left_out)
    assert found.payouts_completed.rate == pytest.approx(0.5)
    assert (found.value_completed.numerator, found.value_completed.denominator) == (450, 1000)
    assert found.value_completed.interval is None
    assert (found.payouts_on_time.numerator, found.payouts_on_time.denominator) == (2, 6)

    elsewhere = hospital(session, "PHC").id
    assert owners(session, now, scope=only(elsewhere)).payouts_completed.rate is None
    assert owners(session, now, hospital_id=elsewhere).payouts_completed.denominator == 0


def test_contracts_that_ended_and_went_on(session, ikeja, now):
    """Of four that ran out two were followed within thirty days, one too late, one not at all."""
    ended = now.date() - 60 * DAY
    for number, gap in enumerate((1, 30, 31, None)):
        owner = an_owner(session, now=now, at=ikeja, name=f"Owner {number}", phone=None)
        a_contract(session, owner, now=now, at=ikeja, ends_on=ended)
        if gap:
            a_contract(session, owner, now=now, at=ikeja, starts_on=ended + gap * DAY)
    for number, (ends_on, status) in enumerate(
        (
            (now.date() - 30 * DAY, ContractStatus.ACTIVE),
            (ended, ContractStatus.TERMINATED),
            (ended, ContractStatus.CANCELLED),
            (None, ContractStatus.ACTIVE),
        )
    ):
        owner = an_owner(session, now=now, at=ikeja, name=f"Other {number}", phone=None)
        contract = a_contract(session, owner, now=now, at=ikeja, ends_on=ends_on)
        session.execute(update(Contract).where(Contract.id == contract.id).values(status=status))

    assert counts(owners(session, now).renewal) == (
        2,
        4,
        {"not decided yet": 1, "terminated": 1, "cancelled": 1},
    )


def a_message(session, address, now, *, status=MessageStatus.DELIVERED, **more) -> Message:
    id_ = outbox.post(
        session,
        address_id=address.id,
        channel=address.channel,
        text="Paid.",
        purpose=Purpose.NOTICE,
        lane=Lane.UTILITY,
        now=now,
        template=outbox.Template("payout"),
        owner_id=more.pop("owner_id", None),
        patient_id=more.pop("patient_id", None),
    )
    values = {"status": status, "due_at": now} | more
    session.execute(update(Message).where(Message.id == id_).values(**values))
    return session.get(Message, id_, populate_existing=True)


def an_answer(session, address, at) -> None:
    session.add(
        Message(
            id=uuid7(),
            direction=Direction.IN,
            channel=address.channel,
            purpose=Purpose.REPLY,
            status=MessageStatus.ANSWERED,
            address_id=address.id,
            conversation_id=talk_with(session, address.id),
            due_at=at,
            status_at=at,
        )
    )
    session.flush()


def test_owners_read_or_answer_what_reached_them(session, owner, now):
    """On WhatsApp one of three is read; by text one of two is answered within a week."""
    phone = people.best_address(session, owner.id)
    sms = people.add_address(session, owner, Channel.SMS, "+2349140000022", now=now)
    week_ago = now - 20 * DAY
    for status in (MessageStatus.READ, MessageStatus.DELIVERED, MessageStatus.DELIVERED):
        a_message(session, phone, week_ago, status=status, owner_id=owner.id)
    a_message(session, phone, week_ago, status=MessageStatus.FAILED, owner_id=owner.id)
    a_message(session, phone, week_ago, owner_id=owner.id, is_test=True)
    a_message(session, sms, week_ago, owner_id=owner.id)
    a_message(session, sms, now - 40 * DAY, owner_id=owner.id)
    an_answer(session, sms, week_ago + 6 * DAY)

    engagement = owners(session, now).engagement
    assert counts(engagement[Channel.WHATSAPP]) == (1, 3, {"test": 1})
    assert counts(engagement[Channel.SMS]) == (1, 2, {})
    assert owners(session, now, scope=only(hospital(session, "PHC").id)).engagement == {}


# -- patients -------------------------------------------------------------------------------------


def patients(session, now, *, scope=EVERYTHING, late_is_missed=False, **narrowed):
    return analytics.patients(
        session, wanted(now, **narrowed), scope=scope, now=now, late_is_missed=late_is_missed
    )


def test_who_came_and_who_was_missed(session, clinic, now):
    """Three came, one is still in the house, one was missed; the rest counts for nothing."""
    status = AppointmentStatus
    for number, (became, days_ago) in enumerate(
        (
            (status.FULFILLED, 1),
            (status.FULFILLED, 0),
            (status.ARRIVED, 1),
            (status.CHECKED_IN, 0),
            (status.NOSHOW, 2),
            (status.BOOKED, -3),
            (status.OUTCOME_UNKNOWN, 2),
            (status.ENTERED_IN_ERROR, 2),
            (status.CANCELLED, 3),
            (status.CANCELLED, 4),
            (status.CANCELLED, 5),
            (status.CANCELLED, 6),
        )
    ):
        at = now - days_ago * DAY - number * HOUR / 60
        patient = a_patient(f"Person{number} Test")
        session.add(patient)
        session.flush()
        visit = a_visit(session, clinic, patient, over_at=at, status=became)
        if became == status.CANCELLED:
            reasons = {3: "rescheduled", 4: "cannot come", 5: "cannot come", 6: "hold ended"}
            ahead = HOUR if days_ago == 4 else 3 * HOUR
            visit.cancel_reason = reasons[days_ago]
            visit.cancelled_at = visit.starts_at - ahead
    session.flush()

    found = patients(session, now, until=date(2026, 11, 30))
    left_out = {
        "outcome not known yet": 2,
        "outcome unknown": 1,
        "entered in error": 1,
        "rescheduled": 1,
        "cancelled": 2,
    }
    assert counts(found.attendance) == (3, 4, left_out)
    assert counts(found.no_show) == (1, 4, left_out)
    strict = patients(session, now, until=date(2026, 11, 30), late_is_missed=True)
    assert counts(strict.attendance)[:2] == (3, 5)
    assert patients(session, now, scope=only(uuid7())).attendance.rate is None
    assert patients(session, now, hospital_id=clinic.hospital.id).attendance.denominator == 4


def a_member(session, clinic, name, now, *, enrolled_at, **points):
    patient = a_patient(name)
    patient.home_hospital_id = clinic.hospital.id
    session.add(patient)
    session.flush()
    loyalty.enrol(session, patient.id, now=enrolled_at)
    for rule, at in points.items():
        loyalty.award(
            session,
            patient_id=patient.id,
            rule=rule,
            source_type="visit",
            source_id=uuid7(),
            now=at,
        )
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.patient_id == patient.id)
        .values(created_at=enrolled_at)
    )
    return patient


def test_members_who_collect(session, clinic, now):
    """Of three settled members one earned in ninety days; the new and the frozen do not count."""
    long_ago = now - 200 * DAY
    a_member(session, clinic, "Ada One", now, enrolled_at=long_ago, feedback=now - DAY)
    a_member(session, clinic, "Bola Two", now, enrolled_at=long_ago, feedback=now - 91 * DAY)
    a_member(session, clinic, "Chidi Three", now, enrolled_at=long_ago)
    a_member(session, clinic, "Dayo Four", now, enrolled_at=now - 5 * DAY, booking=now - DAY)
    frozen = a_member(session, clinic, "Efe Five", now, enrolled_at=long_ago)
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.patient_id == frozen.id)
        .values(status=LoyaltyStatus.FROZEN)
    )

    found = patients(session, now, scope=only(clinic.hospital.id))
    assert counts(found.loyalty_engagement) == (
        1,
        3,
        {"enrolled less than 30 days": 1, "frozen or closed": 1},
    )
    assert (found.points.issued, found.points.outstanding) == (30, 50)
    assert (found.points.redeemed.rate, found.points.expired.rate) == (0, 0)
    assert found.points.redeemed.interval is None


def test_how_patients_wish_to_be_reached(session, clinic, now):
    """Four of five living have a number; of three that can be used two agreed to marketing."""
    home = clinic.hospital.id
    numbers = iter(f"+234914000015{n}" for n in range(9))

    def someone(name, *words, language="en", status=PatientStatus.ACTIVE, has_phone=True):
        patient = a_patient(name)
        patient.home_hospital_id, patient.language, patient.status = home, language, status
        session.add(patient)
        session.flush()
        if not has_phone:
            return None
        address = a_phone(session, patient, next(numbers), now=now)
        for word in words:
            consents.record(
                session,
                address_id=address.id,
                purpose=word[1:],
                is_granted=word[0] == "+",
                wording="test",
                language="en",
                source="test",
                now=now,
            )
        return address

    someone("Ada One", "+marketing")
    someone("Bola Two", "-all", "+marketing", language="pcm")
    someone("Chidi Three", "+marketing", "-all")
    stopped = someone("Dayo Four", "+marketing")
    someone("Efe Five", has_phone=False)
    someone("Femi Six", status=PatientStatus.DECEASED)
    suppressions.suppress(session, stopped.id, SuppressionReason.STOP, now=now)

    found = patients(session, now, scope=only(home)).preferences
    assert counts(found.contactable) == (3, 5, {"erased, deceased or inactive": 1})
    assert counts(found.marketing) == (2, 3, {})
    assert found.by_language == {"en": 2, "pcm": 1}
    assert found.by_channel == {"any": 3}


def test_nothing_is_not_nought(session, now):
    found = patients(session, now, scope=only(uuid7()))
    for rate in (
        found.attendance,
        found.feedback_response,
        found.loyalty_engagement,
        found.points.redeemed,
        found.preferences.contactable,
    ):
        assert (rate.rate, rate.interval) == (None, None)


# -- the service ----------------------------------------------------------------------------------


def system(session, now, *, scope=EVERYTHING, **narrowed):
    return analytics.system(session, wanted(now, **narrowed), scope=scope, now=now)


def test_what_was_delivered_of_what_a_carrier_took(session, clinic, now):
    """Of five that were taken three arrived; one may still arrive, one was never sent."""
    clinic.ada.home_hospital_id = clinic.hospital.id
    session.flush()
    for status, days_ago in (
        (MessageStatus.DELIVERED, 1),
        (MessageStatus.READ, 5),
        (MessageStatus.DELIVERED, 5),
        (MessageStatus.UNDELIVERED, 1),
        (MessageStatus.SENT, 4),
        (MessageStatus.SENT, 1),
        (MessageStatus.SUPPRESSED, 1),
        (MessageStatus.QUEUED, 1),
    ):
        at = now - days_ago * DAY
        a_message(session, clinic.phone, at, status=status, patient_id=clinic.ada.id)

    delivery = system(session, now).delivery
    assert counts(delivery[Channel.WHATSAPP]) == (
        3,
        5,
        {"waiting for a receipt": 1, "suppressed": 1},
    )
    assert system(session, now, scope=only(uuid7())).delivery == {}
    assert system(session, now, hospital_id=clinic.hospital.id).delivery == delivery


def test_jobs_that_failed(session, now):
    for number, status in enumerate(
        (RunStatus.DONE, RunStatus.DONE, RunStatus.FAILED, RunStatus.RUNNING)
    ):
        at = now - number * HOUR
        session.add(JobRun(job="test", slot=at, status=status, started_at=at))
    session.flush()
    assert counts(system(session, now).jobs_failed) == (1, 3, {"running": 1})


def test_a_quantile_lies_within_its_bucket():
    """Ten requests: four up to 0.1 s, nine up to 0.5 s, one beyond the last bound."""
    counted = [(0.1, 4), (0.5, 9), (float("inf"), 10)]
    assert quantile(counted, 0.2) == pytest.approx(0.05)
    assert quantile(counted, 0.5) == pytest.approx(0.1 + 0.4 / 5)
    assert quantile(counted, 0.95) is None
    assert quantile([(0.1, 0), (float("inf"), 0)], 0.5) is None


def test_the_speed_of_a_route_and_its_errors(session, now):
    before = system(session, now)
    route = f"/test/{uuid7().hex}"
    for seconds, status in ((0.2, 200), (0.2, 200), (0.8, 404), (3, 503)):
        metrics.http_requests.labels("GET", route, status).inc()
        metrics.http_request_seconds.labels(route).observe(seconds)
    found = system(session, now)
    (times,) = [each for each in found.routes if each.route == route]

    assert times.requests == 4
    assert times.apdex == pytest.approx((2 + 1 / 2) / 4)
    assert times.p50_s == pytest.approx(0.25)
    assert found.errors.numerator - before.errors.numerator == 1
    assert found.errors.denominator - before.errors.denominator == 4
    assert found.refused["404"] - before.refused.get("404", 0) == 1
    assert session.scalars(select(JobRun)).all() == []
