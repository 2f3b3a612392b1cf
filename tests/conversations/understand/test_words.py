"""The vocabulary, the folding, and every function on arbitrary text."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.carrier import Option
from conversations import understand
from conversations.understand.words import LANGUAGES, forms, meanings
from crm.kit.clock import LAGOS

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=LAGOS)
OPTIONS = [Option("a", "GrandPro Ikeja"), Option("b", "GrandPro Lekki")]
KEYWORDS = json.loads(
    (Path(__file__).parents[2] / "data" / "keywords.json").read_text(encoding="utf-8")
)["keywords"]
HEARD_AS = {name: name for name in ("greeting", "stop", "help", "menu", "book", "thanks")}
HEARD_AS |= {name: name for name in ("cancel", "change", "points", "feedback")}
HEARD_AS |= {"appointment": "appointments", "human": "person", "reward": "rewards"}
GIVEN_ELSEWHERE = {
    ("menu", "start"): "start",
    ("menu", "0"): "back",
    ("book", "alkawari"): "appointments",
}

SCRAPS = st.sampled_from(
    ["next tue", "12/12", "3pm", "by 2", "no", "breathe", "chest pain", "yes", "dec", *":/.-ẹɓ👍"]
)
ANY_TEXT = st.one_of(st.text(max_size=600), st.lists(SCRAPS, max_size=80).map(" ".join))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Ẹ   káàárọ̀ ", "e kaaaro"),
        ("Yi ALƘAWARI", "yi alkawari"),
        ("ɗaya ɓera ƴanci", "daya bera yanci"),
        ("I can’t", "i cant"),
        ("ra'ayi", "raayi"),
        ("y\u200be\ufeffs", "yes"),
        ("2️⃣", "2"),
        ("①", "1"),
        ("１２", "12"),
    ],
)
def test_text_folds_to_one_plain_spelling(text, folded):
    assert understand.fold(text) == folded


def test_a_cry_for_help_is_heard_late_in_a_long_message():
    assert understand.distress("it started like this " * 60 + "and now she cannot breathe")


def test_folding_caps_what_it_reads():
    assert len(understand.fold("a" * 10_000)) == 500
    assert len(understand.fold("\ufdfa" * 10_000)) <= 500


def keyword_cases():
    for concept, by_language in KEYWORDS.items():
        for language, entries in by_language.items():
            for entry in entries if concept in HEARD_AS else ():
                for form in (entry["text"], *entry["also_typed"]):
                    meant = GIVEN_ELSEWHERE.get((concept, understand.fold(form)), HEARD_AS[concept])
                    yield form, language, meant


@pytest.mark.parametrize(("form", "language", "meant"), list(keyword_cases()))
def test_every_collected_keyword_is_heard_in_its_language(form, language, meant):
    assert understand.command(form, languages=[language]) == meant


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_every_collected_yes_and_no_is_heard(answer):
    for entries in KEYWORDS[answer].values():
        for entry in entries:
            for form in (entry["text"], *entry["also_typed"]):
                assert understand.yes_no(form) is (answer == "yes"), form


def test_no_word_means_yes_in_one_language_and_no_in_another():
    said = [form for language in LANGUAGES for form in meanings("answers", [language])]
    for form in said:
        heard = {meanings("answers", [code]).get(form) for code in LANGUAGES} - {None}
        assert len(heard) == 1, form


def test_the_plain_lists_of_the_vocabulary_are_folded():
    for section in ("polite", "fillers", "number_noise", "last", "languages"):
        assert all(form == understand.fold(form) for form in forms(section)), section


@given(ANY_TEXT)
@settings(max_examples=60, deadline=2000)
def test_arbitrary_text_is_answered_and_never_raises(text):
    understand.yes_no(text)
    understand.number(text)
    understand.choice(text, OPTIONS)
    understand.mentions(text, OPTIONS)
    understand.when(text, now=NOW)
    understand.birth_date(text, today=date(2026, 11, 22))
    understand.full_name(text)
    understand.state(text)
    understand.language(text, LANGUAGES)
    understand.command(text, languages=LANGUAGES)
    understand.intent(text, languages=LANGUAGES)
    understand.distress(text)


@given(ANY_TEXT)
@settings(max_examples=100)
def test_folded_text_stays_as_it_is(text):
    once = understand.fold(text)
    assert understand.fold(once) == once
