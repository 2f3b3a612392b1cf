"""When one wishes to come: days and hours, closed, full or passed; the soonest; and back again."""

import pytest

from tests.people import ADA, MUSA


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


def test_a_day_that_is_closed_offers_days_with_room(talk):
    talk("""
        Ada: book eye on 25/12
        Bot: There is no clinic for this on Fri 25 Dec. These days have room.

             Which day?...
             [Tue 29 Dec]...
    """)


def test_an_hour_on_a_closed_day_is_kept_for_the_day_that_is_chosen(talk):
    talk("""
        Ada: book eye next sunday by 2
        Bot: There is no clinic for this on Sun 29 Nov. These days have room.

             Which day?...
             [Mon 30 Nov]...
        Ada: monday
        Bot: Ada: Eye, GrandPro Ikeja, Mon 30 Nov, 2pm. Shall I book it?...
    """)


def test_a_day_that_has_passed_is_said_so(talk):
    talk("""
        Ada: book eye on 20/11
        Bot: That day has passed.

             Which day?...
    """)


def test_part_of_a_day_lists_its_times(talk):
    talk("""
        Ada: book eye tue morning pls
        Bot: Tue 24 Nov. What time?
             [8am] [8:30am] [9am] [9:30am] [10am] [10:30am] [11am] [11:30am] [Another day]
        Ada: half past nine
        Bot: ...Tue 24 Nov, 9:30am. Shall I book it?...
    """)


def test_a_week_lists_its_days_and_a_sunday_has_no_waiting_list(talk):
    talk("""
        Ada: book eye next week
        Bot: Which day?...
             [tomorrow, Mon 23 Nov] ...[Sat 28 Nov]
        Ada: sunday
        Bot: There is no clinic for this on ...Sun 29 Nov. These days have room.

             Which day?...[Mon 7 Dec]
    """)


def test_hours_that_are_not_held_lead_to_the_times_of_that_day(talk):
    talk("""
        Ada: book eye thursday after 5:30pm
        Bot: That time is not free. These are the nearest.

             Thu 26 Nov. What time?
             [8am]...[4:30pm] [Another day]
    """)


def test_where_no_numbers_are_shown_nine_is_nine_in_the_morning(talk):
    talk("""
        Ada: book eye tue morning
        Bot: Tue 24 Nov. What time?
             [8am] [8:30am] [9am] [9:30am] [10am] [10:30am] [11am] [11:30am] [Another day]
        Ada: 9
        Bot: ...Tue 24 Nov, 9am. Shall I book it?...
    """)


def test_a_list_of_days_taken_up_the_next_day_has_none_that_has_passed(talk):
    talk("""
        Ada: book eye
        Bot: Which day?...
             [tomorrow, Mon 23 Nov] [Tue 24 Nov]...
        -- 2 days later --
        Ada: hello
        Bot: Welcome back...
        Ada: [Go on]
        Bot: Which day?...
             [today, Tue 24 Nov] [tomorrow, Wed 25 Nov]...
    """)


def test_one_hour_of_any_day_brings_that_hour_of_each(talk):
    talk("""
        Ada: book eye any day next week by 3
        Bot: Mon 23 Nov - Sun 29 Nov, 3pm. What time?
             [Mon 23 Nov, 3pm] [Tue 24 Nov, 3pm]...[Another day]
        Ada: tuesday
        Bot: Ada: Eye, GrandPro Ikeja, Tue 24 Nov, 3pm. Shall I book it?...
        Ada: another time
        Bot: Which day?...
        Ada: any day next week after 3
        Bot: Mon 23 Nov - Sun 29 Nov, from 3pm. What time?...
        Ada: wednesday
        Bot: Wed 25 Nov. What time?
             [3pm] [3:30pm] [4pm] [4:30pm] [Another day]
    """)


def test_an_hour_at_which_no_time_begins_brings_the_nearest_of_each_day(talk):
    talk("""
        Ada: book dental any day next week by 3
        Bot: That time is not free. These are the nearest.

             Mon 23 Nov - Fri 27 Nov. What time?
             [Mon 23 Nov, 2:45pm]...[Another day]
    """)


def test_who_wants_the_soonest_gets_the_first_day_that_has_times(talk):
    talk("""
        Ada: i need eye doctor as soon as possible
        Bot: Tomorrow, Mon 23 Nov. What time?
             [8am]...[Another day]
        Ada: the earliest one
        Bot: Ada: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 8am. Shall I book it?...
        Ada: asap
        Bot: Tomorrow, Mon 23 Nov. What time?...
        Ada: another day
        Bot: Which day?...
        Ada: the earliest next week after 2
        Bot: Tomorrow, Mon 23 Nov. What time?
             [2pm]...
    """)


def test_the_soonest_is_noted_where_another_question_comes_first(talk):
    talk("""
        Ada: i wan book sharp sharp
        Bot: Noted: as soon as possible.

             GrandPro Ikeja. What do you need?...
        Ada: eye
        Bot: Tomorrow, Mon 23 Nov. What time?...
    """)


def test_back_from_another_day_shows_the_times_of_the_week_again(talk):
    talk("""
        Ada: book eye any day next week after 4
        Bot: Mon 23 Nov - Sun 29 Nov, from 4pm. What time?...[Another day]
        Ada: another day
        Bot: Which day?...
        Ada: back
        Bot: Mon 23 Nov - Sun 29 Nov, from 4pm. What time?...[Another day]
        Ada: 1
        Bot: Ada: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 4pm. Shall I book it?...
    """)


def test_a_date_of_birth_is_no_day_to_come(talk):
    talk("""
        Ada: book a visit
        Bot: GrandPro Ikeja. What do you need?...
        Ada: 4/5/2019
        Bot: Please pick one of these...
        Ada: book eye for 4 may 2019
        Bot: That day has passed...
    """)
