"""Options picked by number, place, name, part of a name or a slip of it."""

import pytest

from bot.channels.carrier import Option
from conversations.understand import choice, mentions

SERVICES = [
    Option("antenatal", "Antenatal"),
    Option("checkup", "General check-up"),
    Option("gynae", "Obstetrics & Gynaecology clinic"),
    Option("dental", "Dental"),
    Option("person", "Talk to a person"),
]
HOSPITALS = [
    Option("ikeja", "GrandPro Ikeja"),
    Option("lekki", "GrandPro Lekki"),
    Option("gra", "GrandPro Ikeja GRA"),
]
TIMES = [Option("t9", "9:00 am"), Option("t10", "10:00 am"), Option("t2", "2:00 pm")]


REWARDS = [
    Option("2000", "₦2,000 off your bill"),
    Option("5000", "₦5,000 off your bill"),
    Option("check", "A check-up for free"),
]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("2000 off", "2000"), ("N5,000", "5000"), ("the 5000 one", "5000"), ("off", None)],
)
def test_an_amount_is_the_same_with_and_without_its_comma(text, meant):
    assert choice(text, REWARDS) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1", "antenatal"),
        ("no 2", "checkup"),
        ("the second one", "checkup"),
        ("biyu", "checkup"),
        ("5️⃣", "person"),
        ("last", "person"),
        ("the last one please", None),
        ("na karshe", "person"),
        ("dental", "dental"),
        ("DENTAL pls", "dental"),
        ("Obstetrics & Gynaec", "gynae"),
        ("Obstetrics & Gynaecolog", "gynae"),
        ("gen", "checkup"),
        ("check up", "checkup"),
        ("gynae", "gynae"),
        ("I want antenatal abeg", "antenatal"),
        ("dentl", "dental"),
        ("antental", "antenatal"),
        ("gynecology", "gynae"),
        ("person", "person"),
        ("6", None),
        ("0", None),
        ("to", None),
        ("", None),
        ("eye", None),
        ("dental or antenatal", None),
    ],
)
def test_a_service_is_picked_however_it_is_typed(text, meant):
    assert choice(text, SERVICES) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lekki", "lekki"),
        ("leki", "lekki"),
        ("GrandPro Ikeja", "ikeja"),
        ("ikeja", "ikeja"),
        ("ikeja gra", "gra"),
        ("grandpro", None),
    ],
)
def test_a_hospital_is_never_guessed_between_two(text, meant):
    assert choice(text, HOSPITALS) == meant


def test_a_slip_as_near_to_two_labels_picks_neither():
    assert choice("oqun", [Option("ogun", "Ogun"), Option("osun", "Osun")]) is None


def test_two_options_of_the_same_name_are_told_apart_by_number_only():
    twins = [Option("a", "Dr Bello"), Option("b", "Dr Bello")]
    assert choice("dr bello", twins) is None
    assert choice("2", twins) == "b"


def test_the_number_shown_picks_the_time_in_that_place():
    assert choice("2", TIMES) == "t10"
    assert choice("2:00 pm", TIMES) == "t2"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow 3pm at Lekki", "lekki"),
        ("tomorrow 3pm at Ikeja", "ikeja"),
        ("friday at ikeja gra by 2", "gra"),
        ("lekky tomorrow", "lekki"),
        ("tomorrow at grandpro", None),
        ("Ikeja or Lekki", None),
        ("tomorrow", None),
    ],
)
def test_a_hospital_named_in_a_longer_message_is_heard(text, meant):
    assert mentions(text, HOSPITALS) == meant
