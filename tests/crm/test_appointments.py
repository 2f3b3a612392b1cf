from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from crm import appointments
from crm.appointments import (
    NotBookable,
    PatientBusy,
    SlotTaken,
    TooLate,
    TooManyMoves,
    VisitClosed,
)
from crm.kit.errors import NotFound
from crm.models import AppointmentStatus, Closure, Reminder, ReminderStatus

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_held_time_becomes_a_visit_with_a_reference(session, clinic, now):
    slot = clinic.slot(10)
    held = clinic.hold(session, clinic.ada, slot, now=now)
    booked = clinic.book(session, clinic.ada, slot, now=now + 5 * MINUTE, hold_id=held.id)

    assert booked.id == held.id
    assert booked.status == AppointmentStatus.BOOKED
    assert booked.reference.startswith("TST-")
    assert len(booked.reference) == 9


def test_a_hold_that_ran_out_is_booked_again_when_nobody_came(session, clinic, now):
    held = clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    later = now + 11 * MINUTE
    booked = clinic.book(session, clinic.ada, clinic.slot(10), now=later, hold_id=held.id)

    assert booked.status == AppointmentStatus.BOOKED
    assert booked.id != held.id


def test_a_hold_that_ran_out_gives_way_to_the_next(session, clinic, now):
    dead = clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    later = now + 11 * MINUTE
    clinic.book(session, clinic.musa, clinic.slot(10), now=later)

    with pytest.raises(SlotTaken):
        clinic.book(session, clinic.ada, clinic.slot(10), now=later, hold_id=dead.id)
    session.refresh(dead)
    assert dead.status == AppointmentStatus.CANCELLED


def test_a_live_hold_is_respected_and_others_are_offered_the_nearest(session, clinic, now):
    clinic.hold(session, clinic.ada, clinic.slot(10), now=now)

    with pytest.raises(SlotTaken) as refusal:
        clinic.book(session, clinic.musa, clinic.slot(10), now=now + 9 * MINUTE)

    offered = refusal.value.facts["alternatives"]
    same_time = clinic.slot(10, who=clinic.bayo)
    assert offered[0] == same_time
    assert len(offered) == 3


def test_one_patient_holds_one_time(session, clinic, now):
    first = clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    clinic.hold(session, clinic.ada, clinic.slot(11), now=now)

    session.refresh(first)
    assert first.status == AppointmentStatus.CANCELLED


def test_holding_the_same_time_again_starts_the_ten_minutes_anew(session, clinic, now):
    clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    again = clinic.hold(session, clinic.ada, clinic.slot(10), now=now + 9 * MINUTE)

    assert again.hold_until == now + 19 * MINUTE


