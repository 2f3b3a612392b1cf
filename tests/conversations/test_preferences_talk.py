"""Preferences: what about, where, when, in which language; each change with its proof."""

from datetime import date, time

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import patients
from crm.models import Consent, Patient, Suppression
from tests.people import ADA, MUSA

KNOWN = """
        Ada: preferences
        Bot: To show this...
        Ada: 25/11/1990
"""
NOW_ON = """
        Bot: Ada hears from us about: Reminders, Feedback, News of my points. On: WhatsApp...
             [Reminders] [Feedback] [News and offers] [News of my points] [Quiet hours]...
"""


@pytest.fixture
def ada(stack):
    return stack.register(ADA, "Ada Obi")


def said(stack, purpose: str) -> list[Consent]:
    with stack.wiring.transaction() as session:
        query = select(Consent).where(Consent.purpose == purpose).order_by(Consent.id)
        return list(session.scalars(query))


def patient(stack, id_) -> Patient:
    with stack.wiring.transaction() as session:
        return session.get_one(Patient, id_)


def test_news_are_off_until_they_are_turned_on_and_the_words_are_kept(talk, stack, ada):
    talk(
        KNOWN
        + NOW_ON
        + """
        Ada: [News and offers]
        Bot: Noted. On: News and offers.

             Ada hears from us about: Reminders, Feedback, News and offers, News of my points...
        Ada: news
        Bot: Noted. Off: News and offers.

             Ada hears from us about: Reminders, Feedback, News of my points...
    """
    )
    yes, no = said(stack, "marketing")
    assert (yes.is_granted, no.is_granted) == (True, False)
    assert (yes.wording, yes.source) == ("preferences-2026-11", "whatsapp")
    assert yes.proof_message_id is not None


def test_without_reminders_nobody_can_warn_so_it_is_asked(talk, stack, ada):
    talk(
        KNOWN
        + NOW_ON
        + """
        Ada: reminders
        Bot: Without reminders nobody can warn Ada when a visit moves. Switch them off all the same?
             [Yes] [No]
        Ada: no
        Bot: Ada hears from us about: Reminders, ...
        Ada: 1
        Bot: Without reminders nobody can warn Ada...
        Ada: yes
        Bot: Noted. Off: Reminders.

             Ada hears from us about: Feedback, News of my points...
    """
    )
    assert [c.is_granted for c in said(stack, "reminder")] == [False]


def test_quiet_hours_in_words(talk, stack, ada):
    talk(
        KNOWN
        + NOW_ON
        + """
        Ada: [Quiet hours]
        Bot: When should we send nothing? Say it, like "not before 9" or "from 9pm to 7am".
             [9pm to 7am] [No quiet hours]
        Ada: blue
        Bot: Please say from when to when...
        Ada: not before 9
        Bot: Noted.

             ...Quiet from 9pm to 9am...
        Ada: blue
        Bot: Please pick what to change...
        Ada: 10pm to 6:30am
        Bot: Noted.

             ...Quiet from 10pm to 6:30am...
        Ada: [Quiet hours]
        Bot: When should we send nothing?...
        Ada: [No quiet hours]
        Bot: Noted.

             ...No quiet hours of your own...
    """
    )
    assert patient(stack, ada).quiet_start is None


def test_no_messages_at_night_is_enough_to_say(talk, stack, ada):
    talk("""
        Ada: don't text me at night
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Noted.

             ...Quiet from 9pm to 7am...
    """)
    assert patient(stack, ada).quiet_start == time(21)


def test_which_channel_comes_first(talk, stack, ada):
    with stack.wiring.transaction() as session:
        patients.hold(session, ada, Channel.SMS, ADA.number, now=stack.wiring.now())
    talk(
        KNOWN
        + """
        Bot: ...
        Ada: [WhatsApp or SMS]
        Bot: Where should we write to first?
             [WhatsApp] [SMS]
        Ada: sms
        Bot: Noted.

             ...On: SMS...
    """
    )
    assert patient(stack, ada).preferred_channel is Channel.SMS


def test_one_channel_alone_leaves_nothing_to_choose(talk, ada):
    talk(
        KNOWN
        + NOW_ON
        + """
        Ada: [WhatsApp or SMS]
        Bot: We have only one way to reach you: WhatsApp...
    """
    )


def test_stop_everything_and_start_again(talk, stack, ada):
    talk(
        KNOWN
        + NOW_ON
        + """
        Ada: [Stop everything]
        Bot: Stop all messages to this number, reminders too? We still answer when you write.
             [Yes] [No]
        Ada: [Yes]
        Bot: You will get no more messages from us. To come back, send START.
        Ada: settings
        Bot: Ada hears from us about: nothing. On: nowhere...[Start again]
        Ada: [Start again]
        Bot: Welcome back. You will hear from us again.

             Ada hears from us about: Reminders, Feedback, News of my points. On: WhatsApp...
    """
    )
    with stack.wiring.transaction() as session:
        assert not session.scalars(select(Suppression).where(Suppression.lifted_at.is_(None))).all()
    assert [c.is_granted for c in said(stack, "all")] == [False, True]


def test_by_text_message_in_two_languages(talk, stack):
    stack.register(MUSA, "Musa Bello")
    talk("""
        Musa: how una go dey message me
        Bot: To show this...
        Musa: 25/11/1990
        Bot: Settings of Musa. What should change?
             1 Reminders - on
             2 Feedback - on
             3 News and offers - off
             4 News of my points - on
             5 Quiet hours - none
             6 WhatsApp or SMS - SMS
             7 Change language - English
             8 Stop everything - reminders too
        Musa: pidgin
        Bot: We go dey write Pidgin.

             Settings of Musa...
        Musa: 2
        Bot: We don note am. Off: Feedback...
        Musa: 7
        Bot: Which language make we use?...
    """)
    assert [c.is_granted for c in said(stack, "survey")] == [False]


def test_for_the_child_only(talk, stack, ada):
    tola = stack.register(ADA, "Tola Obi", born_on=date(2019, 5, 1))
    talk(
        KNOWN
        + """
        Bot: Who is it about?
             [Ada] [Tola]
        Ada: [Tola]
        Bot: Tola hears from us about: ...
        Ada: feedback
        Bot: Noted. Off: Feedback...
    """
    )
    assert [c.patient_id for c in said(stack, "survey")] == [tola]
