"""Amounts, ratings, whom a visit is for, and what owners ask, as people type them."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from conversations.understand import intent, money, number, owner_wish, rating, whom
from conversations.understand.words import LANGUAGES
from tests.conversations.understand.phrases import table

SAID = table("value")
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(("text", "naira"), SAID["money"].items())
def test_an_amount_is_read_in_figures_and_in_words(text, naira):
    assert money(text) == round(naira * 100)


@pytest.mark.parametrize("text", SAID["no_money"]["phrases"])
def test_what_is_no_amount_or_two_gives_none(text):
    assert money(text) is None


@pytest.mark.parametrize(("text", "meant"), SAID["ratings"].items())
def test_a_rating_is_read_from_figures_stars_and_words(text, meant):
    assert rating(text) == meant


@pytest.mark.parametrize("text", SAID["no_rating"]["phrases"])
def test_what_is_no_rating_or_two_gives_none(text):
    assert rating(text) is None


def test_a_scale_of_ten_takes_figures_alone():
    assert rating("8/10", top=10) == 8
    assert rating("good", top=10) is None


@pytest.mark.parametrize(("text", "meant"), SAID["whom"].items())
def test_whom_a_visit_is_for_is_heard_when_said(text, meant):
    assert whom(text) == meant


@pytest.mark.parametrize("text", SAID["no_whom"]["phrases"])
def test_whom_a_visit_is_for_is_not_guessed(text):
    assert whom(text) is None


@pytest.mark.parametrize(("text", "meant"), SAID["owner"].items())
def test_an_owner_is_understood_with_the_month(text, meant):
    wish = owner_wish(text, today=TODAY, languages=LANGUAGES)
    assert wish
    assert " ".join(filter(None, (wish.word, wish.month and f"{wish.month:%Y-%m}"))) == meant


@pytest.mark.parametrize("text", SAID["no_owner"]["phrases"])
def test_what_no_owner_asks_gives_none(text):
    assert owner_wish(text, today=TODAY, languages=LANGUAGES) is None


@pytest.mark.parametrize(("text", "meant"), SAID["numbers"].items())
def test_a_number_of_several_words_is_heard(text, meant):
    assert number(text) == meant


@pytest.mark.parametrize(
    ("text", "language", "meant"),
    [
        (text, code, meant)
        for code, name in {"ha": "hausa", "yo": "yoruba", "ig": "igbo"}.items()
        for text, meant in SAID[name].items()
    ],
)
def test_an_opening_message_is_understood_in_each_language(text, language, meant):
    assert intent(text, languages=[language]) == meant


def test_the_tables_hold_at_least_nine_hundred_phrases_with_their_meaning():
    data = Path(__file__).parents[2] / "data"
    tables = [tomllib.loads(path.read_text("utf-8")) for path in data.glob("*_phrases.toml")]
    assert sum(map(_phrases, tables)) >= 900


def _phrases(value) -> int:
    if isinstance(value, dict):
        return sum(map(_phrases, value.values()))
    return len(value) if isinstance(value, list) else 1
