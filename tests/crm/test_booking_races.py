"""People who want the same thing at the same moment, with real threads and connections."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crm import appointments, reminders
from crm.appointments import SlotTaken
from crm.kit.errors import DomainError
from crm.models import Appointment
from tests.at_once import at_once, kinds, race, storm
from tests.crm.clinic import (
    a_patient,
    a_phone,
    assert_no_overlaps,
    assert_reminders_only_for_live_visits,
    people,
)

MINUTE = timedelta(minutes=1)
REMINDED = 60


def test_fifty_people_want_one_slot_and_one_gets_it(crowd, clinic, now):
    slot = clinic.slot(10)
    acts = [
        lambda session, patient=patient: clinic.book(session, patient, slot, now=now)
        for patient in people(crowd, 50, now)
    ]

    outcomes = race(crowd, acts)

    assert kinds(outcomes) == {"Appointment": 1, "SlotTaken": 49}
    refused = [outcome for outcome in outcomes if isinstance(outcome, SlotTaken)]
    assert all(len(refusal.facts["alternatives"]) == 3 for refusal in refused)
    assert all(slot not in refusal.facts["alternatives"] for refusal in refused)


def test_sixteen_people_move_into_one_slot_and_the_others_keep_their_visits(crowd, clinic, now):
    patients = people(crowd, 16, now)
    wanted = clinic.slot(16, 30)
    with crowd.begin() as session:
        visits = [
            clinic.book(session, patient, clinic.slot(8 + n // 2, 30 * (n % 2)), now=now)
            for n, patient in enumerate(patients)
        ]

    outcomes = race(
        crowd,
        [
            lambda session, patient=patient, visit=visit: clinic.book(
                session, patient, wanted, now=now, moving_id=visit.id
            )
            for patient, visit in zip(patients, visits, strict=True)
        ],
    )

    assert kinds(outcomes) == {"Appointment": 1, "SlotTaken": 15}
    with crowd() as session:
        booked = [session.get(Appointment, visit.id).status for visit in visits].count("booked")
        assert booked == 15
        assert_reminders_only_for_live_visits(session)


def test_people_who_want_each_others_times_are_refused_and_never_wait_for_each_other(
    crowd, clinic, now
):
    patients = people(crowd, 16, now)
    slots = [clinic.slot(8 + n // 2, 30 * (n % 2)) for n in range(16)]
    with crowd.begin() as session:
        visits = [
            clinic.book(session, patient, slot, now=now)
            for patient, slot in zip(patients, slots, strict=True)
        ]

    outcomes = race(
        crowd,
        [
            lambda session, n=n: clinic.book(
                session, patients[n], slots[(n + 1) % 16], now=now, moving_id=visits[n].id
            )
            for n in range(16)
        ],
    )

    # Nobody goes first in a full circle, unless one was let out by one who had moved on.
    assert kinds(outcomes)["SlotTaken"] + kinds(outcomes)["Appointment"] == 16
    with crowd() as session:
        assert_no_overlaps(session)


def test_half_shifted_swaps_do_not_wait_for_each_other(crowd, clinic, now):
    """Each wants a time that overlaps both old visits: the case where locks could cross."""
    ada, musa = people(crowd, 2, now)
    with crowd.begin() as session:
        first = clinic.book(session, ada, clinic.slot(10), now=now)
        second = clinic.book(session, musa, clinic.slot(10, 30), now=now)
    between = clinic.slot(10, 15)

    outcomes = race(
        crowd,
        [
            lambda session: clinic.book(session, ada, between, now=now, moving_id=first.id),
            lambda session: clinic.book(session, musa, between, now=now, moving_id=second.id),
        ],
    )

    assert kinds(outcomes) == {"SlotTaken": 2}


@pytest.mark.parametrize("attempt", range(5))
def test_a_hold_that_just_ran_out_goes_to_its_owner_or_to_one_other(crowd, clinic, now, attempt):
    ada, *others = people(crowd, 9, now)
    slot = clinic.slot(8 + attempt)
    with crowd.begin() as session:
        held = clinic.hold(session, ada, slot, now=now)
    before, after = now + 9 * MINUTE, now + 10 * MINUTE  # clocks differ between processes

    outcomes = race(
        crowd,
        [
            lambda session: clinic.book(session, ada, slot, now=before, hold_id=held.id),
            *(
                lambda session, patient=patient: clinic.book(session, patient, slot, now=after)
                for patient in others
            ),
            lambda session: appointments.release_dead_holds(session, now=after),
        ],
    )

    assert kinds(outcomes[:-1]) == {"Appointment": 1, "SlotTaken": 8}
    with crowd() as session:
        assert_no_overlaps(session)


def test_dead_holds_taken_crosswise_do_not_deadlock(crowd, clinic, now):
    """Two people with dead holds on two doctors each take the other's."""
    ada, musa = people(crowd, 2, now)
    with_ngozi, with_bayo = clinic.slot(10), clinic.slot(10, who=clinic.bayo)
    with crowd.begin() as session:
        clinic.hold(session, ada, with_ngozi, now=now)
        clinic.hold(session, musa, with_bayo, now=now)
    later = now + 10 * MINUTE

    outcomes = race(
        crowd,
        [
            lambda session: clinic.book(session, ada, with_bayo, now=later),
            lambda session: clinic.book(session, musa, with_ngozi, now=later),
        ],
    )

    assert kinds(outcomes) == {"Appointment": 2}


