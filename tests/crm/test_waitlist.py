"""The waiting list: whose turn it is, what suits them, what becomes of an offer."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import appointments, outbox, waitlist
from crm.appointments import SlotTaken
from crm.kit.clock import LAGOS, at_lagos
from crm.kit.permissions import Actor
from crm.kit.tokens import Links
from crm.models import (
    AppointmentStatus,
    DayPart,
    Message,
    OfferStatus,
    WaitlistOffer,
    WaitStatus,
)
from crm.waitlist import OfferOver, Wish
from tests.crm.clinic import TUESDAY, a_patient, a_phone, row_of
from tests.crm.sessions import a_session_service, the_session

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOUSE = Actor.system()


def wait(session, clinic, patient, *, now, service=None, **more):
    usual = {"earliest_on": TUESDAY, "latest_on": TUESDAY, "source": "desk"}
    wish = Wish(patient_id=patient.id, service_id=(service or clinic.service).id, **usual | more)
    return waitlist.join(session, wish, by=HOUSE, now=now)


def offered(session, clinic, *, now, service=None):
    waitlist.tidy(session, now=now)
    waitlist.offer_free(session, (service or clinic.service).id, now=now)
    live = select(WaitlistOffer).where(WaitlistOffer.status == OfferStatus.LIVE)
    return {made.entry_id: made for made in session.scalars(live.order_by(WaitlistOffer.id))}


def clock(made) -> str:
    return f"{made.starts_at.astimezone(LAGOS):%a %H:%M}"


def fill(session, clinic, *, now, but=()):
    """Everybody's Tuesday is full, but for these times of Ngozi's."""
    strangers = []
    for who in (clinic.ngozi, clinic.bayo):
        for n in range(18):
            hour, minute = 8 + n // 2, 30 * (n % 2)
            if who is clinic.ngozi and (hour, minute) in but:
                continue
            stranger = a_patient(f"Stranger {n}")
            session.add(stranger)
            session.flush()
            slot = clinic.slot(hour, minute, who=who)
            strangers.append(clinic.book(session, stranger, slot, now=now))
    return strangers


def test_urgent_ones_come_first_then_whoever_waits_longest(session, clinic, now):
    bisi = a_patient("Bisi Ojo")
    session.add(bisi)
    session.flush()
    visits = fill(session, clinic, now=now)
    first = wait(session, clinic, clinic.ada, now=now)
    second = wait(session, clinic, clinic.musa, now=now)
    urgent = wait(session, clinic, bisi, now=now, priority=1)
    assert offered(session, clinic, now=now) == {}

    appointments.cancel(session, visits[0].id, reason="ill", now=now)
    made = offered(session, clinic, now=now)
    assert list(made) == [urgent.id], "one time, one person"
    waitlist.pass_on(session, made[urgent.id].id, now=now)
    made = offered(session, clinic, now=now)
    assert list(made) == [first.id]
    made = offered(session, clinic, now=now + 30 * MINUTE)
    assert list(made) == [second.id], "the first did not answer in thirty minutes"
    statuses = session.scalars(select(WaitlistOffer.status).order_by(WaitlistOffer.id)).all()
    assert statuses == ["passed", "expired", "live"]


@pytest.mark.parametrize(
    ("wish", "got"),
    [
        ({"parts": [DayPart.AFTERNOON]}, "Tue 12:00"),
        ({"parts": [DayPart.EVENING]}, "Tue 16:00"),
        ({"earliest_on": date(2026, 11, 23), "weekdays": [1]}, "Tue 08:00"),
        ({"earliest_on": date(2026, 11, 23)}, "Mon 08:00"),
        ({"weekdays": [6]}, None),
    ],
)
def test_only_what_suits_is_offered(session, clinic, now, wish, got):
    wait(session, clinic, clinic.ada, now=now, **wish)
    made = list(offered(session, clinic, now=now).values())
    assert [clock(each) for each in made] == ([got] if got else [])


def test_a_wish_for_one_doctor_waits_for_that_doctor(session, clinic, now):
    wait(session, clinic, clinic.ada, now=now, practitioner_id=clinic.bayo.id)
    [made] = offered(session, clinic, now=now).values()
    assert made.practitioner_id == clinic.bayo.id


def test_the_offer_is_a_message_with_two_answers_and_a_half_hour(session, clinic, now, vault):
    entry = wait(session, clinic, clinic.ada, now=now)
    [made] = offered(session, clinic, now=now).values()

    message = session.scalars(select(Message).where(Message.id == made.message_id)).one()
    body = outbox.unseal(vault, message.body_sealed, row=message.id)
    assert "Ada" in body.text
    assert "GrandPro Test" in body.text
    assert "10:30am" in body.text, "until when"
    assert [option.id for option in body.options] == [
        f"v1|waitlist|{made.id.hex}|take_it",
        f"v1|waitlist|{made.id.hex}|pass_on",
    ]
    assert (message.purpose, message.expires_at) == ("notice", made.expires_at)
    live = waitlist.live_offer(session, clinic.phone.id, now=now + 29 * MINUTE)
    assert (live.id, live.entry_id, live.patient_id) == (made.id, entry.id, clinic.ada.id)
    assert waitlist.live_offer(session, clinic.phone.id, now=now + 30 * MINUTE) is None


def test_where_text_messages_hear_nothing_none_is_asked_for(session, clinic, now, vault):
    a_phone(session, clinic.musa, "+2349140000077", now=now, channel=Channel.SMS)
    wait(session, clinic, clinic.musa, now=now)
    links = Links("https://bot.example", "secret")
    waitlist.offer_free(session, clinic.service.id, now=now, forms=links)
    message = session.scalars(select(Message)).one()
    body = outbox.unseal(vault, message.body_sealed, row=message.id)
    assert not body.options
    made = session.scalars(select(WaitlistOffer)).one()
    assert body.text.endswith(links.form("waitlist", made.id))


def test_accepting_books_and_ends_the_wait(session, clinic, now):
    entry = wait(session, clinic, clinic.ada, now=now)
    [made] = offered(session, clinic, now=now).values()
    accepted = waitlist.accept(session, made.id, source="whatsapp", now=now + 5 * MINUTE)
    visit = row_of(session, accepted)

    assert (visit.patient_id, visit.status) == (clinic.ada.id, AppointmentStatus.BOOKED)
    assert (entry.status, made.status, made.appointment_id) == ("booked", "accepted", visit.id)
    for act in (
        lambda: waitlist.accept(session, made.id, source="whatsapp", now=now),
        lambda: waitlist.pass_on(session, made.id, now=now),
    ):
        with pytest.raises(OfferOver):
            act()


def test_an_offer_that_ran_out_is_over(session, clinic, now):
    wait(session, clinic, clinic.ada, now=now)
    [made] = offered(session, clinic, now=now).values()
    with pytest.raises(OfferOver):
        waitlist.accept(session, made.id, source="whatsapp", now=now + 30 * MINUTE)


def test_who_comes_too_late_keeps_the_visit_they_have(session, clinic, now):
    later = clinic.book(session, clinic.ada, clinic.slot(16), now=now)
    entry = wait(session, clinic, clinic.ada, now=now, moving_id=later.id)
    [made] = offered(session, clinic, now=now).values()
    slot = clinic.slot(8, who=session.get(type(clinic.ngozi), made.practitioner_id))
    clinic.book(session, clinic.musa, slot, now=now)

    with pytest.raises(SlotTaken):
        waitlist.accept(session, made.id, source="whatsapp", now=now)
    session.refresh(later)
    assert later.status == AppointmentStatus.BOOKED
    assert waitlist.tidy(session, now=now)["lost"] == 1
    session.refresh(made)
    assert (made.status, entry.status) == (OfferStatus.LOST, WaitStatus.WAITING)


def test_an_earlier_time_takes_the_place_of_the_later(session, clinic, now):
    later = clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    wait(session, clinic, clinic.ada, now=now, moving_id=later.id)
    [made] = offered(session, clinic, now=now).values()
    assert clock(made) == "Tue 08:00"
    accepted = waitlist.accept(session, made.id, source="whatsapp", now=now)
    visit = row_of(session, accepted)
    assert visit.previous_id == later.id


def test_nothing_later_is_offered_to_who_waits_for_something_earlier(session, clinic, now):
    first = clinic.book(session, clinic.ada, clinic.slot(8), now=now)
    wait(session, clinic, clinic.ada, now=now, moving_id=first.id)
    assert offered(session, clinic, now=now) == {}


def test_nobody_is_asked_twice_about_a_time_nor_four_times_a_week(session, clinic, now):
    wait(session, clinic, clinic.ada, now=now)
    times = []
    for _ in range(4):
        for made in offered(session, clinic, now=now).values():
            times.append(clock(made))
            waitlist.pass_on(session, made.id, now=now)
    assert times == ["Tue 08:00", "Tue 08:30", "Tue 09:00"]


def test_nobody_is_asked_at_night(session, clinic, now):
    wait(session, clinic, clinic.ada, now=now)
    assert offered(session, clinic, now=at_lagos(date(2026, 11, 23), time(3))) == {}
    assert offered(session, clinic, now=at_lagos(date(2026, 11, 23), time(20, 45))) == {}
    assert offered(session, clinic, now=at_lagos(date(2026, 11, 23), time(7)))


def test_nobody_is_offered_a_time_when_they_are_elsewhere(session, clinic, now):
    other = a_session_service(session, clinic)
    appointments.book(
        session,
        patient_id=clinic.ada.id,
        service=other,
        slot=the_session(clinic),
        source="desk",
        now=now,
    )
    clinic.service.duration_min = 30
    wait(session, clinic, clinic.ada, now=now)
    [made] = offered(session, clinic, now=now).values()
    assert clock(made) == "Tue 08:00"


def test_a_session_is_offered_to_as_many_as_it_has_places(session, clinic, now):
    service = a_session_service(session, clinic, capacity=2)
    bisi = a_patient("Bisi Ojo")
    session.add(bisi)
    session.flush()
    entries = [
        wait(session, clinic, patient, now=now, service=service)
        for patient in (clinic.ada, clinic.musa, bisi)
    ]
    made = offered(session, clinic, now=now, service=service)
    assert list(made) == [entries[0].id, entries[1].id]
    numbers = [
        waitlist.accept(session, each.id, source="whatsapp", now=now).queue_number
        for each in made.values()
    ]
    assert numbers == [1, 2]


def test_the_wait_ends_when_they_booked_otherwise_or_the_days_are_over(session, clinic, now):
    ada = wait(session, clinic, clinic.ada, now=now)
    musa = wait(session, clinic, clinic.musa, now=now)
    clinic.book(session, clinic.ada, clinic.slot(10), now=now + MINUTE)
    assert waitlist.tidy(session, now=now + MINUTE)["closed"] == 1
    assert waitlist.tidy(session, now=now + 3 * DAY)["closed"] == 1
    session.refresh(ada)
    session.refresh(musa)
    assert (ada.status, musa.status) == (WaitStatus.BOOKED, WaitStatus.LAPSED)


def test_who_leaves_loses_the_offer(session, clinic, now):
    entry = wait(session, clinic, clinic.ada, now=now)
    [made] = offered(session, clinic, now=now).values()
    waitlist.leave(session, entry.id, by=HOUSE, now=now)
    with pytest.raises(OfferOver):
        waitlist.accept(session, made.id, source="whatsapp", now=now)
    assert waitlist.tidy(session, now=now)["lost"] == 1
