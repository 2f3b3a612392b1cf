"""Yes and no, numbers, commands, states and languages as people type them."""

import pytest

from conversations.understand import (
    STATES,
    command,
    intent,
    language,
    number,
    state,
    unspoken,
    yes_no,
)
from tests.conversations.understand.phrases import table

SAID = table("answer")
OFFERED = ("en", "pcm", "yo")


@pytest.mark.parametrize("text", SAID["yes"]["phrases"])
def test_yes_is_heard_in_every_language(text):
    assert yes_no(text) is True


@pytest.mark.parametrize("text", SAID["no"]["phrases"])
def test_no_is_heard_in_every_language(text):
    assert yes_no(text) is False


@pytest.mark.parametrize("text", SAID["neither"]["phrases"])
def test_what_is_neither_yes_nor_no_is_left_open(text):
    assert yes_no(text) is None


@pytest.mark.parametrize(("text", "meant"), SAID["numbers"].items())
def test_a_number_is_heard_through_noise_and_words(text, meant):
    assert number(text) == meant


@pytest.mark.parametrize("text", SAID["no_number"]["phrases"])
def test_a_message_that_is_more_than_a_number_gives_none(text):
    assert number(text) is None


@pytest.mark.parametrize(("text", "meant"), SAID["commands"].items())
def test_a_command_is_heard_when_it_is_the_whole_message(text, meant):
    assert command(text) == meant


@pytest.mark.parametrize("text", SAID["no_command"]["phrases"])
def test_a_command_inside_a_sentence_is_no_command(text):
    assert command(text) is None


@pytest.mark.parametrize(("text", "meant"), SAID["intents"].items())
def test_an_opening_message_shows_what_the_person_came_for(text, meant):
    assert intent(text) == meant


@pytest.mark.parametrize("text", SAID["no_intent"]["phrases"])
def test_an_unrelated_message_starts_nothing(text):
    assert intent(text) is None


@pytest.mark.parametrize(("text", "meant"), SAID["states"].items())
def test_a_state_is_known_by_its_other_names_and_through_slips(text, meant):
    assert state(text) == meant


@pytest.mark.parametrize("text", SAID["no_state"]["phrases"])
def test_a_state_is_never_guessed_between_two(text):
    assert state(text) is None


def test_every_state_knows_its_own_name():
    assert len(STATES) == 37
    assert [state(name.upper()) for name in STATES] == list(STATES)


@pytest.mark.parametrize(("text", "meant"), SAID["languages"].items())
def test_a_language_is_asked_for_by_any_of_its_names(text, meant):
    assert language(text, OFFERED) == meant


@pytest.mark.parametrize("text", SAID["no_language"]["phrases"])
def test_a_language_not_offered_or_not_asked_for_gives_none(text):
    assert language(text, OFFERED) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("hausa", "ha"),
        ("I want to speak Yorùbá pls", "yo"),
        ("asụsụ igbo", "ig"),
        ("english", None),
        ("house", None),
        ("igbo or hausa", None),
        ("my friend speaks hausa well", None),
    ],
)
def test_a_language_we_know_and_do_not_offer_is_heard_by_its_very_name(text, meant):
    assert unspoken(text, ("en", "pcm")) == meant


def test_a_word_counts_only_in_the_languages_in_use():
    assert command("taimako") is None
    assert command("taimako", languages=["ha"]) == "help"
    assert intent("mo fẹ́ rí dókítà lọ́la", languages=["yo"]) == "book"


def test_stop_is_obeyed_in_any_language_whatever_is_in_use():
    assert command("stop am", languages=["ha"]) == "stop"
    assert command("kwụsị", languages=["en"]) == "stop"


def test_a_word_of_two_concepts_goes_to_the_visit_one_has():
    assert command("alƙawari", languages=["ha"]) == "appointments"
    assert command("yi alƙawari", languages=["ha"]) == "book"