def test_live_holds_taken_crosswise_do_not_deadlock(crowd, clinic, now):
    ada, musa = people(crowd, 2, now)
    with_ngozi, with_bayo = clinic.slot(10), clinic.slot(10, who=clinic.bayo)
    with crowd.begin() as session:
        clinic.hold(session, ada, with_ngozi, now=now)
        clinic.hold(session, musa, with_bayo, now=now)

    outcomes = race(
        crowd,
        [
            lambda session: clinic.hold(session, ada, with_bayo, now=now),
            lambda session: clinic.hold(session, musa, with_ngozi, now=now),
        ],
    )

    assert kinds(outcomes) <= Counter({"Appointment": 1, "SlotTaken": 2})
    with crowd() as session:
        assert_no_overlaps(session)


def test_a_storm_of_turns_while_reminders_are_posted_keeps_every_rule(crowd, clinic, now):
    patients = people(crowd, 12, now)

    def remind():
        for _ in range(REMINDED):
            with crowd.begin() as session:
                reminders.post_due(session, now=clinic.slot(9).starts_at - timedelta(hours=12))

    turns = storm(
        crowd, lambda session, chance: _one_turn(session, clinic, chance, patients, now), turns=12
    )
    at_once([*turns, remind])

    with crowd() as session:
        assert_no_overlaps(session)
        assert_reminders_only_for_live_visits(session)


def _one_turn(session, clinic, chance, patients, now):
    patient, minutes = chance.choice(patients), chance.choice((0, 15, 30, 45))
    _lock_talk(session, patient)
    doctor = chance.choice((clinic.ngozi, clinic.bayo))
    slot = clinic.slot(chance.randrange(9, 12), minutes, who=doctor)
    now += timedelta(minutes=chance.randrange(20))
    visits = appointments.upcoming(session, [patient.id], now=now)
    visit = chance.choice(visits) if visits else None
    match chance.choice(("hold", "book", "move", "cancel")):
        case "hold":
            held = clinic.hold(session, patient, slot, now=now)
            if chance.random() < 0.5:
                clinic.book(session, patient, slot, now=now, hold_id=held.id)
        case "book":
            clinic.book(session, patient, slot, now=now)
        case "move" if visit:
            clinic.book(session, patient, slot, now=now, moving_id=visit.id)
        case "cancel" if visit:
            appointments.cancel(session, visit.id, reason="storm", now=now)


def _lock_talk(session, patient):
    """What every turn of a conversation does first."""
    talk = (
        "select from conversations join address_holders using (address_id) "
        "where address_holders.patient_id = :patient for no key update of conversations"
    )
    session.execute(text(talk), {"patient": patient.id})


ACTS = st.tuples(
    st.sampled_from(["hold", "book", "move", "cancel", "confirm", "release"]),
    st.integers(0, 2),  # who
    st.integers(0, 1),  # which doctor
    st.integers(0, 5),  # which quarter of an hour
    st.integers(0, 8),  # minutes that pass
)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=3, max_size=15))
def test_whatever_the_order_nothing_overlaps_and_only_live_visits_are_reminded(
    crowd, clinic, now, acts
):
    with crowd() as session:
        patients = [clinic.ada, clinic.musa, a_patient("Bisi Ojo")]
        session.add(patients[2])
        session.flush()
        a_phone(session, patients[2], "+2349140000002", now=now)
        moment = now
        for act, who, doctor, quarter, minutes in acts:
            moment += timedelta(minutes=minutes)
            who_else = (clinic.ngozi, clinic.bayo)[doctor]
            slot = clinic.slot(10 + quarter // 4, 15 * (quarter % 4), who=who_else)
            _act(session, clinic, act, patients[who], slot, now=moment)
            assert_no_overlaps(session)
            assert_reminders_only_for_live_visits(session)
        session.rollback()


def _act(session, clinic, act, patient, slot, *, now):
    visits = appointments.upcoming(session, [patient.id], now=now)
    try:
        match act:
            case "hold":
                clinic.hold(session, patient, slot, now=now)
            case "book":
                clinic.book(session, patient, slot, now=now)
            case "move" if visits:
                clinic.book(session, patient, slot, now=now, moving_id=visits[0].id)
            case "cancel" if visits:
                appointments.cancel(session, visits[0].id, reason="test", now=now)
            case "confirm" if visits:
                appointments.confirm(session, visits[0].id, now=now)
            case "release":
                appointments.release_dead_holds(session, now=now)
    except DomainError:
        pass
