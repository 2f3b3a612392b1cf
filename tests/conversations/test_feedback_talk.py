"""After a visit: one number is enough, more is welcome, and danger is never filed away."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm import feedback
from crm.models import (
    FeedbackInvitation,
    FollowUp,
    Message,
    Patient,
    PatientFeedback,
    Severity,
    Topic,
)
from crm.outbox import unseal
from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.test_interruptions_talk import DESK
from tests.people import ADA, MUSA

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _known(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")


def said(stack) -> list[PatientFeedback]:
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(PatientFeedback)))


def comment(stack, row) -> str | None:
    with stack.wiring.transaction() as session:
        return feedback.comment_of(session, row)


def follow_ups(stack) -> list[FollowUp]:
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(FollowUp)))


ASKED = """
        Bot to Ada: Hello Ada, thank you for coming to GrandPro Ikeja. How was your visit...
             [Very poor] [Poor] [Fair] [Good] [Excellent]
"""
ASKED_BY_TEXT = """
        Bot to Musa: Musa: thank you for coming to GrandPro Ikeja...
             1 Very poor
             2 Poor
             3 Fair
             4 Good
             5 Excellent
"""


def test_five_by_a_tap_then_what_it_was_about_then_a_word(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: [Excellent]
        Bot: Thank you. You gave us 5 of 5.

             You get 20 points for it.

             What was it about? You can send several numbers, like 1 3...
             [Waiting time] [Nurses and staff] [The doctor] [Cleanliness] [The bill]...[Skip]
        Ada: [Nurses and staff]
        Bot: Would you like to tell us more?...
             [Skip] [Without my name]
        Ada: The nurse with the red scarf was an angel
        Bot: Thank you. It helps us do better. Send MENU for more.
    """
    )
    (row,) = said(stack)
    assert (row.rating, row.categories) == (5, [Topic.STAFF_COURTESY])
    assert comment(stack, row) == "The nurse with the red scarf was an angel"
    assert follow_ups(stack) == []


def test_two_by_text_message_in_numbers_and_a_call_is_wanted(talk, stack):
    a_past_visit(stack, MUSA)
    ask(stack)
    talk(
        ASKED_BY_TEXT
        + """
        Musa: 2
        Bot: We are sorry that it was not good: 2 of 5. Thank you for telling us.

             You get 20 points for it.

             What was it about?...
             1 Waiting time
             2 Nurses and staff
             3 The doctor...
             9 Skip
        Musa: 1 3
        Bot: Would you like to tell us more?...
             1 Skip
             2 Without my name
        Musa: no
        Bot: May a person of the hospital call you about it?
             1 Yes
             2 No
        Musa: 1
        Bot: Thank you. A person of the hospital will call you within a day.
    """
    )
    (row,) = said(stack)
    assert row.categories == [Topic.WAITING_TIME, Topic.DOCTOR_COMMUNICATION]
    assert row.may_contact
    assert [each.severity for each in follow_ups(stack)] == [Severity.LOW_SCORE]


def test_who_wants_no_call_is_not_called(talk, stack):
    a_past_visit(stack, MUSA)
    ask(stack)
    talk(
        ASKED_BY_TEXT
        + """
        Musa: e bad
        Bot: We are sorry that it was not good: 2 of 5...
        Musa: waiting and staff
        Bot: Would you like to tell us more?...
        Musa: skip
        Bot: May a person of the hospital call you about it?...
        Musa: no
        Bot: Thank you. It helps us do better...
    """
    )
    (row,) = said(stack)
    assert not row.may_contact
    assert row.categories == [Topic.WAITING_TIME, Topic.STAFF_COURTESY]


@pytest.mark.parametrize(
    ("words", "score"),
    [("very good", 5), ("e bad", 2), ("four", 4), ("4/5", 4), ("una try", 4), ("5 stars", 5)],
)
def test_words_are_answers_too(talk, stack, words, score):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + f"""
        Ada: {words}
        Bot: ...{score} of 5...
    """
    )
    assert [row.rating for row in said(stack)] == [score]


def test_a_rating_alone_is_kept_when_the_rest_never_comes(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: 3
        Bot: Thank you. You gave us 3 of 5...
        -- 3 days later --
        Ada: hi
        Bot: Welcome back. You were telling us how your visit was. Shall we go on?...
        Ada: [Go on]
        Bot: What was it about?...
        Ada: the queue
        Bot: We kept what you said before. It is too late to add to it here...
    """
    )
    assert [(row.rating, row.categories) for row in said(stack)] == [(3, [])]


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


def test_danger_in_the_comment_is_answered_first_kept_and_told_at_once(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: [Very poor]
        Bot: We are sorry that it was not good: 1 of 5...
        Ada: 3
        Bot: Would you like to tell us more?...
        Ada: after the operation my wife is bleeding and cannot breathe
        Bot: This may be an emergency...Call 112 now...We have told our desk.
             [Go on] [Talk to a person]
        Ada: [Go on]
        Bot: What would you like to do?...
    """
    )
    (row,) = said(stack)
    assert comment(stack, row) == "after the operation my wife is bleeding and cannot breathe"
    assert [each.severity for each in follow_ups(stack)] == [Severity.URGENT]
    alerts = [message.body for message in stack.heard_by(DESK)]
    assert len(alerts) == 2
    assert all("URGENT" in alert for alert in alerts)


