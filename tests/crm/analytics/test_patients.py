"""Reports of patients against numbers worked by hand."""

from datetime import date

from sqlalchemy import update

from crm import analytics, consents, loyalty, suppressions
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING
from crm.models import (
    AppointmentStatus,
    LoyaltyAccount,
    LoyaltyStatus,
    PatientStatus,
    SuppressionReason,
)
from tests.crm.analytics.wishes import DAY, counts, only, wanted
from tests.crm.clinic import a_patient, a_phone
from tests.crm.visits import HOUR, a_visit


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
