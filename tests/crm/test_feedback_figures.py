"""The figures of feedback and satisfaction against numbers worked by hand."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from crm import feedback, follow_ups, satisfaction
from crm.feedback import Said, Wanted
from crm.kit.errors import Invalid
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Scope
from crm.kit.windows import Window
from crm.models import (
    AnswerSource,
    FeedbackInvitation,
    Message,
    MessageStatus,
    OwnerSatisfaction,
    OwnerSurvey,
    Topic,
)
from tests.crm.clinic import a_patient, a_phone
from tests.crm.estate import a_contract, an_owner, hospital
from tests.crm.visits import HOUR, a_visit, give, some_feedback

DAY = timedelta(days=1)


def summary(session, now, *, scope=EVERYTHING, group_by=None, since=None, until=None, **narrowed):
    wanted = Wanted(window=Window.of(since, until, now=now), **narrowed)
    return feedback.summary(session, wanted, scope=scope, now=now, group_by=group_by)


# -- windows --------------------------------------------------------------------------------------


def test_a_window_is_whole_days_in_lagos(now):
    window = Window.of(date(2026, 11, 1), date(2026, 11, 2), now=now)
    assert window.begins_at.isoformat() == "2026-10-31T23:00:00+00:00"
    assert window.ends_at - window.begins_at == 2 * DAY
    assert Window.of(None, None, now=now) == Window(date(2026, 8, 25), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("since", "until"),
    [(date(2026, 2, 2), date(2026, 2, 1)), (date(2024, 1, 1), date(2026, 2, 1))],
)
def test_a_window_ends_after_it_begins_and_is_not_too_long(now, since, until):
    with pytest.raises(Invalid):
        Window.of(since, until, now=now)


# -- feedback -------------------------------------------------------------------------------------


def test_scores_are_counted(session, clinic, now):
    """Five, five, four, three, one: mean 3.6, three of five satisfied, Wilson 0.2307 to 0.8824."""
    some_feedback(session, clinic, [5, 5, 4, 3, 1], now=now)
    tally = summary(session, now).tally

    assert tally.scores == (1, 0, 1, 1, 2)
    assert (tally.n, tally.average, tally.csat) == (5, pytest.approx(3.6), pytest.approx(0.6))
    assert tally.csat_interval.low == pytest.approx(0.2307, abs=1e-4)
    assert tally.csat_interval.high == pytest.approx(0.8824, abs=1e-4)


def test_nps_is_of_answers_alone(session, clinic, now):
    """Three promoters, one passive, two detractors of six: 16.67 points, margin 71.8."""
    for nps in (10, 9, 9, 8, 6, 0, None, None):
        some_feedback(session, clinic, [4], now=now, nps=nps)
    nps = summary(session, now).tally.nps

    assert (nps.promoters, nps.passives, nps.detractors, nps.n) == (3, 1, 2, 6)
    assert nps.score == pytest.approx(100 / 6)
    assert nps.margin == pytest.approx(71.82, abs=0.01)


def test_nobody_has_no_figures(session, now):
    found = summary(session, now, group_by="day")
    assert (found.tally.n, found.tally.average, found.tally.csat) == (0, None, None)
    assert (found.response.rate, found.response.interval) == (None, None)
    assert (found.handling.open, found.handling.median_hours) == (0, None)
    assert not found.series


def test_a_scope_sees_its_own_hospitals(session, clinic, now):
    some_feedback(session, clinic, [5] * 6, now=now)
    assert summary(session, now, scope=Scope(frozenset({clinic.hospital.id}))).tally.n == 6
    assert summary(session, now, scope=Scope(frozenset({uuid7()}))).tally.n == 0
    assert summary(session, now, scope=Scope(frozenset(), patient_id=clinic.ada.id)).tally.n == 0


def test_days_outside_are_not_counted(session, clinic, now):
    some_feedback(session, clinic, [5], now=now - 90 * DAY)
    some_feedback(session, clinic, [4], now=now)
    assert summary(session, now).tally.scores == (0, 0, 0, 1, 0)
    assert summary(session, now, since=date(2026, 11, 1), until=date(2026, 11, 21)).tally.n == 0


def test_groups_of_fewer_than_five_are_hidden(session, clinic, now):
    some_feedback(session, clinic, [5] * 5, now=now)
    some_feedback(session, clinic, [1] * 4, now=now - DAY)
    found = summary(session, now, group_by="day")

    assert [(group.key, group.tally.n) for group in found.series] == [("2026-11-22", 5)]
    assert found.suppressed_groups == 1


@pytest.mark.parametrize(
    ("group_by", "keys"),
    [("day", ["2026-11-20", "2026-11-22"]), ("week", ["2026-11-16"]), ("month", ["2026-11-01"])],
)
def test_time_is_grouped_as_lagos_counts_it(session, clinic, now, group_by, keys):
    some_feedback(session, clinic, [5] * 5, now=now)
    some_feedback(session, clinic, [5] * 5, now=now - 2 * DAY)
    assert [group.key for group in summary(session, now, group_by=group_by).series] == keys


def test_places_and_people_are_grouped_by_name(session, clinic, now):
    for number in range(5):
        patient = a_patient(f"Person{number} Test")
        session.add(patient)
        session.flush()
        give(
            session, a_visit(session, clinic, patient, over_at=now - HOUR), Said(rating=4), now=now
        )

    for group_by, name in (
        ("hospital", "GrandPro Test"),
        ("practitioner", "Dr Ngozi"),
        ("service", "General"),
    ):
        (group,) = summary(session, now, group_by=group_by).series
        assert (group.name, group.tally.n) == (name, 5)
    assert summary(session, now, practitioner_id=clinic.ngozi.id).tally.n == 5
    assert summary(session, now, practitioner_id=clinic.bayo.id).tally.n == 0
    assert summary(session, now, service_id=clinic.service.id).tally.n == 5
    assert summary(session, now, source=AnswerSource.SMS).tally.n == 0


def test_categories_share_their_answers(session, clinic, now):
    some_feedback(session, clinic, [1, 2, 3, 4, 5], now=now, categories=["billing", "pharmacy"])
    some_feedback(session, clinic, [5], now=now, categories=["pharmacy"])
    by_category = {group.key: group.tally for group in summary(session, now).by_category}

    assert by_category["billing"].scores == (1, 1, 1, 1, 1)
    assert by_category["pharmacy"].scores == (1, 1, 1, 1, 2)
    assert summary(session, now, category=Topic.BILLING).tally.n == 5


def test_the_response_rate_is_of_what_arrived(session, clinic, now):
    """Four asked; one message is lost, of the three that arrived two answer, one of them late."""
    visits = []
    for number in range(4):
        patient = a_patient(f"Person{number} Test")
        session.add(patient)
        session.flush()
        a_phone(session, patient, f"+234914000017{number}", now=now)
        visits.append(a_visit(session, clinic, patient, over_at=now - HOUR))
        feedback.invite(session, appointment=visits[-1], now=now)
    unasked = a_visit(session, clinic, clinic.musa, over_at=now - HOUR)
    feedback.post_due(session, now=now + HOUR)
    arrived = list(session.scalars(select(FeedbackInvitation.message_id).limit(4)))
    session.execute(update(Message).values(status=MessageStatus.DELIVERED))
    invitations = {
        each.appointment_id: each for each in session.scalars(select(FeedbackInvitation))
    }
    lost = invitations[visits[3].id].message_id
    session.execute(
        update(Message).where(Message.id == lost).values(status=MessageStatus.UNDELIVERED)
    )
    assert len(arrived) == 4
    give(session, visits[0], Said(rating=5), now=now + DAY)
    give(session, visits[1], Said(rating=5), now=now + 16 * DAY)
    give(session, unasked, Said(rating=5), now=now + DAY)

    found = summary(session, now + 20 * DAY)
    assert (found.response.numerator, found.response.denominator) == (1, 3)
    assert found.response.rate == pytest.approx(1 / 3)
    assert found.response.excluded == {"not delivered": 1, "answered without being asked": 1}
    assert found.unasked == 1
    assert not found.is_complete
    assert summary(session, now + 40 * DAY, until=date(2026, 12, 1)).is_complete
    assert summary(session, now + 20 * DAY, practitioner_id=clinic.bayo.id).response.rate is None


def test_how_complaints_were_dealt_with(session, clinic, now):
    """Contacts after 1, 2 and 30 hours, one still waiting: median 2, two late after 40 hours."""
    waits = [1, 2, 30, None]
    for number, hours in enumerate(waits):
        patient = a_patient(f"Person{number} Test")
        session.add(patient)
        session.flush()
        visit = a_visit(session, clinic, patient, over_at=now - HOUR)
        follow_up = give(session, visit, Said(rating=1), now=now).follow_up
        if hours:
            follow_ups.note_contact(
                session,
                follow_up.id,
                note="",
                version=1,
                scope=EVERYTHING,
                by=Actor.system(),
                now=now + hours * HOUR,
            )
    handling = summary(session, now + 40 * HOUR).handling
    assert (handling.open, handling.breached) == (4, 2)
    assert handling.median_hours == pytest.approx(2)


# -- satisfaction ---------------------------------------------------------------------------------


def answers(session, owner, contract, scores, now, **more):
    for number, overall in enumerate(scores):
        session.add(
            OwnerSatisfaction(
                owner_id=owner.id,
                contract_id=contract.id if contract else None,
                hospital_id=contract.hospital_id if contract else owner.hospital_id,
                period=f"20{10 + number}-Q1",
                overall=overall,
                source=AnswerSource.WEB,
                said_at=now,
                **more,
            )
        )
    session.flush()


def metrics(session, now, *, scope=EVERYTHING, group_by=None, **narrowed):
    wanted = satisfaction.Wanted(window=Window.of(None, None, now=now), **narrowed)
    return satisfaction.metrics(session, wanted, scope=scope, now=now, group_by=group_by)


@pytest.fixture
def owners(session, now):
    """One with four good answers at Ikeja, one with two bad ones at Wuse."""
    ikeja, wuse = hospital(session, "IKJ"), hospital(session, "WUS")
    happy = an_owner(session, now=now, at=ikeja, phone=None)
    sad = an_owner(session, now=now, at=wuse, name="Chief Okon", phone=None)
    at_ikeja = a_contract(session, happy, now=now, at=ikeja)
    at_wuse = a_contract(session, sad, now=now, at=wuse)
    answers(session, happy, at_ikeja, [5, 5, 5, 4, 5], now, nps=10, support=4)
    answers(session, sad, at_wuse, [1, 2], now, nps=3)
    return happy, sad, ikeja, wuse


def test_the_average_counts_answers_and_the_other_one_owners(session, owners, now):
    """27 of 7 answers; 4.8 and 1.5 of two owners."""
    found = metrics(session, now)
    assert found.tally.scores == (1, 1, 0, 1, 4)
    assert found.tally.average == pytest.approx(27 / 7)
    assert found.owner_weighted_average == pytest.approx((4.8 + 1.5) / 2)
    assert found.tally.nps.score == pytest.approx(100 * 3 / 7)
    assert (found.drivers["support"].mean, found.drivers["support"].n) == (pytest.approx(4), 5)
    assert (found.drivers["communication"].mean, found.drivers["communication"].n) == (None, 0)


@pytest.mark.parametrize(
    ("group_by", "name"),
    [("hospital", "GrandPro Ikeja"), ("state", "Lagos"), ("contract_model", "percentage")],
)
def test_owners_are_grouped_and_small_groups_hidden(session, owners, now, group_by, name):
    found = metrics(session, now, group_by=group_by)
    assert [group.name for group in found.series] == [name]
    assert found.suppressed_groups == (0 if group_by == "contract_model" else 1)
    assert [group.key for group in metrics(session, now, group_by="month").series] == ["2026-11"]


def test_owners_are_narrowed_by_place_and_kind(session, owners, now):
    *_, ikeja, wuse = owners
    assert metrics(session, now, hospital_id=ikeja.id).tally.n == 5
    assert metrics(session, now, state="FCT").tally.n == 2
    assert metrics(session, now, contract_model="fixed").tally.n == 0
    assert metrics(session, now, scope=Scope(frozenset({wuse.id}))).tally.n == 2
    assert metrics(session, now + 200 * DAY).tally.n == 0


def test_the_owners_response_rate_is_of_what_arrived(session, now):
    ikeja = hospital(session, "IKJ")
    for number in range(3):
        owner = an_owner(
            session, now=now, at=ikeja, name=f"Owner {number}", phone=f"+234914000003{number}"
        )
        a_contract(session, owner, now=now, at=ikeja)
    mute = an_owner(session, now=now, at=ikeja, name="Mute", phone=None)
    a_contract(session, mute, now=now, at=ikeja)
    satisfaction.invite_owners(session, period="2026-Q4", now=now)
    satisfaction.post_due(session, now=now + DAY)
    surveys = session.scalars(select(OwnerSurvey).where(OwnerSurvey.message_id.is_not(None))).all()
    session.execute(
        update(Message)
        .where(Message.id.in_([each.message_id for each in surveys[:2]]))
        .values(status=MessageStatus.READ)
    )
    satisfaction.answer(
        session, surveys[0], "overall", 4, source=AnswerSource.SMS, now=now + 2 * DAY
    )

    rate = metrics(session, now + 3 * DAY).response
    assert (rate.numerator, rate.denominator) == (1, 2)
    assert rate.excluded == {"not delivered": 1, "not asked": 1}
