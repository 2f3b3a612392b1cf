"""Points: the balance, what leads where, where each number comes from; and who may see them."""

from datetime import date, timedelta

import pytest

from tests.conversations.members import give
from tests.people import ADA, MUSA


@pytest.fixture
def ada(stack):
    return stack.register(ADA, "Ada Obi")


def test_the_balance_the_tier_and_what_is_missing(talk, stack, ada):
    give(stack, ada, 1_240)
    talk("""
        Ada: my points
        Bot: To show this, we need to know it is you. Please send the patient's date of birth...
        Ada: 25/11/1990
        Bot: Ada: 1,240 points.

             Tier: Bronze. 760 more to be Silver.

             They can be used until 30 Nov 2027.

             What would you like to see?
             [History] [Where from?] [Rewards] [My codes] [Invite a friend]
    """)


def test_a_booking_is_in_the_history_in_words(talk, stack, ada):
    give(stack, ada, 250)
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: how many points I get
        Bot: To show this...
        Ada: 25 november 1990
        Bot: Ada: 260 points...
        Ada: history
        Bot: Ada, newest first:
             22 Nov: +10 for booking
             22 Nov: +250 for payments
             [Where from?] [Rewards]
        Ada: [Where from?]
        Bot: Your points add up like this:
             +250 for payments
             +10 for booking
             = 260

             What you can use, and until when:
             260: 30 Nov 2027

             The tier counts what you earned, not what you use.
             [History] [Rewards]
        Ada: 0
        Bot: Ada, newest first...
    """)


def test_a_long_history_is_paged(talk, stack, ada):
    for points in range(1, 9):
        give(stack, ada, points)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada: 36 points...
        Ada: [History]
        Bot: Ada, newest first:
             22 Nov: +8 for payments...
             22 Nov: +3 for payments
             [Older] [Where from?] [Rewards]
        Ada: [Older]
        Bot: Ada, newest first:
             22 Nov: +2 for payments
             22 Nov: +1 for payments
             [Where from?] [Rewards]
    """)


def test_by_text_message_in_numbers(talk, stack):
    give(stack, stack.register(MUSA, "Musa Bello"), 2_500)
    talk("""
        Musa: POINTS
        Bot: To show this...
        Musa: 25-11-90
        Bot: Musa: 2,500 points.

             Tier: Silver. 2,500 more to be Gold.

             They can be used until 30 Nov 2027.

             What would you like to see?
             1 History
             2 Where from?
             3 Rewards
             4 My codes
             5 Invite a friend
        Musa: 1
        Bot: Musa, newest first:
             22 Nov: +2,500 for payments
             1 Where from?
             2 Rewards
    """)


def test_who_has_none_hears_where_they_come_from(talk, ada):
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada has no points yet. They come from visits you book...
             [Book a visit] [Invite a friend]
        Ada: [Book a visit]
        Bot: GrandPro Ikeja. What do you need?...
    """)


def test_a_wrong_date_of_birth_three_times_shows_nothing(talk, stack, ada):
    give(stack, ada, 100)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: yesterday
        Bot: I could not read that date...
        Ada: 1/1/1980
        Bot: That does not match our records. Tries left: 2...
        Ada: 2/1/1980
        Bot: ...Tries left: 1...
        Ada: 3/1/1980
        Bot: For your safety we stop here for 30 minutes...
        Ada: rewards
        Bot: For your safety we stop here for 30 minutes...
        Ada: my appointments
        Bot: For your safety we stop here...
        -- 31 minutes later --
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada: 100 points...
    """)


def test_the_date_of_birth_is_asked_once_for_every_talk(talk, stack, ada):
    give(stack, ada, 100)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada: 100 points...
        Ada: invite a friend
        Bot: Ada, your code for friends is ...
        Ada: my codes
        Bot: Ada has no codes yet...
        Ada: my appointments
        Bot: You have no visit coming up...
    """)


def test_a_mother_is_asked_for_whom_and_may_say_it_at_once(talk, stack, ada):
    child = stack.register(ADA, "Tola Obi", born_on=date(2019, 5, 1))
    give(stack, ada, 300)
    give(stack, child, 40)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Who is it about?
             [Ada] [Tola]
        Ada: [Tola]
        Bot: Tola: 40 points...
        Ada: [Someone else]
        Bot: Who is it about?...
        Ada: Ada
        Bot: Ada: 300 points...
        Ada: menu
        Bot: What would you like to do?...
        Ada: how many points Tola get
        Bot: Tola: 40 points...
    """)


