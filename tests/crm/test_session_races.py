"""People who want the last place, or the same offer, at the same moment; real connections."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from crm import appointments, waitlist
from crm.kit.permissions import Actor
from crm.models import Appointment, ClinicSession, WaitlistOffer
from crm.waitlist import Wish
from tests.at_once import at_once, kinds, race, storm
from tests.crm.clinic import (
    TUESDAY,
    assert_no_overlaps,
    assert_reminders_only_for_live_visits,
    people,
)
from tests.crm.sessions import a_session_service, the_session

MINUTE = timedelta(minutes=1)


def take(session, clinic, service, patient, *, now, hour=18, **more):
    return appointments.book(
        session,
        patient_id=patient.id,
        service=service,
        slot=the_session(clinic, hour=hour),
        source="whatsapp",
        now=now,
        **more,
    )


def assert_counts_are_true(session) -> None:
    """What a session counts is what is booked in it, and no number was given twice."""
    wrong = session.execute(
        text("""
            select s.id, s.booked, count(a.id) from clinic_sessions s
            left join appointments a on a.clinic_session_id = s.id
              and a.status in ('pending', 'booked', 'checked-in', 'arrived')
            group by s.id having s.booked <> count(a.id)
        """)
    ).all()
    twice = session.execute(
        text("""
            select clinic_session_id, queue_number from appointments
            where queue_number is not null group by 1, 2 having count(*) > 1
        """)
    ).all()
    assert (wrong, twice) == ([], [])


def test_thirty_want_ten_places_and_ten_get_them_with_a_number_each(crowd, clinic, now):
    with crowd.begin() as session:
        service = a_session_service(session, clinic, capacity=10)
    acts = [
        lambda session, patient=patient: take(session, clinic, service, patient, now=now)
        for patient in people(crowd, 30, now)
    ]

    outcomes = race(crowd, acts)

    assert kinds(outcomes) == {"Booking": 10, "SlotTaken": 20}
    with crowd() as session:
        numbers = session.scalars(
            select(Appointment.queue_number).where(Appointment.queue_number.is_not(None))
        ).all()
        assert sorted(numbers) == list(range(1, 11))
        there = session.scalars(select(ClinicSession)).one()
        assert (there.booked, there.last_number) == (10, 10)


def test_people_who_swap_sessions_never_wait_for_each_other(crowd, clinic, now):
    patients = people(crowd, 16, now)
    with crowd.begin() as session:
        one = a_session_service(session, clinic, capacity=16, name="One")
        two = a_session_service(session, clinic, capacity=16, name="Two")
        visits = [
            take(session, clinic, (one, two)[n % 2], patient, now=now, hour=18 + n % 2)
            for n, patient in enumerate(patients)
        ]

    outcomes = race(
        crowd,
        [
            lambda session, n=n: take(
                session,
                clinic,
                (two, one)[n % 2],
                patients[n],
                now=now,
                hour=19 - n % 2,
                moving_id=visits[n].id,
            )
            for n in range(16)
        ],
    )

    assert kinds(outcomes) == {"Booking": 16}
    with crowd() as session:
        assert_counts_are_true(session)


def test_taking_and_giving_back_at_once_keeps_the_count_true(crowd, clinic, now):
    patients = people(crowd, 20, now)
    with crowd.begin() as session:
        service = a_session_service(session, clinic, capacity=10)
        visits = [take(session, clinic, service, patient, now=now) for patient in patients[:10]]

    outcomes = race(
        crowd,
        [
            *(
                lambda session, visit=visit: appointments.cancel(
                    session, visit.id, reason="race", now=now
                )
                for visit in visits
            ),
            *(
                lambda session, patient=patient: take(session, clinic, service, patient, now=now)
                for patient in patients[10:]
            ),
        ],
    )

    assert kinds(outcomes)["Appointment"] == 10
    with crowd() as session:
        assert_counts_are_true(session)


@pytest.mark.parametrize("attempt", range(3))
def test_a_hold_that_dies_while_its_owner_books_is_counted_once(crowd, clinic, now, attempt):
    ada, musa = people(crowd, 2, now)
    with crowd.begin() as session:
        service = a_session_service(session, clinic, capacity=1 + attempt)
        held = appointments.hold(
            session,
            patient_id=ada.id,
            service=service,
            slot=the_session(clinic),
            source="whatsapp",
            now=now,
        )
    before, after = now + 9 * MINUTE, now + 10 * MINUTE

    race(
        crowd,
        [
            lambda session: take(session, clinic, service, ada, now=before, hold_id=held.id),
            lambda session: take(session, clinic, service, musa, now=after),
            lambda session: appointments.release_dead_holds(session, now=after),
        ],
    )

    with crowd() as session:
        assert_counts_are_true(session)


def test_booking_against_cancelling_leaves_one_visit_or_none(crowd, clinic, now):
    """The patient cancels while the desk moves the same visit: one of them comes first."""
    [ada] = people(crowd, 1, now)
    with crowd.begin() as session:
        visit = clinic.book(session, ada, clinic.slot(10), now=now)

    outcomes = race(
        crowd,
        [
            lambda session: appointments.cancel(session, visit.id, reason="ill", now=now),
            lambda session: clinic.book(session, ada, clinic.slot(14), now=now, moving_id=visit.id),
        ],
    )

    with crowd() as session:
        booked = session.scalars(select(Appointment).where(Appointment.status == "booked")).all()
        assert len(booked) == (1 if kinds(outcomes)["Appointment"] == 2 else 0)
        assert_no_overlaps(session)
        assert_reminders_only_for_live_visits(session)


def test_cancelled_by_two_at_once_the_points_go_back_once(crowd, clinic, now):
    [ada] = people(crowd, 1, now)
    with crowd.begin() as session:
        visit = clinic.book(session, ada, clinic.slot(10), now=now)

    outcomes = race(
        crowd,
        [lambda session: appointments.cancel(session, visit.id, reason="ill", now=now)] * 8,
    )

    assert kinds(outcomes) == {"Appointment": 8}
    with crowd() as session:
        ledger = session.execute(
            text("select points, balance_after from loyalty_transactions order by seq")
        ).all()
        assert ledger == [(10, 10), (-10, 0)]


def test_a_storm_over_two_sessions_and_a_doctor_keeps_every_count(crowd, clinic, now):
    patients = people(crowd, 8, now)
    with crowd.begin() as session:
        services = [
            a_session_service(session, clinic, capacity=3, name=name) for name in ("One", "Two")
        ]

    def turn(session, chance):
        one_act(session, clinic, chance, patients, services, now=now)

    at_once(storm(crowd, turn, turns=15))

    with crowd() as session:
        assert_counts_are_true(session)


def one_act(session, clinic, chance, patients, services, *, now):
    patient, which = chance.choice(patients), chance.randrange(3)
    now += timedelta(minutes=chance.randrange(20))
    visits = appointments.upcoming(session, [patient.id], now=now)
    visit = chance.choice(visits) if visits else None
    there = {
        "patient_id": patient.id,
        "service": services[which] if which < 2 else clinic.service,
        "slot": the_session(clinic, hour=18 + which) if which < 2 else clinic.slot(10),
        "source": "whatsapp",
        "now": now,
    }
    match chance.choice(("hold", "book", "move", "cancel", "sweep")):
        case "hold":
            held = appointments.hold(session, **there)
            if chance.random() < 0.5:
                appointments.book(session, **there, hold_id=held.id)
        case "book":
            appointments.book(session, **there)
        case "move" if visit:
            appointments.book(session, **there, moving_id=visit.id)
        case "cancel" if visit:
            appointments.cancel(session, visit.id, reason="storm", now=now)
        case "sweep":
            appointments.release_dead_holds(session, now=now)


# -- the waiting list -----------------------------------------------------------------------------


def join(crowd, clinic, patients, *, now, service=None):
    with crowd.begin() as session:
        for patient in patients:
            wish = Wish(
                patient_id=patient.id,
                service_id=(service or clinic.service).id,
                earliest_on=TUESDAY,
                latest_on=TUESDAY,
                source="desk",
            )
            waitlist.join(session, wish, by=Actor.system(), now=now)


def offers(crowd) -> list[WaitlistOffer]:
    with crowd() as session:
        return list(session.scalars(select(WaitlistOffer).order_by(WaitlistOffer.id)))


def test_one_offer_taken_twice_at_once_is_one_visit(crowd, clinic, now):
    join(crowd, clinic, people(crowd, 1, now), now=now)
    with crowd.begin() as session:
        waitlist.offer_free(session, clinic.service.id, now=now)
    [made] = offers(crowd)

    outcomes = race(
        crowd,
        [lambda session: waitlist.accept(session, made.id, source="whatsapp", now=now)] * 6,
    )

    assert kinds(outcomes) == {"Booking": 1, "OfferOver": 5}


def test_the_last_place_offered_and_booked_at_once_goes_to_one(crowd, clinic, now):
    ada, *others = people(crowd, 6, now)
    with crowd.begin() as session:
        service = a_session_service(session, clinic, capacity=1)
    join(crowd, clinic, [ada], now=now, service=service)
    with crowd.begin() as session:
        waitlist.offer_free(session, service.id, now=now)
    [made] = offers(crowd)

    outcomes = race(
        crowd,
        [
            lambda session: waitlist.accept(session, made.id, source="whatsapp", now=now),
            *(
                lambda session, patient=patient: take(session, clinic, service, patient, now=now)
                for patient in others
            ),
        ],
    )

    assert kinds(outcomes) == {"Booking": 1, "SlotTaken": 5}
    with crowd() as session:
        assert_counts_are_true(session)


def test_four_rounds_at_once_offer_each_person_and_each_time_once(crowd, clinic, now):
    join(crowd, clinic, people(crowd, 12, now), now=now)
    race(
        crowd,
        [lambda session: waitlist.offer_free(session, clinic.service.id, now=now)] * 4,
    )

    made = offers(crowd)
    assert max(Counter(each.entry_id for each in made).values()) == 1
    times = Counter((each.practitioner_id, each.starts_at) for each in made)
    assert set(times.values()) == {1}
