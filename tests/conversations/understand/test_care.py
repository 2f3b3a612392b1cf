"""What people call a kind of care, and which of a hospital's services they mean by it."""

import pytest

from bot.channels.carrier import Option
from conversations.understand import also_called, choice, intent, mentions

NAMES = (
    "General consultation",
    "Antenatal",
    "Child health",
    "Dental",
    "Eye",
    "Physiotherapy",
    "Laboratory",
    "Orthopaedics",
    "Dermatology clinic",
    "Hearing test",
)
SERVICES = [Option(name, name) for name in NAMES]
ALSO = {name: also_called(name) for name in NAMES}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("dentist", "Dental"),
        ("I wan see dentist abeg", "Dental"),
        ("dentis", "Dental"),
        ("my teeth", "Dental"),
        ("tooth doctor", "Dental"),
        ("ciwon haƙori", "Dental"),
        ("onísègùn eyín", "Dental"),
        ("mgbu eze", "Dental"),
        ("eye doctor", "Eye"),
        ("the eye doctor please", "Eye"),
        ("optician", "Eye"),
        ("likitan ido", "Eye"),
        ("dokita oju", "Eye"),
        ("ANC", "Antenatal"),
        ("ante-natal", "Antenatal"),
        ("belle woman", "Antenatal"),
        ("awon ciki", "Antenatal"),
        ("aboyún", "Antenatal"),
        ("di ime", "Antenatal"),
        ("lab test", "Laboratory"),
        ("blood test", "Laboratory"),
        ("gwajin jini", "Laboratory"),
        ("nyocha ọbara", "Laboratory"),
        ("bone doctor", "Orthopaedics"),
        ("orthopedics", "Orthopaedics"),
        ("likitan kashi", "Orthopaedics"),
        ("skin", "Dermatology clinic"),
        ("skin doctor", "Dermatology clinic"),
        ("rashes", "Dermatology clinic"),
        ("child doctor", "Child health"),
        ("paediatric", "Child health"),
        ("pediatrician", "Child health"),
        ("pikin doctor", "Child health"),
        ("dokita ụmụaka", "Child health"),
        ("GP", "General consultation"),
        ("general doctor", "General consultation"),
        ("family doctor", "General consultation"),
        ("physio", "Physiotherapy"),
        ("hearing test", "Hearing test"),
        ("dentist or eye doctor", None),
        ("I am pregnant and my tooth pains me", None),
        ("dokita eze", None),
        ("heart doctor", None),
        ("next month", None),
    ],
)
def test_a_service_is_found_by_what_people_call_it_or_not_at_all(words, meant):
    assert choice(words, SERVICES, ALSO) in (meant, None)
    assert (choice(words, SERVICES, ALSO) or mentions(words, SERVICES, ALSO)) == meant


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("book me with the eye doctor on tuesday by 2 at Ikeja", "Eye"),
        ("I need to do a lab test tomorrow", "Laboratory"),
        ("abeg I wan see bone doctor next tomorrow", "Orthopaedics"),
        ("I want to see a dentsit tomorrow", "Dental"),
        ("I want to book for next month", None),
        ("I would like to see Dr Eze", None),
    ],
)
def test_it_is_heard_inside_a_longer_message(words, meant):
    assert mentions(words, SERVICES, ALSO) == meant


def test_of_two_services_of_a_kind_neither_is_guessed():
    names = ("General consultation", "General practice", "Dental", "Paediatric dentistry")
    services = [Option(name, name) for name in names]
    also = {name: also_called(name) for name in names}
    for words in ("gp", "dentist", "I want to see a dentist tomorrow"):
        assert choice(words, services, also) is None
        assert mentions(words, services, also) is None
    assert mentions("I want to see a child dentist", services, also) is None
    assert choice("paediatric dentistry", services, also) == "Paediatric dentistry"


def test_a_service_of_no_known_kind_has_no_other_words():
    assert also_called("Executive lounge") == ()


@pytest.mark.parametrize("words", ["bone doctor", "I need lab test pls", "ANC", "skin doctor abeg"])
def test_a_kind_of_care_alone_is_a_wish_to_book(words):
    assert intent(words) == "book"
