"""Booking in people's own words: only what was not said is asked."""

import pytest

from crm.models import Service
from tests.people import ADA, MUSA


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")


@pytest.fixture
def synonyms(stack):
    with stack.wiring.transaction() as session:
        for service in session.query(Service).filter(Service.name == "Dental"):
            service.synonyms = ["dentist", "teeth", "tooth"]


def test_day_hour_and_place_leave_only_the_service_to_ask(talk):
    talk("""
        Ada: I wan see doctor next tomorrow by 2 for Ikeja
        Bot: Noted: Tue 24 Nov, 2pm.

             GrandPro Ikeja. What do you need?...
        Ada: eye
        Bot: Ada: Eye, GrandPro Ikeja, Tue 24 Nov, 2pm. Shall I book it?...
        Ada: yes
        Bot: Booked: Ada, Tue 24 Nov, 2pm, GrandPro Ikeja...
    """)


def test_a_day_and_a_part_of_it_leave_the_service_and_the_hour(talk):
    talk("""
        Ada: tue morning pls
        Bot: Noted: Tue 24 Nov, morning.

             GrandPro Ikeja. What do you need?...
        Ada: eye
        Bot: Tue 24 Nov. What time?
             [8am] [8:30am] [9am] [9:30am] [10am] [10:30am] [11am] [11:30am] [Another day]
    """)


def test_a_date_and_an_hour_leave_only_the_service(talk):
    talk("""
        Ada: 12/12 3pm
        Bot: Noted: Sat 12 Dec, 3pm.

             GrandPro Ikeja. What do you need?...
        Ada: dental
        Bot: ...
    """)


def test_any_day_of_a_week_after_an_hour_lists_the_times_of_all_its_days(talk):
    talk("""
        Ada: any day next week after 4
        Bot: Noted: Mon 23 Nov - Sun 29 Nov, from 4pm.

             GrandPro Ikeja. What do you need?...
        Ada: eye
        Bot: Mon 23 Nov - Sun 29 Nov, from 4pm. What time?
             [Mon 23 Nov, 4pm]...[Wed 25 Nov, 4pm]...[Fri 27 Nov, 4:30pm] [Another day]
        Ada: [Wed 25 Nov, 4pm]
        Bot: Ada: Eye, GrandPro Ikeja, Wed 25 Nov, 4pm. Shall I book it?...
    """)


def test_several_answers_to_one_question_are_all_heard(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: eye tomorrow by 3
        Bot: Ada: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 3pm. Shall I book it?...
    """)


def test_a_day_said_too_early_is_noted_and_not_asked_again(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: friday after 2
        Bot: Noted: Fri 27 Nov, from 2pm.

             GrandPro Ikeja. What do you need?...
        Ada: eye
        Bot: Fri 27 Nov. What time?
             [2pm]...
    """)


def test_another_hospital_named_on_the_way_is_gone_to(talk):
    talk("""
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: physiotherapy at wuse tomorrow
        Bot: Tomorrow, Mon 23 Nov. What time?...
        Ada: 10am
        Bot: Ada: Physiotherapy, GrandPro Wuse, tomorrow, Mon 23 Nov, 10am. Shall I book it?...
    """)


@pytest.mark.usefixtures("synonyms")
def test_another_name_of_a_service_is_understood(talk):
    talk("""
        Ada: I want to see a dentist tomorrow
        Bot: Tomorrow, Mon 23 Nov. What time?...
        Ada: menu
        Bot: What would you like to do?...
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: tooth
        Bot: Which day?...
    """)


def test_what_people_call_a_kind_of_care_is_understood_without_being_told(talk):
    talk("""
        Ada: I wan see eye doctor tomorrow by 2
        Bot: Ada: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 2pm. Shall I book it?...
        Ada: menu
        Bot: What would you like to do?...
        Ada: ANC pls
        Bot: Which day?...
        Ada: menu
        Bot: What would you like to do?...
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: family doctor
        Bot: General consultation. Who would you like to see?...
        Ada: menu
        Bot: What would you like to do?...
        Ada: book
        Bot: GrandPro Ikeja. What do you need?...
        Ada: bone doctor
        Bot: Please pick one of these...
        Ada: I need to check my teeth friday 11am
        Bot: ...Dental, GrandPro Ikeja, Fri 27 Nov, 11am. Shall I book it?...
    """)


def test_a_visit_for_a_child_is_never_booked_for_the_mother(talk, stack):
    talk("""
        Ada: book eye tomorrow 3pm at Ikeja for my son
        Bot: Noted: tomorrow, Mon 23 Nov, 3pm.

             Who is the visit for?
             [Ada] [Someone else]
    """)
    stack.register(ADA, "Tobi Obi")
    talk("""
        Ada: menu
        Bot: What would you like to do?...
        Ada: book eye tomorrow 3pm at Ikeja for my daughter
        Bot: Noted: tomorrow, Mon 23 Nov, 3pm.

             Who is the visit for?
             [Tobi] [Someone else]
        Ada: [Tobi]
        Bot: Tobi: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 3pm. Shall I book it?...
        Ada: menu
        Bot: What would you like to do?...
        Ada: book eye tomorrow by 10
        Bot: ...Who is the visit for?...
        Ada: for me
        Bot: Ada: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 10am. Shall I book it?...
    """)


def test_the_first_name_in_the_first_words_is_enough(talk, stack):
    stack.register(ADA, "Tobi Obi")
    talk("""
        Ada: book eye for Tobi on friday by 9
        Bot: Tobi: Eye, GrandPro Ikeja, Fri 27 Nov, 9am. Shall I book it?...
    """)


def test_pidgin_books_in_one_message(talk, stack):
    stack.register(MUSA, "Musa Bello")
    talk("""
        Musa: abeg book me for eye, friday aftanoon by 2
        Bot: Musa: Eye, GrandPro Ikeja, Fri 27 Nov, 2pm. Shall I book it?...
        Musa: e correct
        Bot: Booked: Musa...
    """)
