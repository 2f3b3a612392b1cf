"""A visit from the booking to its end: who came, who did not, and the points of it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm import appointments, loyalty
from crm.appointments import NotToday, TooEarly, VisitClosed
from crm.appointments.steps import MOVES
from crm.models import (
    AppointmentStatus,
    FeedbackInvitation,
    LoyaltyAccount,
    PointsTransaction,
)
from tests.crm.clinic import a_clinic, a_patient
from tests.crm.sessions import a_session_service, the_session

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Status = AppointmentStatus


@pytest.fixture
def visit(session, clinic, now):
    return clinic.book(session, clinic.ada, clinic.slot(10), now=now)


def points(session, patient) -> int:
    return session.scalar(
        select(LoyaltyAccount.available).where(LoyaltyAccount.patient_id == patient.id)
    )


def judged(session, *, now):
    """What the job does: each that is due, by itself."""
    due = appointments.unattended(session, now=now)
    return {id_: appointments.judge(session, id_, now=now) for id_ in due}


# -- coming ---------------------------------------------------------------------------------------


def test_who_came_is_seen_asked_how_it_was_and_keeps_the_points(session, clinic, visit, now):
    at = visit.starts_at - 20 * MINUTE
    assert appointments.check_in(session, visit.id, now=at).checked_in_at == at
    appointments.arrive(session, visit.id, now=at + HOUR / 2)
    done = appointments.fulfil(session, visit.id, now=at + HOUR)

    assert (done.status, done.checked_in_at, done.fulfilled_at) == ("fulfilled", at, at + HOUR)
    invited = session.scalars(select(FeedbackInvitation)).one()
    assert invited.appointment_id == visit.id
    assert points(session, clinic.ada) == 10


def test_nobody_checks_in_on_another_day(session, visit, now):
    for step in (appointments.check_in, appointments.arrive):
        with pytest.raises(NotToday):
            step(session, visit.id, now=now)


def test_a_step_expects_the_status_it_comes_from(session, visit, now):
    with pytest.raises(VisitClosed) as refusal:
        appointments.fulfil(session, visit.id, now=visit.ends_at)
    assert refusal.value.facts["stands"] == Status.BOOKED
    appointments.cancel(session, visit.id, reason="ill", now=now)
    with pytest.raises(VisitClosed):
        appointments.check_in(session, visit.id, now=visit.starts_at)


def test_every_status_has_its_line_and_only_an_error_is_the_end_of_all():
    assert set(MOVES) == set(Status)
    assert [status for status, after in MOVES.items() if not after] == [Status.ENTERED_IN_ERROR]


# -- not coming -----------------------------------------------------------------------------------


def test_who_is_late_may_still_come(session, visit):
    with pytest.raises(TooEarly):
        appointments.no_show(session, visit.id, now=visit.starts_at + 29 * MINUTE)


def test_points_go_when_nobody_comes_and_return_when_they_come_late(session, clinic, visit):
    late = visit.starts_at + 31 * MINUTE
    appointments.no_show(session, visit.id, now=late)
    assert points(session, clinic.ada) == 0

    appointments.arrive(session, visit.id, now=late + HOUR)
    assert points(session, clinic.ada) == 10
    appointments.enter_in_error(session, visit.id, reason="wrong Ada", now=late + HOUR)
    assert points(session, clinic.ada) == 0


def test_a_missed_visit_is_marked_when_the_desk_was_there_to_see(session, clinic, visit, now):
    other = clinic.book(session, clinic.musa, clinic.slot(8), now=now)
    assert judged(session, now=visit.starts_at + HOUR) == {}, "nobody was checked in yet"

    appointments.check_in(session, other.id, now=other.starts_at)
    assert judged(session, now=visit.starts_at + 29 * MINUTE) == {}
    assert judged(session, now=visit.starts_at + 30 * MINUTE) == {visit.id: Status.NOSHOW}
    assert points(session, clinic.ada) == 0


def test_where_the_desk_wrote_nothing_a_person_must_say(session, clinic, visit):
    assert judged(session, now=visit.starts_at + 8 * HOUR) == {}, "the day is not over"
    after = visit.starts_at + DAY
    assert judged(session, now=after) == {visit.id: Status.OUTCOME_UNKNOWN}
    assert points(session, clinic.ada) == 10, "nobody knows that she stayed away"
    assert judged(session, now=after) == {}

    appointments.fulfil(session, visit.id, now=after)
    assert visit.status == Status.FULFILLED


def test_what_nobody_knew_may_turn_out_as_missed(session, clinic, visit):
    judged(session, now=visit.starts_at + DAY)
    appointments.no_show(session, visit.id, now=visit.starts_at + DAY)
    assert points(session, clinic.ada) == 0


def test_another_hospitals_desk_says_nothing_of_this_one(session, clinic, visit, now):
    other = a_clinic(session, now=now, code="OTH")
    seen = other.book(session, other.musa, other.slot(8), now=now)
    appointments.check_in(session, seen.id, now=seen.starts_at)
    assert judged(session, now=visit.starts_at + HOUR) == {}


def test_a_session_takes_people_until_its_end(session, clinic, now):
    service = a_session_service(session, clinic)
    slot = the_session(clinic)
    made = appointments.book(
        session, patient_id=clinic.ada.id, service=service, slot=slot, source="desk", now=now
    )
    other = clinic.book(session, clinic.musa, clinic.slot(8), now=now)
    appointments.check_in(session, other.id, now=other.starts_at)
    assert judged(session, now=slot.ends_at + 29 * MINUTE) == {}
    assert judged(session, now=slot.ends_at + 30 * MINUTE) == {made.id: Status.NOSHOW}


# -- points ---------------------------------------------------------------------------------------


def test_a_visit_earns_once_however_often_it_moves(session, clinic, visit, now):
    moved = clinic.book(session, clinic.ada, clinic.slot(14), now=now, moving_id=visit.id)
    again = clinic.book(session, clinic.ada, clinic.slot(15), now=now, moving_id=moved.id)
    assert points(session, clinic.ada) == 10
    appointments.cancel(session, again.id, reason="ill", now=now)
    assert points(session, clinic.ada) == 0
    assert session.scalar(select(func.count()).select_from(PointsTransaction)) == 2


def test_a_booking_that_is_undone_leaves_no_points(session, clinic, now):
    """One transaction: visit, reminders and points, or none of them."""
    savepoint = session.begin_nested()
    clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    assert points(session, clinic.ada) == 10
    savepoint.rollback()
    assert points(session, clinic.ada) is None


def test_a_hold_earns_nothing(session, clinic, now):
    clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    assert points(session, clinic.ada) is None


def test_a_frozen_account_does_not_stop_a_booking(session, clinic, now):
    account = loyalty.enrol(session, clinic.musa.id, now=now)
    account.status = "frozen"
    session.flush()
    assert clinic.book(session, clinic.musa, clinic.slot(10), now=now).status == Status.BOOKED


# -- buffers and overrides ------------------------------------------------------------------------


def test_buffers_keep_the_doctor_free_around_a_visit(session, clinic, now):
    clinic.service.buffer_before_min, clinic.service.buffer_after_min = 10, 20
    session.flush()
    assert clinic.free(session, now=now)[:3] == ["08:00", "09:00", "10:00"]
    clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    free = clinic.free(session, now=now, practitioner_id=clinic.ngozi.id)
    assert free[:3] == ["08:00", "09:00", "11:00"]
    for hour, minute in ((9, 30), (10, 30), (10, 50)):
        with pytest.raises(appointments.SlotTaken):
            clinic.book(session, clinic.musa, clinic.slot(hour, minute), now=now)
    assert clinic.book(session, clinic.musa, clinic.slot(11), now=now)


def test_an_override_stands_beside_a_visit_and_outside_the_hours(session, clinic, visit, now):
    beside = clinic.book(session, clinic.musa, clinic.slot(10), now=now, override="a fever")
    assert (beside.allow_overlap, beside.override_reason) == (True, "a fever")
    early = clinic.book(session, a_third(session), clinic.slot(7), now=now, override="an accident")
    assert (early.allow_overlap, early.override_reason) == (False, "an accident")
    with pytest.raises(appointments.SlotTaken):
        clinic.book(session, a_third(session), clinic.slot(7), now=now, override=None)


def a_third(session):
    bisi = a_patient("Bisi Ojo")
    session.add(bisi)
    session.flush()
    return bisi
