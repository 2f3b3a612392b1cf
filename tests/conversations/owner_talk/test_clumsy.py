"""Owners in clumsy words: slips, wrong digits, months that are not there."""

from tests.conversations.estates import earned, own
from tests.conversations.owner_talk.account import PROVEN, alerts
from tests.people import DANLADI, OKON


def test_clumsy_words_two_languages_and_a_slip_are_understood(talk, stack):
    own(stack, OKON, language="pcm")
    earned(stack, 12_500_000)
    talk("""
        Okon: good morning
        Bot: Your ...GrandPro...
             1 My balance...
        Okon: how my money dey
        Bot: Na money matter, so first: wetin be the last 4 digits...
        Okon: i no sabi am oo
        Bot: Abeg send 4 digits...
        Okon: na 4 3 2 1
        Bot: Dey wait for approval: NGN 1,125,000.00...
        Okon: english
        Bot: We will write in English.

             Your ...GrandPro...
        Okon: my paymnt
        Bot: Sorry, I did not understand...
        Okon: statment oct
        Bot: ...
    """)


def test_wrong_digits_three_times_lock_for_half_an_hour(talk, stack):
    own(stack, DANLADI)
    talk("""
        Danladi: bal
        Bot: This is about money...
        Danladi: 1111
        Bot: That does not match our records. Tries left: 2.

             This is about money...
        Danladi: 2222
        Bot: ...Tries left: 1...
        Danladi: 3333
        Bot: For your safety we stop here for 30 minutes. Send PERSON to talk to us.
        Danladi: bal
        Bot: For your safety we stop here...
        -- 31 minutes later --
        Danladi: contract
        Bot: This is about money...
        Danladi: 4321
        Bot: GrandPro Ikeja: you get 10%...
    """)


def test_who_has_no_account_on_file_is_led_to_a_person(talk, stack):
    own(stack, DANLADI, has_account=False)
    talk("""
        Danladi: bal
        Bot: We have no bank account of yours on file...Send PERSON to talk to us.
        Danladi: person
        Bot: ...
    """)
    [alert] = alerts(stack)
    assert "an owner on SMS, number ending 0021, asked for a person" in alert


def test_no_payout_of_that_month_and_none_at_all(talk, stack):
    own(stack, DANLADI)
    talk(
        PROVEN
        + """
    Danladi: payout
    Bot: There is no payout of yours yet. Send CONTRACT for what we agreed, MENU for more.
    Danladi: payout march
    Bot: We find no payout of yours for that month. Send PAYOUT for the newest, MENU for more.
    """
    )


def test_another_word_in_the_middle_of_the_proof_changes_what_is_asked(talk, stack):
    own(stack, DANLADI)
    talk("""
        Danladi: bal
        Bot: This is about money...
        Danladi: contract
        Bot: This is about money...
        Danladi: 4321
        Bot: GrandPro Ikeja: you get 10%...
    """)


def test_help_says_the_words_and_keeps_the_place(talk, stack):
    own(stack, DANLADI)
    talk("""
        Danladi: bal
        Bot: This is about money...
        Danladi: help
        Bot: Send BAL for your balance, ...To talk to us, call +234...

             This is about money...
    """)


def test_the_next_day_the_proof_is_asked_again(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: payout
    Bot: October 2026...
    -- 13 hours later --
    Danladi: 1
    Bot: Your ...GrandPro...
    Danladi: payout
    Bot: This is about money...
    """
    )