def test_a_rating_told_in_danger_is_kept_too(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: 1, my wife is bleeding
        Bot: This may be an emergency...Call 112 now...We have told our desk.
             [Go on] [Talk to a person]
        Ada: [Go on]
        Bot: May a person of the hospital call you about it?
             [Yes] [No]
        Ada: yes
        Bot: Thank you. A person of the hospital will call you within a day.
    """
    )
    (row,) = said(stack)
    assert (row.rating, row.may_contact) == (1, True)
    assert comment(stack, row) == "my wife is bleeding"
    assert [each.severity for each in follow_ups(stack)] == [Severity.URGENT]
    assert len(stack.heard_by(DESK)) == 2


def test_a_rating_told_in_danger_where_the_talk_asks_for_it(talk, stack):
    a_past_visit(stack, MUSA)
    talk("""
        Musa: feedback
        Bot: How was Musa's last visit to us?...
        Musa: very bad. my wife is bleeding
        Bot: This may be an emergency...Call 112 now...
             1 Go on
             2 Talk to a person
        Musa: 1
        Bot: May a person of the hospital call you about it?...
    """)
    (row,) = said(stack)
    assert (row.rating, comment(stack, row)) == (1, "my wife is bleeding")


def test_danger_without_a_rating_rates_nothing(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: my wife is bleeding
        Bot: This may be an emergency...Call 112 now...
        Ada: [Go on]
        Bot: What would you like to do?...
        Ada: [Good]
        Bot: Thank you. You gave us 4 of 5...
    """
    )
    assert [row.rating for row in said(stack)] == [4]


def test_a_bribe_is_told_to_the_desk_at_once(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: [Good]
        Bot: Thank you. You gave us 4 of 5...
        Ada: [Skip]
        Bot: Would you like to tell us more?...
        Ada: the cashier asked for a bribe
        Bot: Thank you for telling us. This cannot wait...
    """
    )
    assert [each.severity for each in follow_ups(stack)] == [Severity.URGENT]
    assert ["URGENT complaint" in message.body for message in stack.heard_by(DESK)] == [True]


def test_without_a_name_nothing_leads_back_to_who_said_it(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: [Poor]
        Bot: We are sorry that it was not good: 2 of 5...
        Ada: [Nurses and staff]
        Bot: Would you like to tell us more?...
        Ada: [Without my name]
        Bot: Your name will not be kept with it. Write what you want to say.
             [Skip]
        Ada: the matron shouts at everybody
        Bot: Thank you. We kept it without your name...
    """
    )
    (row,) = said(stack)
    assert row.is_anonymous
    assert (row.patient_id, row.appointment_id, row.practitioner_id) == (None, None, None)
    assert (row.rating, row.categories) == (2, [Topic.STAFF_COURTESY])
    assert comment(stack, row) == "the matron shouts at everybody"
    with stack.wiring.transaction() as session:
        (follow_up,) = session.scalars(select(FollowUp))
        assert follow_up.feedback_id == row.id
        assert follow_up.opened_at.minute == 0
        invitation = session.scalars(select(FeedbackInvitation)).one()
        assert invitation.answered_at < stack.wiring.now() - HOUR
        bodies = [
            unseal(session.info["vault"], message.body_sealed, row=message.id).text
            if message.direction == "out"
            else session.info["vault"].open(
                message.body_sealed, where="messages.body", row=message.id
            )
            for message in session.scalars(select(Message))
        ]
    assert not any("matron" in body for body in bodies)


def test_thanks_is_a_comment_where_one_is_asked_for(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: 5
        Bot: Thank you. You gave us 5 of 5...
        Ada: skip
        Bot: Would you like to tell us more?...
        Ada: thank you
        Bot: Thank you. It helps us do better...
    """
    )


@pytest.mark.parametrize("words", ["2 because the nurse was rude", "e bad, the nurse was rude"])
def test_the_number_and_the_reason_in_one_message_are_both_kept(talk, stack, words):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + f"""
        Ada: {words}
        Bot: We are sorry that it was not good: 2 of 5...

             May a person of the hospital call you about it?
             [Yes] [No]
        Ada: yes
        Bot: Thank you. A person of the hospital will call you within a day.
    """
    )
    (row,) = said(stack)
    assert (row.rating, row.categories) == (2, [Topic.STAFF_COURTESY])
    assert "the nurse was rude" in comment(stack, row)


def test_asked_by_the_word_the_reason_may_come_with_the_number_too(talk, stack):
    a_past_visit(stack, ADA)
    talk("""
        Ada: feedback
        Bot: How was Ada's last visit to us?...
        Ada: 5. The doctor explained everything to me
        Bot: Thank you. You gave us 5 of 5.

             You get 20 points for it.

             Thank you. It helps us do better...
    """)
    (row,) = said(stack)
    assert comment(stack, row) == "The doctor explained everything to me"


def test_an_hour_is_no_rating(talk, stack):
    a_past_visit(stack, ADA)
    ask(stack)
    talk(
        ASKED
        + """
        Ada: 2 pm tomorrow
        Bot: ...GrandPro Ikeja. What do you need?...
    """
    )
    assert said(stack) == []
