"""Danger, bribes and words without a name are never filed away."""

from sqlalchemy import select

from crm.models import (
    FeedbackInvitation,
    FollowUp,
    Message,
    Severity,
    Topic,
)
from crm.outbox import unseal
from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.feedback_talk.opinions import ASKED, HOUR, comment, follow_ups, said
from tests.conversations.test_interruptions_talk import DESK
from tests.people import ADA, MUSA


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
