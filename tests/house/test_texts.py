"""Every talk has its words, in every language, and they fit the channels they travel on."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import texts
from bot.channels.carrier import Channel
from bot.channels.content import LONGEST_BODY, LONGEST_BUTTON, LONGEST_ROW, MOST_BUTTONS
from bot.channels.segments import GSM, count, gsm
from bot.texts import (
    AWAIT_REVIEW,
    FIRST,
    keys,
    knows,
    placeholders,
    say,
    spoken,
    written,
)
from conversations.desk import booking as booking_desk
from conversations.dialogue import Dialogue
from conversations.dialogues import DIALOGUES
from conversations.routing import _INTERRUPTIONS
from crm.models import Hospital, Practitioner, Service
from tests.house.wording import (
    ANSWERS,
    NOW,
    code_is_answered,
    filled,
    fixed,
    offered,
    refusal_codes,
    speaking,
)

MOST_SEGMENTS = 3
LONGER_SMS = {
    "appointments.ask_which": "nine visits of a family, each with its day, name and hospital",
}
"""What may take more parts, and why."""


each_talk = pytest.mark.parametrize("talk", DIALOGUES.values(), ids=DIALOGUES)
each_language = pytest.mark.parametrize("language", sorted(written()))


@pytest.fixture(autouse=True)
def _every_language() -> Iterator[None]:
    """Every language there are texts in is spoken, also one that awaits its reviewer."""
    before = spoken()
    texts.offer(written())
    yield
    texts.offer(before)


# -- every key ------------------------------------------------------------------------------------


def test_every_language_says_the_same_things_with_the_same_facts():
    assert texts.faults() == []


@pytest.mark.parametrize("language", sorted(AWAIT_REVIEW & written()))
def test_what_awaits_a_reviewer_says_so(language):
    head = (Path(texts.__file__).parent / f"{language}.toml").read_text("utf-8").splitlines()[0]
    assert "Awaits a native reviewer" in head


def test_a_text_missing_in_a_language_that_awaits_review_is_said_in_english():
    first = {("menu", "ask"): {"text": "What?"}, ("menu", "again"): {"text": "{what} again"}}
    book = {("menu", "ask"): {"text": "Me?"}, ("menu", "again"): {"text": "{me} kuma"}}
    assert texts._completed({}, first) == first
    assert texts._completed(book, first) == first | {("menu", "ask"): {"text": "Me?"}}


def test_a_text_of_one_channel_wants_no_other_facts_than_the_text():
    strange = [
        f"{language} [{section}] {key} {channel}"
        for language, section, key, wording in keys()
        for channel, text in wording.items()
        if channel not in {"text", *Channel}
        or not placeholders(text) <= placeholders(wording["text"])
    ]
    assert not strange


@each_talk
def test_every_state_that_speaks_has_its_words(talk: type[Dialogue]):
    silent = [state for state in speaking(talk) if not knows(talk.name, state)]
    assert not silent


@each_talk
def test_every_question_can_be_put_in_other_words(talk: type[Dialogue]):
    asked_again = {at for at, hears, *_, then in talk.script if hears == "anything" and at == then}
    # With a person no question is asked: each word is noted.
    silent = [
        q for q in asked_again if talk.name != "person" and not knows(talk.name, f"{q}_again")
    ]
    assert not silent


@each_talk
def test_every_text_of_a_talk_gets_the_facts_it_wants(talk: type[Dialogue]):
    for state in speaking(talk):
        at = talk(state, dict(ANSWERS), NOW)
        for key in filter(lambda key: knows(talk.name, key), (state, f"{state}_again")):
            assert say(talk.name, key, FIRST, Channel.SMS, **at.facts())


@each_talk
def test_every_note_has_its_words(talk: type[Dialogue]):
    said = set(re.findall(r'self\.note\("(\w+)"', inspect.getsource(talk)))
    if talk.name == "booking":
        said |= set(re.findall(r'"?why"?[=:] ?"(\w+)"', inspect.getsource(booking_desk)))
        said |= {code for code in refusal_codes() if not code_is_answered(code)}
    assert not [key for key in said if not knows(talk.name, key)]


def test_every_talk_that_can_be_left_alone_has_a_name_to_come_back_to():
    short = {"menu", "language", "person", *_INTERRUPTIONS}
    assert not [name for name in DIALOGUES.keys() - short if not knows("resume", f"what_{name}")]


@each_talk
def test_every_option_has_a_label(talk: type[Dialogue]):
    for state in talk.offers:
        for option in offered(talk, state, FIRST):
            assert option.label, f"{talk.name}.{state}: {option.id}"


# -- they fit -------------------------------------------------------------------------------------


@each_language
@each_talk
def test_every_fixed_label_fits_its_button_or_row(talk: type[Dialogue], language):
    for state in talk.offers:
        shown = offered(talk, state, language)
        room = LONGEST_BUTTON if len(shown) <= MOST_BUTTONS else LONGEST_ROW
        assert not [o.label for o in shown if fixed(o, language) and len(o.label) > room], state


@each_language
def test_reminder_buttons_and_the_word_that_opens_a_list_fit_a_button(language):
    for key in ("confirm", "move", "cancel", "choose"):
        assert len(say("options", key, language, Channel.WHATSAPP)) <= LONGEST_BUTTON


@pytest.mark.parametrize("kind", [Hospital, Service, Practitioner])
def test_what_the_demo_calls_its_places_and_people_fits_a_row(session, kind):
    names = session.scalars(select(kind.name)).all()
    assert names
    assert not [name for name in names if len(name) > LONGEST_ROW]


@each_talk
def test_no_question_offers_more_than_one_digit_can_answer(talk: type[Dialogue]):
    for state in talk.offers:
        assert len(offered(talk, state, FIRST)) <= 9, state


def test_every_text_with_its_options_fits_a_whatsapp_message():
    long = [name for name, text in filled(Channel.WHATSAPP) if len(text) > LONGEST_BODY]
    assert not long


def test_every_text_with_its_options_fits_three_parts_of_a_text_message():
    parts = [(name, count(gsm(text)).segments) for name, text in filled(Channel.SMS)]
    assert {name for name, n in parts if n > MOST_SEGMENTS} == set(LONGER_SMS)


def test_every_text_message_can_be_written_in_the_letters_of_text_messages():
    for name, text in filled(Channel.SMS):
        plain = gsm(text)
        assert GSM.issuperset(plain), name
        assert plain.count("?") == text.count("?"), f"{name} has a letter that was lost"


def test_no_text_message_asks_for_a_word_that_the_carrier_takes_for_itself():
    """STOP and START are meant; the others would silence us, or be answered by the carrier."""
    asks = re.compile(
        r"\b(CANCEL|END|QUIT|YES|UNSUBSCRIBE)\b|(?i:\b(?:send|reply|type|text|answer)\W+(?:with\W+)?"
        r"(?:cancel|end|quit|yes)\b)"
    )
    assert not [name for name, text in filled(Channel.SMS) if asks.search(text)]
