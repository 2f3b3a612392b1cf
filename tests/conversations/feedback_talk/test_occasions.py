"""Late, in the middle of something else, asked for, or of somebody in the family."""

from crm.models import (
    Patient,
    Topic,
)
from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.feedback_talk.opinions import ASKED, ASKED_BY_TEXT, comment, said
from tests.people import ADA, MUSA


def test_a_late_answer_counts_for_two_weeks(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        -- 13 days later --
        Ada: [Good]
        Bot: Thank you. You gave us 4 of 5...
    """
    )
    assert [row.rating for row in said(stack)] == [4]


def test_after_two_weeks_there_is_nothing_to_ask_about_but_a_person(talk, stack):
    a_past_visit(stack, MUSA)
    ask(stack)
    talk(
        ASKED_BY_TEXT
        + """
        -- 15 days later --
        Musa: feedback
        Bot: We find no visit of the last two weeks to ask about...
             1 Talk to a person
             2 Menu
        Musa: 1
        Bot: ...answer...
    """
    )
    assert said(stack) == []


def test_a_tap_on_a_question_that_is_over_is_told_so(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        -- 15 days later --
        Ada: [Good]
        Bot: That question is over...
    """
    )
    assert said(stack) == []


def test_a_digit_in_the_middle_of_a_booking_rates_and_the_booking_goes_on(talk, stack):
    a_past_visit(stack, MUSA)
    talk("""
        Musa: book
        Bot: GrandPro Ikeja. What do you need?...
        -- 20 minutes later --
        Bot: Musa: thank you for coming to GrandPro Ikeja...
             1 Very poor...
        Musa: 4
        Bot: Thank you. You gave us 4 of 5...
        Musa: 9
        Bot: Would you like to tell us more?...
        Musa: 1
        Bot: Thank you. It helps us do better. Send MENU for more.

             GrandPro Ikeja. What do you need?...
        Musa: 5
        Bot: Which day?...
    """)
    assert [row.rating for row in said(stack)] == [4]


def test_the_word_feedback_speaks_of_the_last_visit_without_being_asked(talk, stack):
    a_past_visit(stack, ADA)
    talk("""
        Ada: I get complain
        Bot: How was Ada's last visit to us?
             [Very poor] [Poor] [Fair] [Good] [Excellent]
        Ada: wetin?
        Bot: Please send one number from 1, very poor, to 5, excellent...
        Ada: [Poor]
        Bot: We are sorry that it was not good: 2 of 5...
    """)
    assert [row.rating for row in said(stack)] == [2]


def test_on_a_family_phone_it_is_asked_whose_visit_it_was(talk, stack):
    stack.register(ADA, "Chidi Obi")
    a_past_visit(stack, ADA, "Ada Obi")
    a_past_visit(stack, ADA, "Chidi Obi")
    talk("""
        Ada: feedback
        Bot: Whose visit would you like to talk about?
             [Ada] [Chidi]
        Ada: chidi
        Bot: How was Chidi's last visit to us?...
        Ada: very good
        Bot: Thank you. You gave us 5 of 5...
    """)
    (row,) = said(stack)
    with stack.wiring.transaction() as session:
        assert session.get_one(Patient, row.patient_id).full_name == "Chidi Obi"


def test_another_number_within_the_day_takes_the_place_of_the_first(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: [Very poor]
        Bot: We are sorry that it was not good: 1 of 5...
        Ada: menu
        Bot: What would you like to do?...
        Ada: [Excellent]
        Bot: We changed it to 5 of 5.

             Thank you. It helps us do better...
        -- 2 days later --
        Ada: [Good]
        Bot: You have told us about this visit already...
    """
    )
    assert [row.rating for row in said(stack)] == [5]


def test_what_happened_told_in_one_breath_is_kept_as_it_is(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: [Fair]
        Bot: Thank you. You gave us 3 of 5...
        Ada: I waited three hours and the toilet was dirty
        Bot: Thank you. It helps us do better...
    """
    )
    (row,) = said(stack)
    assert set(row.categories) == {Topic.WAITING_TIME, Topic.CLEANLINESS}
    assert comment(stack, row) == "I waited three hours and the toilet was dirty"
