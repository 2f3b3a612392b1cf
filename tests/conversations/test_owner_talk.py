"""Owners ask about their money, in words and digits, with proof, and say what is wrong."""

import re
from datetime import date, timedelta
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy import select

from crm import follow_ups
from crm.contracts import Deduction, Terms, Tier
from crm.follow_ups import Wanted
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Role
from crm.models import (
    Basis,
    ContractModel,
    Conversation,
    FollowUp,
    Message,
    PayoutStatus,
    Purpose,
    Severity,
    TaxCategory,
)
from crm.outbox import unseal
from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.estates import approve, earned, own, pay, payout_of, step
from tests.crm.estate import staff
from tests.people import ADA, AMINA, DANLADI, FOLAKE, HALIMA, OKON
from workers import schedule

MENU = """
    Bot: Your GrandPro account. Pick one:
         1 My balance
         2 My payouts
         3 Statement
         4 My contract
         5 Something is wrong
         6 Book a visit
         7 Talk to a person
         8 Change language
"""
PROVEN = """
    Danladi: bal
    Bot: This is about money...last 4 digits of the bank account...
    Danladi: 4321
    Bot: ...Send CONTRACT for what we agreed...
"""
TIERS = Terms(
    model=ContractModel.MARGINAL_TIERS,
    tiers=(Tier(500_000_000, 1_000), Tier(1_000_000_000, 800), Tier(None, 500)),
    minimum_guarantee_kobo=60_000_000,
    cap_kobo=500_000_000,
    basis=Basis.BILLED,
    tax_category=TaxCategory.RENT,
    deductions=(
        Deduction("generator", "Diesel for the generator", amount_kobo=7_500_000),
        Deduction("repairs", "Repairs of the theatre roof", amount_kobo=12_000_000),
        Deduction("levy", "Estate levy", bps=150),
    ),
)


def follow_ups_of(stack):
    with stack.wiring.transaction() as session:
        found = session.scalars(select(FollowUp).order_by(FollowUp.opened_at)).all()
        return [(row, follow_ups.words_of(session, row)) for row in found]


def talk_of(stack, person) -> Conversation:
    with stack.wiring.transaction() as session:
        query = select(Conversation).order_by(Conversation.heard_at.desc().nulls_last())
        return session.scalars(query).first()


# -- the happy way --------------------------------------------------------------------------------