def test_for_someone_else_who_has_none_a_visit_can_be_booked(talk, stack, ada):
    stack.register(ADA, "Tola Obi", born_on=date(2019, 5, 1))
    give(stack, ada, 300)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Who is it about?...
        Ada: [Ada]
        Bot: Ada: 300 points...
        Ada: [Someone else]
        Bot: Who is it about?...
        Ada: [Tola]
        Bot: Tola has no points yet...
             [Book a visit] [Invite a friend]
        Ada: [Book a visit]
        Bot: GrandPro Ikeja. What do you need?...
        Ada: eye tomorrow 9am
        Bot: Tola: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 9am. Shall I book it?...
    """)


def test_who_is_not_the_phones_own_person_sees_only_themselves(talk, stack, ada):
    child = stack.register(ADA, "Tola Obi", born_on=date(2001, 5, 1))
    give(stack, child, 40)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 1/5/2001
        Bot: Tola: 40 points...
    """)


def test_who_we_do_not_know_registers_first(talk):
    talk("""
        Bisi: my points
        Bot: Welcome to GrandPro Hospitals...
    """)


def test_the_next_day_the_date_of_birth_is_asked_again(talk, stack, ada):
    give(stack, ada, 100)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada: 100 points...
        -- 20 hours later --
        Ada: history
        Bot: Welcome back. You were looking at your points. Shall we go on?...
        Ada: [Go on]
        Bot: To show this, we need to know it is you...
        Ada: 25/11/1990
        Bot: Ada: 100 points...
    """)


def test_points_that_were_used_and_taken_back_are_explained(talk, stack, ada):
    give(stack, ada, 100)
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: my appointments
        Bot: Your next visit...
        Ada: 25/11/1990
        Bot: ...What would you like to do?...
        Ada: [Cancel visit]
        Bot: ...Why can you not come?...
        Ada: [I cannot come]
        Bot: ...is cancelled...
        Ada: points
        Bot: Ada: 100 points...
        Ada: [Where from?]
        Bot: Your points add up like this:
             +100 for payments
             +10 for booking
             -10 taken back
             = 100...
    """)


def test_everything_is_on_the_two_pages_of_the_menu(talk, stack, ada):
    talk("""
        Ada: menu
        Bot: What would you like to do?
             [Book a visit] [My appointments] [My points] [Rewards] [Give feedback]...[More]
        Ada: [My points]
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada has no points yet...
        Ada: menu
        Bot: What would you like to do?...
        Ada: [More]
        Bot: What else would you like to do?
             [My codes] [Invite a friend] [My place in the line] [My settings] [My data] [Menu]
        Ada: [My codes]
        Bot: Ada has no codes yet...
        Ada: menu
        Bot: What would you like to do?...
        Ada: more
        Bot: What else would you like to do?...
        Ada: [My settings]
        Bot: Ada hears from us about: ...
        Ada: menu
        Bot: What would you like to do?...
        Ada: 8
        Bot: What else would you like to do?...
        Ada: 5
        Bot: What we keep about Ada...
        Ada: menu
        Bot: What would you like to do?...
        Ada: [Give feedback]
        Bot: ...
        Ada: menu
        Bot: What would you like to do?...
        Ada: [Rewards]
        Bot: ...
        Ada: menu
        Bot: What would you like to do?...
        Ada: 8
        Bot: What else would you like to do?...
        Ada: my place in the line
        Bot: You are on no waiting list...
    """)


def test_in_pidgin_and_english_mixed(talk, stack, ada):
    give(stack, ada, 100)
    talk("""
        Ada: pidgin
        Bot: We go dey write Pidgin...
        Ada: wetin be my points
        Bot: Make we sure say na you...
        Ada: 25/11/1990
        Bot: Ada: 100 points.

             Tier: Bronze. E remain 1,900 to reach Silver...
        Ada: history abeg
        Bot: Ada, the new ones first:
             22 Nov: +100 for payment...
        Ada: english
        Bot: We will write in English.

             Ada, newest first:
             22 Nov: +100 for payments...
    """)


def test_points_of_another_month_end_when_they_do(talk, stack, ada):
    give(stack, ada, 100)
    stack.clock.move(timedelta(days=12))
    give(stack, ada, 50)
    talk("""
        Ada: points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada: 150 points...100 of them can be used until 30 Nov 2027...
        Ada: explain my points
        Bot: ...
             100: 30 Nov 2027
             50: 31 Dec 2027...
    """)


def test_half_a_day_later_a_word_in_between_asks_again_who_it_is(talk, stack, ada):
    give(stack, ada, 1_240)
    talk("""
        Ada: my points
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Ada: 1,240 points...
        -- 13 hours later --
        Ada: help
        Bot: ...To show this, we need to know it is you...
        Ada: history
        Bot: I could not read that date...
        Ada: 25/11/1990
        Bot: Ada: 1,240 points...
    """)
