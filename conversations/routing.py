"""Who answers: stop words, distress, a person, a reminder, the open talk, the menu."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from conversations.dialogues import DIALOGUES
from conversations.said import Press, Said, is_carrier_stop, read_press
from conversations.understand import command, distress, intent, language, when, yes_no
from crm.inbox import Talk
from crm.models import Answering

PAUSE = timedelta(minutes=30)
_REMINDER_ANSWERS = ("confirm", "move", "cancel")
_INTENTS = {"book": "booking", "appointments": "appointments", "person": "person"}
_INTERRUPTIONS = ("distress", "resume", "lost")


@dataclass(frozen=True, slots=True)
class Route:
    """What to do with what was said: `open` a talk, `listen` in the open one, or one `word`."""

    to: str
    dialogue: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    keeps: bool = False
    """The open talk is kept aside and taken up again afterwards."""
    press: Press | None = None


def route(talk: Talk, said: Said, *, languages: tuple[str, ...], now: datetime) -> Route:
    """Decide, from the talk as it stands and the words alone."""
    press = read_press(said.payload)
    word = "" if said.payload else command(said.text, languages=languages) or ""
    if said.opt_out:
        return Route("silence", dialogue=said.opt_out.lower())
    if word in ("stop", "start") or is_carrier_stop(said):
        return Route("start" if word == "start" else "stop")
    if not said.payload and distress(said.text):
        return Route("open", "distress", keeps=True)
    if talk.answering is Answering.PERSON:
        return Route("silence")
    if said.is_overtaken and not (press and press.reminder):
        return Route("silence")  # a "1" or a "yes" would answer a question it was never meant for
    return (
        _reminder(talk, said, press)
        or _everywhere(talk, said, word, languages)
        or _open(talk, said, press, word, now)
    )


def _reminder(talk: Talk, said: Said, press: Press | None) -> Route | None:
    """A button names its visit; a bare digit belongs to the newest message that asks for one."""
    if press and press.reminder:
        return _answer_reminder(press.reminder, press.answer)
    is_newest = talk.reminded_at and (talk.asked_at is None or talk.reminded_at > talk.asked_at)
    digit = said.folded.strip(" .)")
    if talk.reminded_of and is_newest and digit in ("1", "2", "3"):
        return _answer_reminder(talk.reminded_of, _REMINDER_ANSWERS[int(digit) - 1])
    return None


def _answer_reminder(visit: UUID, answer: str) -> Route:
    answers = {"visit_id": str(visit), "answer": answer}
    return Route("open", "reminder", answers, keeps=True)


def _everywhere(talk: Talk, said: Said, word: str, languages: tuple[str, ...]) -> Route | None:
    """The words that work at every question, unless the question itself asks for them."""
    if talk.dialogue == "registration" and word in ("menu", "back"):
        return None if word == "menu" else Route("back")
    if word == "person" and talk.answering is not Answering.WAITING:
        return Route("open", "person")
    if word in ("menu", "help", "back"):
        return Route(word)
    named = None if said.payload else language(said.text, languages)
    if named and not _hears(talk, "language"):
        return Route("speak", answers={"language": named})
    return None


def _open(talk: Talk, said: Said, press: Press | None, word: str, now: datetime) -> Route:
    if talk.dialogue is None or talk.dialogue not in DIALOGUES:
        return _from_idle(said, now)
    if press and press.turn is not None and press.turn != talk.turn:
        return Route("stale")
    if _was_left(talk, now):
        return Route("open", "resume", {"what": talk.dialogue}, keeps=True)
    if word in ("greeting", "thanks") and yes_no(said.text) is None:
        return Route("again", dialogue=word)
    if talk.dialogue == "menu" and not press:
        return by_intent(said, now) or Route("listen")
    return Route("listen", press=press)


def _from_idle(said: Said, now: datetime) -> Route:
    if said.payload:
        return Route("stale")
    return by_intent(said, now) or Route("open", "menu")


def by_intent(said: Said, now: datetime) -> Route | None:
    """What free words are after; a day or an hour alone is a wish to come then."""
    wish = intent(said.text) or ""
    is_digit = said.folded.isdecimal()
    if wish not in _INTENTS and not is_digit and when(said.text, now=now):
        wish = "book"
    if wish in _INTENTS:
        return Route("open", _INTENTS[wish], {"wish": said.text[:200]})
    return None


def _was_left(talk: Talk, now: datetime) -> bool:
    is_short = talk.dialogue in ("menu", "language", "person", *_INTERRUPTIONS)
    return bool(talk.heard_at and now - talk.heard_at > PAUSE and not is_short)


def _hears(talk: Talk, kind: str) -> bool:
    dialogue = DIALOGUES.get(talk.dialogue or "")
    return dialogue is not None and kind in dialogue.hears.get(talk.state or "", ())
