"""One phone of several: a patient and an owner, two owners, and who is none."""

from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.estates import earned, own
from tests.conversations.owner_talk.account import MENU, follow_ups_of, talk_of
from tests.people import ADA, AMINA, DANLADI, FOLAKE, HALIMA


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