def test_a_patient_is_not_in_two_places_at_once(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    with pytest.raises(PatientBusy) as refusal:
        clinic.hold(session, clinic.ada, clinic.slot(10, who=clinic.bayo), now=now)

    assert refusal.value.facts["appointment_id"] == visit.id


def test_a_time_that_has_passed_is_not_booked(session, clinic):
    slot = clinic.slot(10)

    with pytest.raises(NotBookable):
        clinic.book(session, clinic.ada, slot, now=slot.starts_at + MINUTE)


def test_a_time_closed_since_it_was_offered_is_not_booked(session, clinic, now):
    slot = clinic.slot(10)
    leave = {"practitioner_id": clinic.ngozi.id, "reason": "leave"}
    clinic_day = Range(slot.starts_at, slot.ends_at)
    session.add(Closure(during=clinic_day, **leave))
    session.flush()

    with pytest.raises(NotBookable) as refusal:
        clinic.book(session, clinic.ada, slot, now=now)
    assert refusal.value.facts["alternatives"]


def test_a_time_outside_the_doctors_hours_is_not_booked(session, clinic, now):
    with pytest.raises(NotBookable):
        clinic.book(session, clinic.ada, clinic.slot(20), now=now)


def test_moving_cancels_the_old_visit_and_names_it_in_the_new(session, clinic, now):
    old = clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    held = clinic.hold(session, clinic.ada, clinic.slot(14), now=now, moving_id=old.id)
    new = clinic.book(
        session, clinic.ada, clinic.slot(14), now=now, hold_id=held.id, moving_id=old.id
    )

    assert (old.status, old.cancel_reason) == (AppointmentStatus.CANCELLED, "rescheduled")
    assert (new.previous_id, new.version) == (old.id, 2)
    assert pending_reminders(session) == {new.id}
    assert "10:00" in clinic.free(session, now=now, practitioner_id=clinic.ngozi.id)


def test_moving_onto_a_time_that_overlaps_the_old_one_swaps_them(session, clinic, now):
    old = clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    half_past = clinic.slot(10, 15)

    assert clinic.hold(session, clinic.ada, half_past, now=now, moving_id=old.id) is None
    new = clinic.book(session, clinic.ada, half_past, now=now, moving_id=old.id)

    assert new.starts_at == half_past.starts_at
    assert old.status == AppointmentStatus.CANCELLED


def test_moving_onto_a_time_that_somebody_has_changes_nothing(session, clinic, now):
    old = clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    clinic.book(session, clinic.musa, clinic.slot(10, 30), now=now)

    for wanted in (clinic.slot(10, 30), clinic.slot(10, 15)):
        with pytest.raises(SlotTaken):
            clinic.book(session, clinic.ada, wanted, now=now, moving_id=old.id)

    session.refresh(old)
    assert old.status == AppointmentStatus.BOOKED
    assert pending_reminders(session) == {old.id}


def test_a_visit_is_moved_three_times_by_its_patient_and_then_by_the_desk(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(9), now=now)
    for hour in (10, 11, 12):
        assert appointments.may_move(appointments.get(session, visit.id), now=now)
        visit = clinic.book(session, clinic.ada, clinic.slot(hour), now=now, moving_id=visit.id)

    assert not appointments.may_move(appointments.get(session, visit.id), now=now)
    with pytest.raises(TooManyMoves):
        clinic.book(session, clinic.ada, clinic.slot(13), now=now, moving_id=visit.id)
    moved = appointments.book(
        session,
        patient_id=clinic.ada.id,
        service=clinic.service,
        slot=clinic.slot(13),
        source="desk",
        now=now,
        moving_id=visit.id,
    )
    assert moved.version == 5


def test_nobody_moves_the_visit_of_another(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    with pytest.raises(NotFound):
        clinic.book(session, clinic.musa, clinic.slot(11), now=now, moving_id=visit.id)


def test_less_than_two_hours_ahead_only_the_desk_changes_a_visit(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    late = visit.starts_at - 2 * HOUR + MINUTE

    with pytest.raises(TooLate):
        clinic.book(session, clinic.ada, clinic.slot(15), now=late, moving_id=visit.id)
    with pytest.raises(TooLate):
        appointments.cancel(session, visit.id, reason="ill", now=late)

    appointments.cancel(session, visit.id, reason="ill", now=late, by_patient=False)
    assert visit.status == AppointmentStatus.CANCELLED


def test_confirming_twice_keeps_the_first_moment(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    appointments.confirm(session, visit.id, now=now)
    appointments.confirm(session, visit.id, now=now + HOUR)

    assert visit.confirmed_at == now


def test_a_visit_that_is_over_is_neither_confirmed_nor_moved(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    appointments.cancel(session, visit.id, reason="ill", now=now)

    with pytest.raises(VisitClosed):
        appointments.confirm(session, visit.id, now=now)
    with pytest.raises(VisitClosed):
        clinic.book(session, clinic.ada, clinic.slot(11), now=now, moving_id=visit.id)


def test_cancelling_gives_the_time_back_and_ends_the_reminders(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    appointments.cancel(session, visit.id, reason="ill", now=now)
    appointments.cancel(session, visit.id, reason="again", now=now + HOUR)

    assert (visit.status, visit.cancel_reason) == (AppointmentStatus.CANCELLED, "ill")
    assert pending_reminders(session) == set()
    clinic.book(session, clinic.musa, clinic.slot(10), now=now)


def test_a_hold_let_go_is_free_at_once_and_a_visit_is_not_let_go(session, clinic, now):
    held = clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    appointments.release(session, held.id, now=now)
    visit = clinic.book(session, clinic.musa, clinic.slot(10), now=now)

    appointments.release(session, visit.id, now=now)

    session.refresh(visit)
    assert visit.status == AppointmentStatus.BOOKED


def test_dead_holds_are_released_and_living_ones_stay(session, clinic, now):
    clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    clinic.hold(session, clinic.musa, clinic.slot(11), now=now + 5 * MINUTE)

    assert appointments.release_dead_holds(session, now=now + 10 * MINUTE) == 1
    assert appointments.release_dead_holds(session, now=now + 10 * MINUTE) == 0


def test_upcoming_visits_come_soonest_first_and_without_holds(session, clinic, now):
    later = clinic.book(session, clinic.ada, clinic.slot(15), now=now)
    sooner = clinic.book(session, clinic.musa, clinic.slot(9), now=now)
    clinic.hold(session, clinic.ada, clinic.slot(11), now=now)

    visits = appointments.upcoming(session, [clinic.ada.id, clinic.musa.id], now=now)

    assert [visit.id for visit in visits] == [sooner.id, later.id]
    assert visits[0].patient_first_name == "Musa"
    assert visits[0].hospital == "GrandPro Test"
    assert visits[0].practitioner == "Dr Ngozi"


def test_an_unknown_visit_is_not_found(session):
    assert appointments.view(session, uuid4()) is None
    with pytest.raises(NotFound):
        appointments.get(session, uuid4())


def test_the_calendar_file_says_where_and_when_but_not_why(session, clinic, now):
    booked = clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    lines = appointments.calendar_file(appointments.get(session, booked.id)).split("\r\n")

    assert "SUMMARY:Appointment at GrandPro Test" in lines
    assert "DTSTART:20261124T090000Z" in lines
    assert "LOCATION:GrandPro Test\\, 1 Test Road\\, Ikeja" in lines
    assert not any("General" in line or "Ngozi" in line for line in lines)


def test_a_moved_visit_replaces_itself_in_the_calendar(session, clinic, now):
    old = clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    new = clinic.book(session, clinic.ada, clinic.slot(11), now=now, moving_id=old.id)

    before, after = (
        appointments.calendar_file(appointments.get(session, visit.id)).split("\r\n")
        for visit in (old, new)
    )

    uid = f"UID:{old.id}@grandpro-hmso"
    assert uid in before
    assert uid in after
    assert "STATUS:CANCELLED" in before
    assert "SEQUENCE:2" in after


def test_long_lines_of_the_calendar_are_folded_between_letters(session, clinic, now):
    clinic.hospital.address = "Ọ̀nà Ìjọba " * 12
    booked = clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    text = appointments.calendar_file(appointments.get(session, booked.id))

    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert clinic.hospital.address in text.replace("\r\n ", "")


def pending_reminders(session) -> set:
    return set(
        session.scalars(
            select(Reminder.appointment_id).where(Reminder.status == ReminderStatus.PENDING)
        )
    )
