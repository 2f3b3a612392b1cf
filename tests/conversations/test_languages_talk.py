"""Hausa, Yoruba and Igbo, where an operator offers them: met, booked, changed and mixed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import doctor, texts
from crm.models import Appointment, AppointmentStatus, CarrierContent, Consent, Patient
from tests import stack as stacks
from tests.people import ADA, BISI, MUSA
from tests.stack import Stack

FIVE = "en,pcm,ha,yo,ig"


@pytest.fixture
def stack(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stack]:
    """The whole product, with all five languages offered."""
    before = texts.spoken()
    with stacks.running(database_url, redis_url, tmp_path, languages=FIVE) as running:
        yield running
    texts.offer(before)


def patient(stack) -> Patient:
    with stack.wiring.transaction() as session:
        return session.scalars(select(Patient)).one()


def visits(stack) -> list[Appointment]:
    booked = Appointment.status == AppointmentStatus.BOOKED
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(Appointment).where(booked)))


def test_hausa_by_text_message(talk, stack):
    talk("""
        Musa: salamu alaikum
        Bot: Welcome to GrandPro Hospitals. Choose your language / Pick your language:
             1 English
             2 Pidgin
             3 Hausa
             4 Yoruba
             5 Igbo
        Musa: 3
        Bot: Domin mu yi muku alkawari, za mu adana sunanku...Kun yarda?
             1 Eh
             2 A'a
        Musa: na yarda
        Bot: Menene cikakken sunan marar lafiya?
        Musa: Musa Bello
        Bot: Menene ranar haihuwa?...
        Musa: 25/11/1990
        Bot: A wace jiha kuke zaune?
        Musa: Kano
        Bot: Wane asibiti ne ya fi kusa da ku?
             1 GrandPro Ikeja...
        Musa: daya
        Bot: Akwai abokin da ya ba ku lambar gayyata?...
             1 Ba ni da lamba
        Musa: babu
        Bot: Mun gode, Musa. An yi muku rijista.

             Me kuke so mu yi muku?
             1 Yi alkawari
             2 Alkawurana...
        Musa: ina so in ga likita gobe da safe
        Bot: Mun ji: gobe, Litinin 23 Nuw, da safe.

             GrandPro Ikeja. Me kuke bukata?
             1 General consultation...6 Wani asibiti
        Musa: 1
        Bot: General consultation. Wa kuke so ku gani?
             1 Kowane likita...
        Musa: kowa
        Bot: Gobe, Litinin 23 Nuw. Wane lokaci?
             1 8am
             2 8:30am...9 Wata rana
        Musa: biyu
        Bot: Musa: General consultation, GrandPro Ikeja, gobe, Litinin 23 Nuw, 8:30am...
             1 Eh
             2 Wani lokaci
             3 A'a
        Musa: eh
        Bot: An yi alkawari: Musa, gobe, Litinin 23 Nuw, 8:30am, GrandPro Ikeja. Lambarku: IKJ-...
        Musa: nagode
        Bot: Me kuke so mu yi muku?...
    """)
    assert patient(stack).language == "ha"
    assert len(visits(stack)) == 1


def test_yoruba_by_text_message(talk, stack):
    talk("""
        Ngozi: e kaaro
        Bot: Welcome...
        Ngozi: Yoruba
        Bot: Lati gba akoko fun yin, a o toju oruko...Se e gba?
             1 Beeni
             2 Rara
        Ngozi: bee ni
        Bot: Ki ni oruko alaisan ni kikun?
        Ngozi: Ngozi Ade
        Bot: Ki ni ojo ibi?...
        Ngozi: 25/11/1990
        Bot: Ipinle wo ni e n gbe?
        Ngozi: oyo state
        Bot: Ile iwosan wo lo sunmo yin ju?...
        Ngozi: ikeja
        Bot: Se ore kan fun yin ni koodu?...
        Ngozi: rara
        Bot: E se, Ngozi. Oruko yin ti wa lodo wa.

             Ki ni e fe ki a se fun yin?
             1 Gba akoko...
        Ngozi: mo fe ri dokita lola 3pm
        Bot: A ti gbo: lola, Aje 23 Nov, 3pm.

             GrandPro Ikeja. Ki ni e nilo?...
        Ngozi: 4
        Bot: Ko si aye ni wakati yen. Iwonyi lo sunmo on ju.

             Lola, Aje 23 Nov. Aago meloo?
             1 2pm
             2 2:45pm
             3 3:30pm
             4 Ojo miran
        Ngozi: ojo miran
        Bot: Ojo wo? E yan okan, tabi e so o, bii "lola 3pm" tabi "Isegun aaro".
             1 lola, Aje 23 Nov
             2 Isegun 24 Nov...
        Ngozi: isegun 2pm
        Bot: Ngozi: Dental, GrandPro Ikeja, Isegun 24 Nov, 2pm. Se ki a gba a?...
        Ngozi: beeni
        Bot: A ti gba a: Ngozi, Isegun 24 Nov, 2pm, GrandPro Ikeja. Nomba yin ni IKJ-...
    """)
    assert patient(stack).language == "yo"
    assert len(visits(stack)) == 1


def test_igbo_by_text_message(talk, stack):
    talk("""
        Ngozi: ndewo
        Bot: Welcome...
        Ngozi: 5
        Bot: Iji debere gi oge, anyi ga-echekwa aha gi...I kwetara?
             1 Ee
             2 Mba
        Ngozi: ekwetara m
        Bot: Kedu aha onye oria n'uju?
        Ngozi: Ngozi Obi
        Bot: Kedu ubochi omumu?...
        Ngozi: 25 november 1990
        Bot: Kedu steeti i bi?
        Ngozi: Enugu
        Bot: Kedu ulo ogwu kacha gi nso?...
        Ngozi: 3
        Bot: Enyi gi nyere gi koodu?...
        Ngozi: mba
        Bot: Daalu, Ngozi. E debanyela aha gi.

             Kedu ihe anyi ga-emere gi?
             1 Horo oge...
        Ngozi: horo oge
        Bot: GrandPro Port Harcourt. Gini ka i choro?...
        Ngozi: 1
        Bot: General consultation...
        Ngozi: onye obula
        Bot: Kedu ubochi?...
        Ngozi: echi ututu
        Bot: Echi, Monde 23 Nov. Kedu oge?...
        Ngozi: 10am
        Bot: Ngozi: General consultation, ...echi, Monde 23 Nov, 10am. Ka anyi debe ya?...
        Ngozi: o di mma
        Bot: E debela ya: Ngozi, echi, Monde 23 Nov, 10am, GrandPro Port Harcourt...
        Ngozi: agaghi m abia
        Bot: Ngozi: Monde 23 Nov, 10am, GrandPro Port Harcourt. Nomba PHC-...
             1 M ga-abia
             2 Gbanwee oge
             3 Kagbuo oge...
        Ngozi: kagbuo oge
        Bot: Anyi ga-ahapu Monde 23 Nov, 10am. Gini mere i gaghi abia?...
        Ngozi: 1
        Bot: A kagbuola oge Monde 23 Nov, 10am. Ziga MENU ihoro oge ozo.
    """)
    assert patient(stack).language == "ig"
    assert visits(stack) == []


def test_the_language_is_changed_in_the_middle_by_its_name(talk, stack):
    talk("""
        Ada: hi
        Bot: Welcome...
             [English] [Pidgin] [Hausa] [Yorùbá] [Igbo]
        Ada: [Yorùbá]
        Bot: Láti gba àkókò fún yín...Ṣé ẹ gbà?
             [Bẹ́ẹ̀ni] [Rárá]
        Ada: [Bẹ́ẹ̀ni]
        Bot: Kí ni orúkọ aláìsàn ní kíkún?
        Ada: Ada Obi
        Bot: Kí ni ọjọ́ ìbí?...
        Ada: 25/11/1990
        Bot: Ìpínlẹ̀ wo ni ẹ ń gbé?
        Ada: Lagos
        Bot: Ilé ìwòsàn wo ló súnmọ́ yín jù?...
        Ada: [GrandPro Ikeja]
        Bot: Ṣé ọ̀rẹ́ kan fún yín ní kóòdù?...
        Ada: [Mi ò ní kóòdù]
        Bot: Ẹ ṣé, Ada...
             [Gba àkókò] [Àkókò mi]...
        Ada: [Gba àkókò]
        Bot: GrandPro Ikeja. Kí ni ẹ nílò?...
        Ada: [Eye]
        Bot: Ọjọ́ wo?...
             [lọ́la, Ajé 23 Nov] [Ìṣẹ́gun 24 Nov] [Ọjọ́rú 25 Nov]...
        Ada: Ọjọ́rú 3pm
        Bot: Ada: Eye, GrandPro Ikeja, Ọjọ́rú 25 Nov, 3pm. Ṣé kí a gbà á?
             [Bẹ́ẹ̀ni] [Àkókò míràn] [Rárá]
        Ada: Igbo
        Bot: Anyị ga na-ede Igbo.

             Ada: Eye, GrandPro Ikeja, Wenezdee 25 Nov, 3pm. Ka anyị debe ya?
             [Ee] [Oge ọzọ] [Mba]
        Ada: hausa
        Bot: Za mu rubuta da Hausa.

             Ada: Eye, GrandPro Ikeja, Laraba 25 Nuw, 3pm. Mu yi alƙawarin?
             [Eh] [Wani lokaci] [A'a]
        Ada: [Eh]
        Bot: An yi alƙawari: Ada, Laraba 25 Nuw, 3pm, GrandPro Ikeja...
        Ada: english
        Bot: We will write in English.

             What would you like to do?...
    """)
    assert patient(stack).language == "en"
    with stack.wiring.transaction() as session:
        assert session.scalars(select(Consent.language)).first() == "yo"


def test_languages_are_mixed_as_people_mix_them(talk, stack):
    stack.register(BISI, "Bisi Ade")
    talk("""
        Bisi: e kaaro o
        Bot: What would you like to do?...
        Bisi: yoruba
        Bot: A ó máa kọ Yorùbá...
        Bisi: abeg I wan see doctor for eye
        Bot: Ọjọ́ wo?...
        Bisi: tomorrow morning
        Bot: Lọ́la, Ajé 23 Nov. Aago mélòó?...
        Bisi: 9am
        Bot: Bisi: Eye, GrandPro Ikeja, lọ́la, Ajé 23 Nov, 9am. Ṣé kí a gbà á?...
        Bisi: oya
        Bot: A ti gbà á: Bisi, lọ́la, Ajé 23 Nov, 9am, GrandPro Ikeja...
        Bisi: egbami
        Bot: Èyí lè jẹ́ pàjáwìrì...Ẹ pe 112 báyìí...
        Bisi: duro
        Bot: A kò ní fi ọ̀rọ̀ ránṣẹ́ sí yín mọ́...
    """)


def test_a_reminder_is_written_and_answered_in_the_language_of_the_patient(talk, stack):
    stack.register(MUSA, "Musa Bello")
    talk("""
        Musa: hausa
        Bot: Za mu rubuta da Hausa...
        Musa: book eye on wednesday 3pm
        Bot: Musa: Eye, GrandPro Ikeja, Laraba 25 Nuw, 3pm. Mu yi alkawarin?...
        Musa: eh
        Bot: An yi alkawari...
        -- 53 hours later --
        Bot to Musa: Tunatarwa: Musa, kuna da alkawari a...Laraba 25 Nuw, 3pm. Za ku zo?
             1 Zan zo
             2 A canja lokaci
             3 A soke alkawari
        Musa: zan zo
        Bot: Mun gode. Muna jiran Musa ranar Laraba 25 Nuw, 3pm a GrandPro Ikeja.
    """)
    (visit,) = visits(stack)
    assert visit.confirmed_at


def test_the_operator_is_told_what_awaits_a_reviewer(stack, capsys):
    doctor.examine(stack.wiring)
    said = capsys.readouterr().out
    for name in ("Hausa", "Yorùbá", "Igbo"):
        assert f"{name} is offered; no native speaker has reviewed it yet" in said
    assert "Pidgin" not in said


def test_templates_are_made_in_the_languages_that_are_offered(stack):
    with stack.wiring.transaction() as session:
        names = set(session.scalars(select(CarrierContent.name)))
    for language in FIVE.split(","):
        assert f"appointment_reminder_day_before_{language}" in names


class TestNotOffered:
    """An operator who has not asked for them has none of them."""

    @pytest.fixture
    def stack(self, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stack]:
        with stacks.running(database_url, redis_url, tmp_path) as running:
            yield running

    def test_neither_the_menu_nor_a_name_leads_to_them(self, talk):
        talk("""
            Ada: salamu alaikum
            Bot: Welcome...
                 [English] [Pidgin]
            Ada: Hausa
            Bot: We do not write Hausa yet. We write: English, Pidgin.

                 Welcome...
                 [English] [Pidgin]
        """)

    def test_who_asks_for_one_is_told_which_there_are_and_the_question_stays(self, talk, stack):
        stack.register(ADA, "Ada Obi")
        talk("""
            Ada: book
            Bot: GrandPro Ikeja. What do you need?...
            Ada: I want to speak igbo pls
            Bot: We do not write Igbo yet. We write: English, Pidgin.

                 GrandPro Ikeja. What do you need?...
            Ada: pidgin
            Bot: We go dey write Pidgin...
            Ada: yoruba
            Bot: We never dey write Yorùbá yet. Na these ones we dey write: English, Pidgin.

                 GrandPro Ikeja...
            Ada: house
            Bot: Abeg pick one of these...
        """)

    def test_who_speaks_them_is_written_to_in_english(self, talk, stack):
        stack.register(ADA, "Ada Obi")
        with stack.wiring.transaction() as session:
            session.scalars(select(Patient)).one().language = "ha"
        talk("""
            Ada: book eye on wednesday 3pm
            Bot: Ada: Eye, GrandPro Ikeja, Wed 25 Nov, 3pm. Shall I book it?...
            Ada: yes
            Bot: Booked...
            -- 53 hours later --
            Bot to Ada: Reminder: Ada, you have an appointment at...Wed 25 Nov, 3pm...
                 [I will come] [Move it] [Cancel visit]
        """)
        with stack.wiring.transaction() as session:
            names = set(session.scalars(select(CarrierContent.name)))
        assert "appointment_reminder_day_before_ha" not in names
