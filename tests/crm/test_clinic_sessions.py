"""Sessions that many come to: places and numbers."""

from datetime import timedelta

import pytest

from crm import appointments, availability, clinic_sessions
from crm.appointments import PatientBusy, SlotTaken
from crm.kit.clock import LAGOS
from crm.kit.errors import Invalid, StaleVersion
from crm.kit.permissions import Actor
from crm.models import AppointmentStatus, ClinicSession
from tests.crm.clinic import TUESDAY, a_patient, row_of
from tests.crm.sessions import a_session_service, booked, the_session

MINUTE = timedelta(minutes=1)
HOUSE = Actor.system()


@pytest.fixture
def antenatal(session, clinic):
    return a_session_service(session, clinic, capacity=2, overbook=1)


def take(session, clinic, service, patient, *, now, **more):
    booked = appointments.book(
        session,
        patient_id=patient.id,
        service=service,
        slot=more.pop("slot", the_session(clinic)),
        source=more.pop("source", "whatsapp"),
        now=now,
        **more,
    )
    return row_of(session, booked)


def free(session, service, *, now):
    slots = availability.free_slots(session, service, first=TUESDAY, last=TUESDAY, now=now)
    return [(f"{slot.starts_at.astimezone(LAGOS):%H:%M}", slot.places_left) for slot in slots]


def a_third(session):
    bisi = a_patient("Bisi Ojo")
    session.add(bisi)
    session.flush()
    return bisi


def test_each_gets_the_next_number_until_the_session_is_full(session, clinic, antenatal, now):
    assert free(session, antenatal, now=now) == [("18:00", 2)]
    first = take(session, clinic, antenatal, clinic.ada, now=now)
    assert free(session, antenatal, now=now) == [("18:00", 1)]
    second = take(session, clinic, antenatal, clinic.musa, now=now)

    assert (first.queue_number, second.queue_number) == (1, 2)
    assert free(session, antenatal, now=now) == []
    with pytest.raises(SlotTaken) as refusal:
        take(session, clinic, antenatal, a_third(session), now=now)
    assert all(slot.day > TUESDAY for slot in refusal.value.facts["alternatives"])
    assert booked(session, antenatal.id) == 2


def test_a_number_is_never_given_twice(session, clinic, antenatal, now):
    take(session, clinic, antenatal, clinic.ada, now=now)
    gone = take(session, clinic, antenatal, clinic.musa, now=now)
    appointments.cancel(session, gone.id, reason="ill", now=now)

    assert booked(session, antenatal.id) == 1
    assert take(session, clinic, antenatal, a_third(session), now=now).queue_number == 3


def test_staff_with_a_reason_take_the_places_kept_for_them(session, clinic, antenatal, now):
    take(session, clinic, antenatal, clinic.ada, now=now)
    take(session, clinic, antenatal, clinic.musa, now=now)
    reason = {"source": "desk", "override": "She is in labour"}
    beyond = take(session, clinic, antenatal, a_third(session), now=now, **reason)

    assert (beyond.queue_number, beyond.override_reason) == (3, "She is in labour")
    fourth = a_patient("Emeka Eze")
    session.add(fourth)
    session.flush()
    with pytest.raises(SlotTaken):
        take(session, clinic, antenatal, fourth, now=now, **reason)


def test_a_hold_keeps_a_place_and_gives_it_back_when_it_dies(session, clinic, antenatal, now):
    held = appointments.hold(
        session,
        patient_id=clinic.ada.id,
        service=antenatal,
        slot=the_session(clinic),
        source="whatsapp",
        now=now,
    )
    assert (held.queue_number, booked(session, antenatal.id)) == (1, 1)
    visit = take(session, clinic, antenatal, clinic.ada, now=now + MINUTE, hold_id=held.id)
    assert (visit.id, visit.queue_number, booked(session, antenatal.id)) == (held.id, 1, 1)

    appointments.hold(
        session,
        patient_id=clinic.musa.id,
        service=antenatal,
        slot=the_session(clinic),
        source="whatsapp",
        now=now,
    )
    assert booked(session, antenatal.id) == 2
    assert appointments.release_dead_holds(session, now=now + 10 * MINUTE) == 1
    assert booked(session, antenatal.id) == 1


def test_the_doctor_still_sees_others_one_by_one_in_other_hours(session, clinic, antenatal, now):
    """A session takes places, not the doctor's own times."""
    take(session, clinic, antenatal, clinic.ada, now=now)
    assert clinic.book(session, clinic.musa, clinic.slot(10), now=now)
    assert "18:00" not in clinic.free(session, now=now)


def test_a_patient_in_a_session_is_nowhere_else(session, clinic, antenatal, now):
    take(session, clinic, antenatal, clinic.ada, now=now)
    with pytest.raises(PatientBusy):
        take(session, clinic, antenatal, clinic.ada, now=now)
    assert booked(session, antenatal.id) == 1


def test_moving_to_another_session_changes_both_counts(session, clinic, antenatal, now):
    other = a_session_service(session, clinic, name="Other")
    visit = take(session, clinic, antenatal, clinic.ada, now=now)
    moved = take(
        session,
        clinic,
        other,
        clinic.ada,
        now=now,
        slot=the_session(clinic, hour=19),
        moving_id=visit.id,
    )
    assert moved.queue_number == 1
    assert (booked(session, antenatal.id), booked(session, other.id)) == (0, 1)


def test_a_full_session_leaves_the_old_visit_as_it_was(session, clinic, antenatal, now):
    full = a_session_service(session, clinic, name="Full", capacity=1)
    take(session, clinic, full, clinic.musa, now=now, slot=the_session(clinic, hour=19))
    visit = take(session, clinic, antenatal, clinic.ada, now=now)
    with pytest.raises(SlotTaken):
        take(
            session,
            clinic,
            full,
            clinic.ada,
            now=now,
            slot=the_session(clinic, hour=19),
            moving_id=visit.id,
        )
    session.refresh(visit)
    assert visit.status == AppointmentStatus.BOOKED
    assert booked(session, antenatal.id) == 1


def test_an_entry_in_error_gives_its_place_back(session, clinic, antenatal, now):
    visit = take(session, clinic, antenatal, clinic.ada, now=now)
    appointments.enter_in_error(session, visit.id, reason="another Ada", now=now)
    assert booked(session, antenatal.id) == 0


def test_a_closed_session_is_not_offered_and_not_given(session, clinic, antenatal, now):
    there = clinic_sessions.arrange(
        session,
        service_id=antenatal.id,
        practitioner_id=clinic.ngozi.id,
        starts_at=the_session(clinic).starts_at,
        by=HOUSE,
        now=now,
    )
    clinic_sessions.change(session, there.id, version=1, is_closed=True, by=HOUSE, now=now)
    assert free(session, antenatal, now=now) == []
    with pytest.raises(SlotTaken):
        take(session, clinic, antenatal, clinic.ada, now=now)


def test_a_session_cannot_have_fewer_places_than_people(session, clinic, antenatal, now):
    for patient in (clinic.ada, clinic.musa):
        take(session, clinic, antenatal, patient, now=now)
    there = session.query(ClinicSession).one()
    with pytest.raises(Invalid) as refusal:
        clinic_sessions.change(
            session, there.id, version=1, capacity=1, overbook=0, by=HOUSE, now=now
        )
    assert refusal.value.field == "capacity"
    with pytest.raises(StaleVersion):
        clinic_sessions.change(session, there.id, version=7, capacity=9, by=HOUSE, now=now)
