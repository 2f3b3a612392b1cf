"""Owners are interrupted, leave, come back, and never see figures without proof."""

from datetime import date, timedelta

from sqlalchemy import select

from crm.models import Message
from tests.conversations.estates import earned, own
from tests.conversations.owner_talk.account import MENU, PROVEN, TIERS, follow_ups_of
from tests.people import AMINA, DANLADI, FOLAKE, OKON
from workers import schedule


def test_another_wish_leaves_a_dispute_but_wrong_amount_is_its_answer(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: query
    Bot: ...Which line is wrong?...
    Danladi: withholding
    Bot: What is wrong with it?...
    Danladi: contract
    Bot: GrandPro Ikeja: you get 10%...
    Danladi: dispute
    Bot: ...Which line is wrong?...
    Danladi: 3
    Bot: What is wrong with it?...
    Danladi: wrong amount
    Bot: Thank you. Finance knows...
    Bot: ...waits while we check something...
    """
    )
    assert [words for _, words in follow_ups_of(stack)] == ["the whole amount: wrong amount"]


def test_on_whatsapp_by_buttons_and_an_old_button_is_stale(talk, stack):
    own(stack, AMINA, terms=TIERS)
    earned(stack, 30_000_000)
    talk("""
        Amina: hello
        Bot: Your account with GrandPro. What would you like to see?
             [My balance] [My payouts] [Statement] [My contract] [Something is wrong] ...
        Amina: [My payouts]
        Bot: This is about money...
        Amina: one two three four
        Bot: That does not match...
        Amina: it ends with 4321
        Bot: October 2026, GrandPro Ikeja: ...Diesel for the generator...
             [Statement] [Something is wrong]
        Amina: [Something is wrong]
        Bot: ...Which line is wrong?...
        Amina: [Statement]
        Bot: That button is from an earlier message.

             ...Which line is wrong?...
        Amina: statement
        Bot: Your statement for October 2026...
    """)


def test_stop_in_the_middle_ends_it_and_start_brings_the_owner_back(talk, stack):
    own(stack, FOLAKE)
    talk("""
        Folake: bal
        Bot: This is about money...
        Folake: stop
        Bot: You will get no more messages from us. To come back, send START.
        Folake: start
        Bot: Welcome back...

             Your ...GrandPro...
    """)


def test_danger_comes_before_money(talk, stack):
    own(stack, DANLADI)
    talk("""
        Danladi: bal
        Bot: This is about money...
        Danladi: my wife cannot breathe
        Bot: This may be an emergency...112...
             1 Go on
             2 Talk to a person
        Danladi: 1
        Bot: This is about money...
        Danladi: 4321
        Bot: ...Send CONTRACT for what we agreed...
    """)


def test_to_a_person_and_back(talk, stack):
    own(stack, DANLADI)
    talk(f"""
        Danladi: person
        Bot: ...Send MENU to go back to the bot.
        Danladi: when will you pay me please
        Bot: Noted. A person will read it. Send MENU to go back to the bot.
        Danladi: menu
        {MENU.strip()}
    """)


def test_within_the_half_day_the_talk_goes_on_where_it_stood(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: dispute
    Bot: ...Which line is wrong?...
    Danladi: 1
    Bot: What is wrong with it?...
    -- 2 hours later --
    Danladi: theatre income is missing
    Bot: Thank you. Finance knows...
    Bot: ...waits while we check something...
    """
    )


def test_two_months_and_a_third_that_is_not_there(talk, stack):
    own(stack, DANLADI)
    for month in (date(2026, 9, 1), date(2026, 10, 1)):
        earned(stack, 10_000_000, month=month)
    talk(
        PROVEN
        + """
    Danladi: payout sept
    Bot: September 2026, GrandPro Ikeja: NGN 900,000.00...
    Danladi: payout for 08/2026
    Bot: We find no payout of yours for that month...
    Danladi: dispute
    Bot: Which payout?
         1 October 2026 - GrandPro Ikeja, NGN 900,000.00
         2 September 2026 - GrandPro Ikeja, NGN 900,000.00
    Danladi: the september one
    Bot: September 2026, NGN 900,000.00. Which line is wrong?...
    Danladi: 0
    Bot: Which payout?...
    """
    )


def test_pidgin_all_the_way(talk, stack):
    own(stack, OKON, language="pcm")
    earned(stack, 12_500_000)
    talk("""
        Okon: how much una go pay me
        Bot: Na money matter...
        Okon: 9999
        Bot: E no match wetin we get. Tries wey remain: 2...
        Okon: 4321
        Bot: Dey wait for approval: NGN 1,125,000.00...
        Okon: wetin be my share
        Bot: GrandPro Ikeja: you dey get 10% of the revenue wey we receive...
        Okon: the money no complete
        Bot: October 2026, NGN 1,125,000.00. Which line no correct?...
        Okon: 3
        Bot: Wetin no correct for am?...
        Okon: una no count theatre money
        Bot: Thank you. Finance don hear wetin you talk...
        Bot: GrandPro HMSO: ...
    """)


def test_what_an_owner_and_we_say_is_kept_as_the_owners(talk, stack):
    id_ = own(stack, DANLADI)
    talk(PROVEN)
    with stack.wiring.transaction() as session:
        said = session.scalars(select(Message.owner_id).order_by(Message.id)).all()
    assert said == [id_] * 4


def test_what_patients_alone_have_leads_an_owner_to_the_owners_menu(talk, stack):
    own(stack, DANLADI)
    talk("""
        Danladi: my appointments
        Bot: Your ...GrandPro...
        Danladi: redeem
        Bot: Your ...GrandPro...
        Danladi: points
        Bot: This is about money...
        Danladi: erase me
        Bot: ...a person will answer...
    """)


def test_days_later_no_word_and_no_old_button_shows_the_figures_again(talk, stack):
    own(stack, AMINA)
    earned(stack, 12_500_000)
    talk("""
        Amina: payout
        Bot: This is about money...
        Amina: 4321
        Bot: October 2026, GrandPro Ikeja: NGN 1,125,000.00...
             [Statement] [Something is wrong]
        -- 3 days later --
        Amina: [Something is wrong]
        Bot: Your ...GrandPro...
        Amina: payout
        Bot: This is about money...
        Amina: 4321
        Bot: October 2026...
        -- 3 days later --
        Amina: help
        Bot: Send BAL for your balance...

             Your ...GrandPro...
    """)


def test_a_survey_the_next_day_brings_no_figures_back(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: dispute
    Bot: October 2026, NGN 1,125,000.00. Which line is wrong?...
    """
    )
    stack.later(timedelta(days=1))
    for job in ("survey", "owners"):
        schedule.run_now(stack.wiring, job)
    stack.work()
    talk("""
    Danladi: 4
    Bot: Thank you. You gave us 4 of 5...
    Danladi: 4
    Bot: How well do we keep you informed?...
    Danladi: 4
    Bot: How clear are our figures and statements?...
    Danladi: 4
    Bot: What should we do better?...
    Danladi: skip
    Bot: Thank you. We read every answer. Send MENU for your account.
    """)


def test_after_another_wish_back_leads_to_the_menu_not_to_a_payout_no_longer_meant(talk, stack):
    own(stack, DANLADI)
    earned(stack, 9_800_000, month=date(2026, 9, 1))
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: payout
    Bot: ...
    Danladi: 2
    Bot: October 2026, NGN 1,125,000.00. Which line is wrong?...
    Danladi: the amount is wrong
    Bot: Which payout?...
    Danladi: 0
    Bot: Your GrandPro account. Pick one:...
    """
    )
