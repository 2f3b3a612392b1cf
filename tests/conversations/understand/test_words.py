"""The vocabulary, the folding, and every function on arbitrary text."""

import json
import sys
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import thread_time as time_spent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.carrier import Option
from conversations import understand
from conversations.hearing import KINDS, Heard
from conversations.understand.words import LANGUAGES, forms, meanings
from crm.kit.clock import LAGOS

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=LAGOS)
OPTIONS = [Option("a", "GrandPro Ikeja"), Option("b", "GrandPro Lekki")]
COLLECTED = json.loads(
    (Path(__file__).parents[2] / "data" / "keywords.json").read_text(encoding="utf-8")
)
KEYWORDS = COLLECTED["keywords"]
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


def forms_of(concept):
    return [
        form
        for entries in KEYWORDS[concept].values()
        for entry in entries
        for form in (entry["text"], *entry["also_typed"])
    ]


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


@pytest.mark.parametrize("form", forms_of("distress"))
def test_every_collected_cry_for_help_is_heard(form):
    assert understand.distress(form)


@pytest.mark.parametrize("form", forms_of("doctor"))
def test_every_collected_word_for_a_doctor_asks_for_one(form):
    assert understand.intent(form, languages=LANGUAGES) == "book"


DAYS_AHEAD = {"today": 0, "tomorrow": 1, "day_after": 2}
NOT_HEARD = {
    "am": "in English a verb, in Pidgin the object of most sentences",
    "pm": "nobody writes it alone; after a figure it is heard",
    "noon": "heard as twelve o'clock, not as the whole afternoon",
    "hospital": "says nothing of what is wanted; the menu answers",
    "Yoruba months": "everyday words, a state among them; people write the English ones",
}
"""What was collected and is deliberately not heard, with the reason."""


@pytest.mark.parametrize(
    ("form", "ahead"), [(form, DAYS_AHEAD[day]) for day in DAYS_AHEAD for form in forms_of(day)]
)
def test_every_collected_word_for_a_day_is_heard(form, ahead):
    day = NOW.date() + timedelta(days=ahead)
    assert understand.when(form, now=NOW) == understand.When(day, day)


@pytest.mark.parametrize("part", ["morning", "afternoon", "evening"])
def test_every_collected_part_of_the_day_is_heard(part):
    starts = {"morning": time(6), "afternoon": time(12), "evening": time(16)}[part]
    for form in forms_of(part):
        meant = understand.when(form, now=NOW)
        assert form in NOT_HEARD or (meant and meant.earliest == starts), form


@pytest.mark.parametrize("language", ["pcm", "ha", "yo", "ig"])
def test_every_collected_number_is_heard(language):
    for value, entry in enumerate(COLLECTED["numbers"][language], 1):
        for form in entry.split("/"):
            assert understand.number(form) == value, form


@pytest.mark.parametrize("language", ["pcm", "ha", "yo", "ig"])
def test_every_collected_weekday_is_heard(language):
    for ahead, form in enumerate(COLLECTED["days"][language], 1):
        day = NOW.date() + timedelta(days=ahead)
        assert understand.when(form, now=NOW) == understand.When(day, day), form


@pytest.mark.parametrize("language", ["pcm", "ha", "ig"])
def test_every_collected_month_is_heard(language):
    for month, form in enumerate(COLLECTED["months"][language], 1):
        meant = understand.when(f"12 {form} 2027", now=NOW)
        assert meant == understand.When(date(2027, month, 12), date(2027, month, 12)), form


def test_every_collected_concept_is_heard_or_left_out_for_a_reason():
    heard = {*HEARD_AS, *DAYS_AHEAD, "yes", "no", "distress", "doctor"}
    heard |= {"morning", "afternoon", "evening"}
    assert KEYWORDS.keys() - heard == {"hospital"} <= NOT_HEARD.keys()


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
@settings(max_examples=60)
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
    understand.money(text)
    understand.rating(text)
    understand.whom(text)
    understand.owner_wish(text, today=NOW.date(), languages=LANGUAGES)


PIECES = [
    "1 ",
    "a",
    "the ",
    "no ",
    "12/",
    "my ",
    "and ",
    "for my ",
    "(",
    "n",
    "next ",
    "1,000",
    "ẹ́",
    "between 1 and ",
    "not ",
    "chest ",
    "blood ",
    "jini ",
    "* ",
    "in 3 days ",
    "\u200d",
    "ka-",
    "lagos ",
    "monday ",
    "want to see ",
]
HOSTILE = st.builds(
    lambda piece, times: (piece * times)[:2000],
    st.sampled_from(PIECES) | st.text(min_size=1, max_size=8),
    st.integers(1, 2000),
)


@pytest.fixture(scope="module")
def _loaded() -> None:
    """The last resort for dates is loaded by the first text that needs it; that is no work."""
    hear_everything("yes dec 2027")
    hear_everything("yes dec")


@pytest.mark.usefixtures("_loaded")
@given(HOSTILE | ANY_TEXT)
@settings(max_examples=60)
def test_no_text_whatever_takes_more_than_a_bounded_work(text):
    assert calls_of(lambda: hear_everything(text)) < MOST_CALLS
    began = time_spent()
    hear_everything(text)
    assert time_spent() - began < MOST_SECONDS


MOST_CALLS = 400_000
MOST_SECONDS = 0.5
"""Far above what any text needs (a month's name alone, left to the library: 100,000 calls), far
below what a runaway pattern takes."""


def hear_everything(text):
    """One message through routing's questions and every kind of hearing."""
    understand.distress(text)
    understand.command(text, languages=LANGUAGES)
    understand.intent(text, languages=LANGUAGES)
    heard = Heard(text, None, OPTIONS, now=NOW, languages=LANGUAGES)
    for hears in KINDS.values():
        hears(heard)


def calls_of(work) -> int:
    """How many functions the work calls, ours and built in."""
    seen = Counter()
    sys.setprofile(lambda _frame, event, _arg: seen.update([event]))
    try:
        work()
    finally:
        sys.setprofile(None)
    return seen["call"] + seen["c_call"]


@given(ANY_TEXT)
@settings(max_examples=100)
def test_folded_text_stays_as_it_is(text):
    once = understand.fold(text)
    assert understand.fold(once) == once
