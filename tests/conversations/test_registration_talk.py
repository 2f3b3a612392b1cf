"""Meeting people as they come: children, mothers, friends' codes, slips, and a night in between."""

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import loyalty, patients
from crm.models import (
    AddressHolder,
    Appointment,
    Consent,
    HolderRole,
    Patient,
    Referral,
    ReferralStatus,
)
from tests.people import ADA, BISI

UNTIL_THE_NAME = """
        Ada: hi
        Bot: Welcome to GrandPro...
        Ada: [English]
        Bot: To book visits for you we keep...Do you agree?...
        Ada: [Yes]
        Bot: What is the patient's full name?
"""


def people(stack) -> dict[str, Patient]:
    with stack.wiring.transaction() as session:
        return {each.full_name: each for each in session.scalars(select(Patient))}


def roles(stack) -> dict[str, HolderRole]:
    with stack.wiring.transaction() as session:
        rows = session.execute(
            select(Patient.full_name, AddressHolder.role).join(
                AddressHolder, AddressHolder.patient_id == Patient.id
            )
        )
        return {row.full_name: row.role for row in rows}


def a_member(stack) -> str:
    """Bisi, who collects points; her code."""
    member = stack.register(BISI, "Bisi Ade")
    with stack.wiring.transaction() as session:
        return loyalty.enrol(session, member, now=stack.wiring.now()).referral_code


def test_a_child_is_registered_with_the_parent_who_writes(talk, stack):
    talk(
        UNTIL_THE_NAME
        + """
        Ada: Chidi Obi
        Bot: What is the date of birth?...
        Ada: 3/4/2019
        Bot: Chidi is under 18, so a parent or guardian speaks for them. What is your own full name?
        Ada: Adaeze Obi
        Bot: And your own date of birth?...
        Ada: 25/11/1990
        Bot: Which state do you live in?
        Ada: Lagos
        Bot: Which hospital...
        Ada: Ikeja
        Bot: Did a friend...
        Ada: [No code]
        Bot: Thank you. Chidi is registered...
    """
    )
    family = people(stack)
    assert family["Chidi Obi"].guardian_id == family["Adaeze Obi"].id
    assert roles(stack) == {"Adaeze Obi": HolderRole.SELF, "Chidi Obi": HolderRole.FAMILY}


def test_a_guardian_is_of_age(talk):
    talk(
        UNTIL_THE_NAME
        + """
        Ada: Chidi Obi
        Bot: What is the date of birth?...
        Ada: 3/4/2019
        Bot: Chidi is under 18...
        Ada: Emeka Obi
        Bot: And your own date of birth?...
        Ada: 5/5/2012
        Bot: A guardian must be 18 or older.

             Chidi is under 18...
        Ada: ask my papa
        Bot: Please send your own first name and surname, like Ada Obi.
        Ada: Obiora Obi
        Bot: And your own date of birth?...
        Ada: the one on my card
        Bot: I could not read that date...
        Ada: 12 march 1975
        Bot: Which state do you live in?
    """
    )


def test_a_mother_with_two_children_on_one_phone(talk, stack):
    stack.register(ADA, "Ada Obi")
    stack.register(ADA, "Chidi Obi", born_on=date(2019, 4, 3))
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...Who is the visit for?
             [Ada] [Chidi] [Someone else]
        Ada: [Someone else]
        Bot: What is the patient's full name?
        Ada: Ifeoma Obi
        Bot: What is the date of birth?...
        Ada: 1/1/2022
        Bot: Thank you. Ifeoma is registered.

             ...Ifeoma: Eye, GrandPro Ikeja, tomorrow, Mon 23 Nov, 3pm. Shall I book it?...
        Ada: yes
        Bot: Booked: Ifeoma...
    """)
    family = people(stack)
    assert family["Ifeoma Obi"].guardian_id == family["Ada Obi"].id
    with stack.wiring.transaction() as session:
        (visit,) = session.scalars(select(Appointment))
        assert visit.patient_id == family["Ifeoma Obi"].id


def test_a_friends_code_is_asked_for_and_counts(talk, stack):
    code = a_member(stack)
    talk(
        UNTIL_THE_NAME
        + f"""
        Ada: Ada Obi
        Bot: What is the date of birth?...
        Ada: 25/11/1990
        Bot: Which state do you live in?
        Ada: lagos
        Bot: Which hospital...
        Ada: ikeja
        Bot: Did a friend who is with us give you a code? Send it here.
             [No code]
        Ada: what code
        Bot: A code has eight letters and figures...
        Ada: 22222222
        Bot: We do not know the code 22222222.

             Did a friend...
        Ada: {code[:4].lower()} {code[4:].lower()}
        Bot: Thank you, Ada. You are registered...
    """
    )
    with stack.wiring.transaction() as session:
        (referral,) = session.scalars(select(Referral))
        assert referral.status is ReferralStatus.PENDING
        assert referral.friend_id == people(stack)["Ada Obi"].id


def test_a_code_in_the_very_first_message_is_remembered(talk, stack):
    code = a_member(stack)
    talk(f"""
        Ada: Hi, my friend's code is {code}
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
        Bot: Thank you, Ada. You are registered...
    """)
    with stack.wiring.transaction() as session:
        assert len(session.scalars(select(Referral)).all()) == 1


def test_registering_is_taken_up_the_next_day_where_it_stopped(talk, stack):
    talk(
        UNTIL_THE_NAME
        + """
        Ada: Ada Obi
        Bot: What is the date of birth?...
        -- 20 hours later --
        Ada: good morning
        Bot: Welcome back. You were registering. Shall we go on?
             [Go on] [Start over]
        Ada: oya
        Bot: What is the date of birth?...
        Ada: 25/11/1990
        Bot: Which state do you live in?
        Ada: Lagos
        Bot: Which hospital...
        Ada: Ikeja
        Bot: Did a friend...
        Ada: no
        Bot: Thank you, Ada. You are registered...
    """
    )
    with stack.wiring.transaction() as session:
        consent = session.scalars(select(Consent)).one()
        assert (consent.wording, consent.is_granted) == ("care-2026-11", True)


def test_who_registers_for_her_mother_does_not_become_her(talk, stack):
    talk("""
        Ada: I want to book for my mother
        Bot: Welcome...
        Ada: English
        Bot: To book...
        Ada: yes
        Bot: What is the patient's full name?
        Ada: Ngozi Obi
        Bot: What is the date of birth?...
        Ada: 25/11/1950
        Bot: Which state...
        Ada: Lagos
        Bot: Which hospital...
        Ada: Ikeja
        Bot: Did a friend...
        Ada: no
        Bot: Thank you. Ngozi is registered...
    """)
    assert roles(stack) == {"Ngozi Obi": HolderRole.FAMILY}


def test_two_languages_mixed_in_one_registration(talk, stack):
    talk("""
        Ada: Good evening o
        Bot: Welcome...
        Ada: pidgin
        Bot: To book visit for you...You gree?...
        Ada: yes i agree
        Bot: Wetin be the patient full name?
        Ada: my name is Ada Obi
        Bot: Which day dem born the patient?...
        Ada: english
        Bot: We will write in English.

             What is the date of birth?...
        Ada: na 25 november 1990
        Bot: Which state do you live in?
        Ada: I dey stay for Lagos
        Bot: Which hospital is nearest to you?...
        Ada: the first one
        Bot: Did a friend...
        Ada: i no get
        Bot: Thank you, Ada. You are registered...
    """)
    assert people(stack)["Ada Obi"].language == "en"


def test_the_date_of_birth_is_sealed_and_the_age_is_known(talk, stack):
    talk(
        UNTIL_THE_NAME
        + """
        Ada: Ada Obi
        Bot: What is the date of birth?...
        Ada: 25/11/1990
        Bot: Which state...
        Ada: Lagos
        Bot: Which hospital...
        Ada: Ikeja
        Bot: Did a friend...
        Ada: no
        Bot: Thank you...
    """
    )
    with stack.wiring.transaction() as session:
        ada = session.scalars(select(Patient)).one()
        assert patients.born_on(session, ada) == date(1990, 11, 25)


TO_THE_CODE = """
        Bot: What is the date of birth?...
        Ada: 25/11/1990
        Bot: Which state do you live in?
        Ada: lagos
        Bot: Which hospital is nearest to you?...
        Ada: ikeja
        Bot: Did a friend who is with us give you a code?...
        Ada: no code
