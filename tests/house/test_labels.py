"""Every option, in every language, is picked by its number and by its own words."""

from collections.abc import Iterator
from copy import deepcopy
from uuid import UUID

import pytest

from bot import texts
from bot.channels.carrier import Channel, Option
from bot.channels.segments import gsm
from bot.texts import FIRST, say, spoken, written
from conversations.dialogue import Dialogue
from conversations.dialogues import DIALOGUES
from conversations.hearing import Heard, listen
from conversations.routing import route
from conversations.said import Said
from conversations.understand import rating
from crm.inbox import Talk
from crm.models import Answering
from tests.house.wording import ANSWERS, NOW, offered

LANGUAGES = tuple(sorted(written()))

each_talk = pytest.mark.parametrize("talk", DIALOGUES.values(), ids=DIALOGUES)
each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(autouse=True)
def _every_language() -> Iterator[None]:
    before = spoken()
    texts.offer(LANGUAGES)
    yield
    texts.offer(before)


@each_language
@each_talk
def test_an_option_is_picked_by_its_number_and_by_its_words(talk, language):
    for state, place, option in options(talk, language):
        pressed = answered(talk, state, language, pressed=option.id)
        for words in (str(place), option.label, gsm(option.label)):
            assert answered(talk, state, language, words) == pressed, (state, words)


@each_language
@each_talk
def test_the_words_of_an_option_ask_for_nothing_else(talk, language):
    """Or for what the same option asks for in English: "My points" is a wish as well."""
    english = {(state, option.id): option.label for state, _, option in options(talk, FIRST)}
    for state, _, option in options(talk, language):
        plain = routed(talk, state, english[state, option.id])
        for words in (option.label, gsm(option.label)):
            assert routed(talk, state, words) in (("listen", ""), plain), (state, words)


@each_language
def test_the_words_under_the_scores_are_scores(language):
    words = [say("options", f"rate_{score}", language, Channel.SMS) for score in range(1, 6)]
    assert [rating(gsm(word)) for word in words] == [1, 2, 3, 4, 5]


def options(talk: type[Dialogue], language: str) -> Iterator[tuple[str, int, Option]]:
    """What is shown at each question, but for two of one name: those are told by their number."""
    for state in talk.offers:
        shown = offered(talk, state, language)
        labels = [option.label for option in shown]
        for place, option in enumerate(shown, 1):
            if labels.count(option.label) == 1:
                yield state, place, option


def answered(
    talk: type[Dialogue], state: str, language: str, words: str = "", pressed: str | None = None
) -> tuple[str, dict]:
    """Where the talk goes from a question, and what it then knows."""
    at = talk(state, deepcopy(ANSWERS), NOW, language)
    shown = offered(talk, state, language)
    listen(
        at,
        Heard(words, pressed, shown, now=NOW, languages=LANGUAGES, other_names=at.other_names()),
    )
    return at.state, at.answers


def routed(talk: type[Dialogue], state: str, words: str) -> tuple[str, str]:
    nothing = dict.fromkeys(Talk.__dataclass_fields__)
    known = {"id": UUID(int=0), "address_id": UUID(int=0), "answering": Answering.BOT, "turn": 1}
    is_owner = talk.name in {"owner", "survey", "sides"}
    standing = {"dialogue": talk.name, "state": state, "context": {}, "is_owner": is_owner}
    said = Said("test", "", Channel.SMS, "", words)
    decided = route(Talk(**(nothing | known | standing)), said, languages=LANGUAGES, now=NOW)
    return decided.to, decided.dialogue
