"""What a service is called."""

import pytest

from crm import services
from crm.models import Service

OFFERED = [
    Service(name="Dental", synonyms=["dentist", "tooth", "teeth"]),
    Service(name="Eye", synonyms=["eye doctor", "glasses"]),
    Service(name="General consultation", synonyms=["doctor"]),
]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Dental", "Dental"),
        ("I wan see DENTIST tomorrow!", "Dental"),
        ("my tooth dey pain me", "Dental"),
        ("glasses", "Eye"),
        ("general   consultation", "General consultation"),
        ("accidental", None),
        ("the dentist for my teeth", "Dental"),
        ("dentist or glasses", None),
        ("", None),
    ],
)
def test_a_service_is_known_by_any_of_its_words(words, name):
    found = services.named(OFFERED, words)
    assert (found and found.name) == name
