"""How many visits one may have to come, and for whom a service is: held to by every booking."""

from datetime import timedelta

import pytest

from crm import appointments
from crm.appointments import BookingLimit, NotEligible
from crm.models import Gender, Patient, Service

HOUR = timedelta(hours=1)


def test_a_move_is_no_visit_more_and_what_is_over_counts_no_more(session, clinic, now):
    visits = [clinic.book(session, clinic.ada, clinic.slot(hour), now=now) for hour in (8, 9, 10)]
    with pytest.raises(BookingLimit) as refusal:
        clinic.book(session, clinic.ada, clinic.slot(14), now=now)
    assert refusal.value.facts == {"limit": 3}
    with pytest.raises(BookingLimit):
        clinic.hold(session, clinic.ada, clinic.slot(14), now=now)
    clinic.book(session, clinic.ada, clinic.slot(14), now=now, moving_id=visits[0].id)
    appointments.cancel(session, visits[1].id, reason="ill", now=now)
    assert clinic.book(session, clinic.ada, clinic.slot(15), now=now)
    later = visits[2].ends_at + HOUR
    assert clinic.book(session, clinic.ada, clinic.slot(16), now=later)


def test_staff_with_a_reason_may_book_a_fourth(session, clinic, now):
    for hour in (8, 9, 10):
        clinic.book(session, clinic.ada, clinic.slot(hour), now=now)
    assert clinic.book(session, clinic.ada, clinic.slot(14), now=now, override="dialysis")


def test_a_service_for_women_can_neither_be_held_nor_booked_for_a_man(session, clinic, now):
    session.get_one(Service, clinic.service.id).gender = Gender.FEMALE
    session.get_one(Patient, clinic.musa.id).gender = Gender.MALE
    with pytest.raises(NotEligible):
        clinic.hold(session, clinic.musa, clinic.slot(8), now=now)
    with pytest.raises(NotEligible):
        clinic.book(session, clinic.musa, clinic.slot(8), now=now)
    assert clinic.book(session, clinic.ada, clinic.slot(8), now=now)
    assert clinic.book(session, clinic.musa, clinic.slot(9), now=now, override="a donor")