"""


SOMEONE_ELSE = """
        Ada: menu
        Bot: What would you like to do?...
        Ada: book eye for my child
        Bot: Who is the visit for?...
        Ada: someone else
        Bot: What is the patient's full name?
        Ada: Adaeze Obi
        Bot: What is the date of birth?...
        Ada: {born_on}
        Bot: Which state do you live in?
        Ada: lagos
        Bot: Which hospital is nearest to you?...
        Ada: ikeja
        Bot: {said}

             ...
"""


def test_who_changes_the_channel_is_known_and_not_written_twice(talk, stack):
    known = stack.register(replace(ADA, channel=Channel.SMS), "Adaeze Obi")
    talk(
        UNTIL_THE_NAME
        + "        Ada: obi adaeze\n"
        + TO_THE_CODE
        + """
        Bot: Good, we know Adaeze already: visits and points are here, too.

             What would you like to do?...
        Ada: preferences
        Bot: Adaeze hears from us about:...
        Ada: whatsapp or sms
        Bot: ...
    """
    )
    assert [each.id for each in people(stack).values()] == [known]
    assert roles(stack) == {"Adaeze Obi": HolderRole.SELF}


def test_another_day_of_birth_or_another_number_is_somebody_else(talk, stack):
    stack.register(replace(ADA, channel=Channel.SMS), "Adaeze Obi", born_on=date(1960, 1, 1))
    stack.register(BISI, "Adaeze Obi")
    talk(
        UNTIL_THE_NAME
        + "        Ada: Adaeze Obi\n"
        + TO_THE_CODE
        + """
        Bot: Thank you, Adaeze. You are registered...
    """
    )
    with stack.wiring.transaction() as session:
        assert len(session.scalars(select(Patient)).all()) == 3


def test_a_day_of_birth_cannot_be_found_out_by_registering(talk, stack):
    """Three wrong ones, and for half an hour nobody is told that they are known."""
    stack.register(ADA, "Adaeze Obi")
    for year in (1960, 1961, 1962):
        talk(SOMEONE_ELSE.format(born_on=f"1/1/{year}", said="Thank you. Adaeze is registered."))
    talk(SOMEONE_ELSE.format(born_on="25/11/1990", said="Thank you. Adaeze is registered."))
    stack.later(timedelta(minutes=31))
    talk(SOMEONE_ELSE.format(born_on="25/11/1990", said="Good, we know Adaeze already..."))


def test_the_same_child_told_again_is_not_written_twice(talk, stack):
    stack.register(ADA, "Adaeze Obi")
    stack.register(ADA, "Chidi Obi", born_on=date(2019, 4, 3))
    talk("""
        Ada: book eye for my child
        Bot: Who is the visit for?...
        Ada: [Someone else]
        Bot: What is the patient's full name?
        Ada: Chidi Obi
        Bot: What is the date of birth?...
        Ada: 3/4/2019
        Bot: Good, we know Chidi already...
    """)
    assert sorted(people(stack)) == ["Adaeze Obi", "Chidi Obi"]