def test_the_balance_after_a_proof_and_nothing_is_asked_twice(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(f"""
        Danladi: hi
        {MENU.strip()}
        Danladi: 1
        Bot: This is about money, so first: what are the last 4 digits of the bank account...
        Danladi: 4321
        Bot: Waiting for approval: NGN 1,125,000.00. Nothing was paid...
        Danladi: payout oct
        Bot: October 2026, GrandPro Ikeja: NGN 1,125,000.00, waiting for approval. Reference...
             Share of the revenue: NGN 1,250,000.00. 10% of the revenue received, NGN 12,500,000.00.
             Withholding tax: -NGN 125,000.00. 10% of NGN 1,250,000.00, kept for the tax office...
             1 Statement
             2 Something is wrong
        Danladi: contract
        Bot: GrandPro Ikeja: you get 10% of the revenue received. In force since 1 Jan 2026...
    """)
    assert talk_of(stack, DANLADI).owner_id == id_


def test_what_the_bank_did_not_take_is_not_called_on_its_way(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    for to in (PayoutStatus.APPROVED, PayoutStatus.PROCESSING, PayoutStatus.FAILED):
        step(stack, id_, to)
    stack.later(timedelta(days=4))
    talk("""
        Danladi: bal
        Bot: This is about money...
        Danladi: 4321
        Bot: Not taken by the bank, we try again: NGN 1,125,000.00. Nothing was paid...
    """)


def test_after_a_payment_the_balance_says_what_came_last(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    pay(stack, id_)
    stack.later(timedelta(minutes=5))
    talk("""
        Danladi: my balance
        Bot: ...Last paid: NGN 1,125,000.00 on 22 Nov 2026, for October 2026. Send PAYOUT...
    """)


RENT = Terms(model=ContractModel.FIXED, fixed_kobo=100_000_000, tax_category=TaxCategory.RENT)
RENT_AND_SHARE = Terms(
    model=ContractModel.HYBRID,
    fixed_kobo=50_000_000,
    share_bps=250,
    minimum_guarantee_kobo=75_000_000,
    tax_category=TaxCategory.RENT,
)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (RENT, "NGN 1,000,000.00 a month. In force since 1 Jan 2026, without an end."),
        (
            RENT_AND_SHARE,
            (
                "NGN 500,000.00 a month and 2.5% of the revenue received. "
                "At least NGN 750,000.00 a month is guaranteed. In force since ..."
            ),
        ),
        (
            TIERS,
            (
                "a share of the revenue billed: 10% up to NGN 5,000,000.00, "
                "8% up to NGN 10,000,000.00, "
                "5% above that, each part at its own rate. At least NGN 600,000.00 a month is "
                "guaranteed. At most NGN 5,000,000.00 a month is paid. In force since ..."
            ),
        ),
    ],
)
def test_each_kind_of_contract_is_said_in_a_sentence(talk, stack, terms, said):
    own(stack, DANLADI, terms=terms)
    talk(f"{PROVEN}\n    Danladi: contract\n    Bot: GrandPro Ikeja: you get {said}")


def test_a_payout_of_many_lines_comes_in_pages_of_three_parts(talk, stack):
    own(stack, DANLADI, terms=TIERS)
    earned(stack, 30_000_000)
    talk(
        PROVEN
        + """
    Danladi: PAYOUT
    Bot: October 2026, GrandPro Ikeja: ...
         1 More
         2 Statement
         3 Something is wrong
    Danladi: 1
    Bot: ...Diesel for the generator...
    """
    )
    assert max(segments(stack, DANLADI)) <= 3


def segments(stack, person):
    return [message.segments for message in stack.heard_by(person)]


def test_a_statement_opens_by_its_link_for_a_week(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: abeg send my statement for october
    Bot: Your statement for October 2026, GrandPro Ikeja: http...pdf
         It opens without signing in, for 7 days. Please do not pass it on.
    """
    )
    link = re.search(r"http\S+", stack.heard_by(DANLADI)[-1].body)[0]
    with urlopen(link) as answer:
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.read(5) == b"%PDF-"
    assert status_of(link.replace("/statements/", "/statements/0")) == 404
    stack.clock.move(timedelta(days=7, minutes=1))
    assert status_of(link) == 410


def test_the_link_to_a_payout_that_was_rejected_leads_nowhere(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: statement
    Bot: Your statement for October 2026...
    """
    )
    link = re.search(r"http\S+", stack.heard_by(DANLADI)[-1].body)[0]
    step(stack, id_, PayoutStatus.REJECTED)
    assert status_of(link) == 404


def status_of(link: str) -> int:
    try:
        with urlopen(link) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.code


# -- clumsy ---------------------------------------------------------------------------------------


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


def alerts(stack):
    with stack.wiring.transaction() as session:
        rows = session.scalars(select(Message).where(Message.purpose == Purpose.ALERT)).all()
        vault = session.info["vault"]
        return [unseal(vault, row.body_sealed, row=row.id).text for row in rows]


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


# -- notices --------------------------------------------------------------------------------------


def test_the_first_answer_to_a_notice_needs_no_proof_and_the_second_does(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    approve(stack, id_)
    stack.later(timedelta(hours=2))
    talk("""
        Danladi: payout
        Bot: October 2026, GrandPro Ikeja: NGN 1,125,000.00, approved, due on 2 Dec 2026...
             1 Statement
             2 Something is wrong
        Danladi: 1
        Bot: This is about money...
        Danladi: 4321
        Bot: Your statement for October 2026...
    """)


def test_an_old_notice_opens_nothing(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    approve(stack, id_)
    stack.later(timedelta(days=4))
    talk("""
        Danladi: payout
        Bot: This is about money...
    """)


def test_every_event_is_told_in_at_most_two_parts_that_ask_for_no_answer(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    for to in (
        "on_hold",
        "pending_approval",
        "approved",
        "processing",
        "failed",
        "processing",
        "completed",
        "reversed",
    ):
        step(stack, id_, PayoutStatus(to))
    said = [message.body for message in stack.heard_by(DANLADI)]
    assert [word for text in said for word in WORDS_OF_EVENTS if word in text] == WORDS_OF_EVENTS
    assert max(segments(stack, DANLADI)) <= 2
    assert not [
        text for text in said if re.search(r"\b(?:reply|send|answer)\b", text, re.IGNORECASE)
    ]


WORDS_OF_EVENTS = [
    "waits while we check",
    "is approved",
    "did not take",
    "was paid on",
    "came back",
]


# -- what is wrong --------------------------------------------------------------------------------


def test_a_disputed_payout_waits_and_finance_knows_why(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: dispute
    Bot: October 2026, NGN 1,125,000.00. Which line is wrong?
         1 Share of the revenue - NGN 1,250,000.00
         2 Withholding tax - NGN -125,000.00
         3 The whole amount - NGN 1,125,000.00
    Danladi: 1
    Bot: What is wrong with it? Please write it in a few words.
    Danladi: 2
    Bot: Please write in a few words what is wrong, or send MENU.
    Danladi: The amount is wrong, theatre income of 12 October is missing
    Bot: Thank you. Finance knows what you say of your payout for October 2026, PO2610-...
    Bot: GrandPro HMSO: your payout for October 2026, NGN 1,125,000.00, waits while we...
    """
    )
    [(row, words)] = follow_ups_of(stack)
    payout = payout_of(stack, id_)
    assert (row.payout_id, row.severity, row.hospital_id) == (
        payout.id,
        Severity.DISPUTE,
        payout.hospital_id,
    )
    assert (
        words
        == "Share of the revenue: The amount is wrong, theatre income of 12 October is missing"
    )
    assert (payout.status, payout.status_reason) == (
        PayoutStatus.ON_HOLD,
        "The owner disputes: Share of the revenue",
    )
    assert any(f"an owner disputes payout {payout.reference}" in text for text in alerts(stack))
    assert sees(stack, Role.FINANCE) == sees(stack, Role.ADMIN) == 1
    assert sees(stack, Role.COMMUNICATIONS) == 0


def sees(stack, role) -> int:
    with stack.wiring.transaction() as session:
        found = follow_ups.search(
            session,
            Wanted(),
            scope=EVERYTHING,
            by=staff(role),
            page=PageRequest(),
            now=stack.wiring.now(),
        )
        return len(found.items)


def test_a_paid_payout_is_disputed_twice_and_stays_paid(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    pay(stack, id_)
    stack.later(timedelta(hours=1))
    talk("""
        Danladi: the money no complete
        Bot: This is about money...
        Danladi: 4321
        Bot: October 2026, NGN 1,125,000.00. Which line is wrong?...
        Danladi: whole amount
        Bot: What is wrong with it?...
        Danladi: only 1,000,000 came to my bank
        Bot: Thank you. Finance knows...
        Danladi: payout
        Bot: October 2026...
        Danladi: something is wrong
        Bot: ...Which line is wrong?...
        Danladi: 2
        Bot: What is wrong with it?...
        Danladi: the tax is too high
        Bot: Thank you. Finance knows...
    """)
    [(_, words)] = follow_ups_of(stack)
    assert (
        words
        == "the whole amount: only 1,000,000 came to my bank\nWithholding tax: the tax is too high"
    )
    assert payout_of(stack, id_).status is PayoutStatus.COMPLETED
    assert len([text for text in alerts(stack) if "disputes" in text]) == 1


def test_menu_leaves_a_dispute_without_a_trace(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + f"""
    Danladi: dispute
    Bot: ...Which line is wrong?...
    Danladi: 1
    Bot: What is wrong with it?...
    Danladi: menu
    {MENU.strip()}
    """
    )
    assert not follow_ups_of(stack)


# -- one phone, several roles ---------------------------------------------------------------------


def test_a_phone_of_a_patient_and_an_owner_is_asked_once_and_switched_by_menu(talk, stack):
    own(stack, FOLAKE)
    stack.register(FOLAKE, "Folake Ade")
    talk("""
        Folake: hello
        Bot: This phone writes to us in more than one role. Which one is it now?
             [My visits] [My account as owner]
        Folake: [My visits]
        Bot: What would you like to do?...
        Folake: thanks
        Bot: You are welcome.

             What would you like to do?...
        Folake: bal
        Bot: This is about money...
        Folake: 4321
        Bot: ...Send CONTRACT for what we agreed...
        Folake: hi
        Bot: Your ...GrandPro...
        Folake: menu
        Bot: This phone writes to us in more than one role...
        Folake: 1
        Bot: What would you like to do?...
        Folake: book eye tomorrow 3pm
        Bot: Folake: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 3pm. Shall I book it?...
    """)


def test_a_word_as_a_patient_in_between_leaves_the_owner_an_owner(talk, stack):
    own(stack, FOLAKE)
    stack.register(FOLAKE, "Folake Ade")
    earned(stack, 12_500_000)
    a_past_visit(stack, FOLAKE)
    ask(stack)
    talk("""
        Bot to Folake: Hello Folake, thank you for coming to GrandPro Ikeja...
        Folake: payout october
        Bot: This is about money...
        Folake: 4321
        Bot: October 2026, GrandPro Ikeja: NGN 1,125,000.00...[Statement] [Something is wrong]
        Folake: [Excellent]
        Bot: Thank you. You gave us 5 of 5...
        Folake: [Skip]
        Bot: Would you like to tell us more?...
        Folake: [Skip]
        Bot: Thank you. It helps us do better. Send MENU for more.

             October 2026, GrandPro Ikeja: NGN 1,125,000.00...[Statement] [Something is wrong]
        Folake: [Statement]
        Bot: Your statement for October 2026...
    """)


def test_a_clerk_who_writes_for_two_owners_says_for_which(talk, stack):
    own(stack, HALIMA, name="Chief Bako")
    own(stack, HALIMA, name="Zuma Holdings", code="WUS")
    talk("""
        Halima: contract
        Bot: This phone writes to us in more than one role. Which one is it now?
             1 Chief Bako
             2 Zuma Holdings
        Halima: zuma
        Bot: This is about money...
        Halima: 4321
        Bot: GrandPro Wuse: you get 10%...
        Halima: menu
        Bot: ...
             1 Chief Bako
             2 Zuma Holdings
        Halima: 1
        Bot: Your ...GrandPro...
        Halima: contract
        Bot: This is about money...
    """)


def test_a_word_as_a_patient_in_between_leaves_which_owner_it_is(talk, stack):
    own(stack, AMINA, name="Chief Bako")
    own(stack, AMINA, name="Zuma Holdings", code="WUS")
    stack.register(AMINA, "Amina Yusuf")
    earned(stack, 30_000_000)
    talk("""
        Amina: book eye tuesday 3pm
        Bot: ...Shall I book it?...
        Amina: yes
        Bot: Booked...
        -- 29 hours later --
        Bot to Amina: Reminder: Amina, you have an appointment...
             [I will come] [Move it] [Cancel visit]
        Amina: dispute
        Bot: This phone writes to us in more than one role. Which one is it now?
             [My visits] [Chief Bako] [Zuma Holdings]
        Amina: [Chief Bako]
        Bot: This is about money...
        Amina: 4321
        Bot: October 2026, NGN 2,700,000.00. Which line is wrong?...
        Amina: [The whole amount]
        Bot: What is wrong with it?...
        Amina: [I will come]
        Bot: Thank you. We expect Amina...

             What is wrong with it?...
        Amina: one ward is missing
        Bot: Thank you. Finance knows...
        Bot: ...waits while we check something...
    """)
    assert [words for _, words in follow_ups_of(stack)] == ["the whole amount: one ward is missing"]


def test_an_owner_may_book_a_visit_and_is_an_owner_again_by_menu(talk, stack):
    own(stack, DANLADI)
    talk(f"""
        Danladi: 1
        {MENU.strip()}
        Danladi: book a visit
        Bot: Welcome to GrandPro Hospitals. Choose your language...
        Danladi: menu
        {MENU.strip()}
    """)


def test_whoever_is_no_owner_asks_for_money_in_vain(talk, stack):
    own(stack, DANLADI)
    stack.register(ADA, "Ada Obi")
    talk("""
        Ada: payout
        Bot: What would you like to do?...
    """)
    assert talk_of(stack, ADA).owner_id is None


# -- in the middle --------------------------------------------------------------------------------


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
