"""The first talk with the house: language, consent, who they are."""

from sqlalchemy import func, select

from crm import patients
from crm.models import Address, Consent, Patient
from tests.people import ADA


def test_a_new_patient_registers_and_books_tomorrow_at_three_by_words(talk):
    talk("""
        Ada: hi
        Bot: Welcome to GrandPro Hospitals. Choose your language / Pick your language:
             [English] [Pidgin]
        Ada: English
        Bot: To book visits for you we keep...Do you agree?
             [Yes] [No]
        Ada: yes
        Bot: What is the patient's full name?
        Ada: ada obi
        Bot: What is the date of birth?...
        Ada: 25/11/1990
        Bot: Which state do you live in?
        Ada: lagos
        Bot: Which hospital is nearest to you?
             [GrandPro Ikeja] [GrandPro Wuse] [GrandPro Port Harcourt]
        Ada: ikeja
        Bot: Did a friend who is with us give you a code? Send it here.
             [No code]
        Ada: [No code]
        Bot: Thank you, Ada. You are registered.

             What would you like to do?
             [Book a visit] [My appointments]...[Talk to a person] [Change language] [More]
        Ada: i want to see a doctor tomorrow 3pm
        Bot: Noted: tomorrow, Mon 23 Nov, 3pm.

             GrandPro Ikeja. What do you need?
             [General consultation]...[Another hospital]
        Ada: general consultation
        Bot: General consultation. Who would you like to see?
             [Any doctor]...
        Ada: any
        Bot: Ada: General consultation, GrandPro Ikeja, tomorrow, Mon 23 Nov, 3pm. Shall I book it?
             [Yes] [Another time] [No]
        Ada: yes
        Bot: Booked: Ada, tomorrow, Mon 23 Nov, 3pm, GrandPro Ikeja. Your reference is IKJ-...
    """)


def test_what_they_came_for_is_remembered_while_they_register(talk):
    talk("""
        Ada: I wan see doctor next tomorrow by 2
        Bot: Welcome to GrandPro...
        Ada: [Pidgin]
        Bot: To book visit for you, we go keep...You gree?
             [Yes] [No]
        Ada: I gree
        Bot: Wetin be the patient full name?
        Ada: my name na Ada Obi
        Bot: Which day dem born the patient?...
        Ada: 25 november 1990
        Bot: Which state you dey live?
        Ada: Lasgidi
        Bot: Which hospital near you pass?...
        Ada: 1
        Bot: Any friend wey dey with us give you code?...
        Ada: I no get
        Bot: Thank you, Ada. We don register you.

             We don note am: Tue 24 Nov, 2pm.

             GrandPro Ikeja. Wetin you need?...
        Ada: dental
        Bot: ...Tue 24 Nov, 2pm. Make I book am?...
    """)


def test_by_text_message_every_answer_is_a_number(talk):
    talk("""
        Musa: hello
        Bot: Welcome to GrandPro Hospitals. Choose your language / Pick your language:
             1 English
             2 Pidgin
        Musa: 1
        Bot: To book visits for you we keep...Do you agree?
             1 Yes
             2 No
        Musa: 1
        Bot: What is the patient's full name?
        Musa: Musa Ibrahim Bello
        Bot: What is the date of birth?...
        Musa: 3-4-85
        Bot: Which state do you live in?
        Musa: fct
        Bot: Which hospital is nearest to you?
             1 GrandPro Wuse...
             2 GrandPro Ikeja...
             3 GrandPro Port Harcourt...
        Musa: 1
        Bot: Did a friend who is with us give you a code? Send it here.
             1 No code
        Musa: 1
        Bot: Thank you, Musa. You are registered.

             What would you like to do?
             1 Book a visit
             2 My appointments
             3 My points
             4 Rewards
             5 Give feedback
             6 Talk to a person
             7 Change language
             8 More
    """)


def test_who_does_not_agree_leaves_nothing_behind(talk, stack):
    talk("""
        Ada: hi
        Bot: Welcome...
        Ada: [English]
        Bot: To book visits for you we keep...
        Ada: [No]
        Bot: That is fine. We kept nothing about you...
    """)
    with stack.wiring.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Patient)) == 0
        assert session.scalar(select(func.count()).select_from(Consent)) == 0


def test_clumsy_answers_are_asked_again_in_other_words(talk):
    talk("""
        Ada: hi
        Bot: Welcome...
        Ada: french
        Bot: Please pick one of these languages.
             [English] [Pidgin]
        Ada: englsh
        Bot: To book visits...
        Ada: what for?
        Bot: We need your yes before we can keep your details. Do you agree?
             [Yes] [No]
        Ada: ok
        Bot: What is the patient's full name?
        Ada: ada
        Bot: Please send first name and surname, like Ada Obi.
        Ada: Ada Obi
        Bot: What is the date of birth?...
        Ada: 31/02/1990
        Bot: I could not read that date...
        Ada: 25/11/2090
        Bot: I could not read that date...
        Ada: 25.11.90
        Bot: Which state do you live in?
        Ada: Nigeria
        Bot: Please send one of Nigeria's states...
        Ada: Lagos state
        Bot: Which hospital...
    """)


def test_consent_is_kept_with_its_wording_and_its_proof(talk, stack):
    talk("""
        Ada: hi
        Bot: Welcome...
        Ada: English
        Bot: To book...
        Ada: yes
        Bot: What is the patient's full name?
        Ada: Ada Obi
        Bot: What is the date of birth?...
        Ada: 25/11/1990
        Bot: Which state...
        Ada: Lagos
        Bot: Which hospital...
        Ada: Ikeja
        Bot: Did a friend...
        Ada: no
        Bot: Thank you, Ada...
    """)
    with stack.wiring.transaction() as session:
        consent = session.scalars(select(Consent)).one()
        address = session.scalars(select(Address).where(Address.id == consent.address_id)).one()
        ((patient, _),) = patients.held_by(session, address.id)
        assert (consent.purpose, consent.is_granted) == ("care", True)
        assert consent.wording == "care-2026-11"
        assert consent.proof_message_id is not None
        assert patient.full_name == "Ada Obi"
        assert patients.born_on(session, patient).isoformat() == "1990-11-25"


def test_a_mother_registers_her_child_on_the_same_phone(talk, stack):
    stack.register(ADA, "Ada Obi")
    stack.register(ADA, "Chidi Obi")
    talk("""
        Ada: book
        Bot: Who is the visit for?
             [Ada] [Chidi] [Someone else]
        Ada: someone else
        Bot: What is the patient's full name?
        Ada: Kemi Obi
        Bot: What is the date of birth?...
        Ada: 1/6/2020
        Bot: Thank you. Kemi is registered.

             GrandPro Ikeja. What do you need?...
    """)
