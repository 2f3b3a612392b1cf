"""Who answers: stop words, distress, a person, a reminder, the open talk, the menu."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from conversations.desk.proof import KNOWN_FOR
from conversations.dialogues import DIALOGUES
from conversations.questions import answered
from conversations.said import Press, Said, is_carrier_stop, read_press
from conversations.understand import (
    OWNER_WISHES,
    command,
    distress,
    intent,
    language,
    owner_wish,
    unspoken,
    when,
    yes_no,
)
from crm.inbox import Talk
from crm.kit.clock import lagos_day
from crm.models import Answering

Languages = tuple[str, ...]
"""Those whose words count."""

PAUSE = timedelta(minutes=30)
# What is wished, and the talk that serves it, if there is one of this name.
_INTENTS = {
    "book": "booking",
    "appointments": "appointments",
    "person": "person",
    "points": "points",
    "rewards": "rewards",
    "codes": "codes",
    "invite": "invite",
    "feedback": "feedback",
    "preferences": "preferences",
    "data": "privacy",
    "erase": "privacy",
    "waitlist": "place",
    "why": "why",
    **dict.fromkeys(OWNER_WISHES, "owner"),
}
_WISH = 200  # letters of it are kept
THEIR_WORK = ("registration", "booking", "feedback", "survey")
"""Talks that are taken up however late: what was told in them need not be told again."""
_INTERRUPTIONS = ("distress", "resume", "lost")
_TAKEN_UP = ("menu", "language", "person", "sides", "survey", *_INTERRUPTIONS)
"""Talks that go on, however late the answer."""


@dataclass(frozen=True, slots=True)
class Route:
    """What to do with what was said: `open` a talk, `listen` in the open one, or one `word`."""

    to: str
    dialogue: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    keeps: bool = False
    """The open talk is kept aside and taken up again afterwards."""
    press: Press | None = None


def route(talk: Talk, said: Said, *, languages: Languages, now: datetime) -> Route:
    """Decide, from the talk as it stands and the words alone."""
    press = read_press(said.payload)
    word = "" if said.payload else command(said.text, languages=languages) or ""
    if said.opt_out:
        return Route("silence", dialogue=said.opt_out.lower())
    if word in ("stop", "start") or is_carrier_stop(said):
        return Route("start" if word == "start" else "stop")
    if not said.payload and distress(said.text):
        return Route("open", "distress", _told_in_danger(talk, said, now), keeps=True)
    if talk.answering is Answering.PERSON:
        return Route("silence")
    if said.is_overtaken and not (press and press.about):
        return Route("silence")  # a "1" or a "yes" would answer a question it was never meant for
    return (
        _of_a_message(talk, said, press, now)
        or _everywhere(talk, said, word, languages)
        or _open(talk, said, press, word, languages=languages, now=now)
    )


def _told_in_danger(talk: Talk, said: Said, now: datetime) -> dict[str, Any]:
    """The rating that words of danger begin with, where we had asked for one."""
    found = answered(talk, said, expects=lambda _: False, now=now)
    if found is None or not found.reason:
        return {}
    return {"about": str(found.question.about), "answer": found.answer, "reason": found.reason}


def _of_a_message(talk: Talk, said: Said, press: Press | None, now: datetime) -> Route | None:
    """A button names what it answers; a digit belongs to the newest message that asks for one."""
    if press and press.about:
        return _answer(press.scope, press.about, press.answer)
    found = answered(talk, said, expects=partial(_hears, talk), now=now)
    if found is None:
        return None
    return _answer(found.question.kind, found.question.about, found.answer, found.reason)


def _answer(kind: str, about: UUID, answer: str, reason: str = "") -> Route | None:
    if kind not in DIALOGUES:
        return None
    answers = {"about": str(about), "answer": answer} | ({"reason": reason} if reason else {})
    return Route("open", kind, answers, keeps=True)


def _everywhere(talk: Talk, said: Said, word: str, languages: Languages) -> Route | None:
    """The words that work at every question, unless the question itself asks for them."""
    if talk.dialogue == "registration" and word in ("menu", "back") and not talk.is_owner:
        return None if word == "menu" else Route("back")
    if word == "person" and talk.answering is not Answering.WAITING:
        return Route("open", "person", keeps=True)
    if word in ("menu", "help", "back"):
        return Route(word)
    if word == "why":
        return Route("open", "why", keeps=True)
    return None if said.payload else _in_which_language(talk, said, languages)


def _in_which_language(talk: Talk, said: Said, languages: Languages) -> Route | None:
    """A language asked for by name; where it is an answer, only one that we do not offer."""
    if (named := language(said.text, languages)) and not _hears(talk, "language"):
        return Route("speak", answers={"language": named})
    if not named and (wanted := unspoken(said.text, languages)):
        return Route("unspoken", answers={"language": wanted})
    return None


def _open(
    talk: Talk,
    said: Said,
    press: Press | None,
    word: str,
    *,
    languages: Languages,
    now: datetime,
) -> Route:
    if talk.dialogue is None or talk.dialogue not in DIALOGUES:
        return _from_idle(talk, said, languages=languages, now=now)
    if press and press.turn is not None and press.turn != talk.turn:
        return Route("stale")
    if was_left(talk, now):
        return _after_a_pause(talk, said, languages=languages, now=now)
    is_courtesy = word == "greeting" or (word == "thanks" and not _hears(talk, "text"))
    if is_courtesy and yes_no(said.text) is None:
        return Route("again", dialogue=word)
    if talk.dialogue == "menu" and not press:
        return by_intent(talk, said, languages=languages, now=now) or Route("listen")
    return Route("listen", press=press)


def _after_a_pause(talk: Talk, said: Said, *, languages: Languages, now: datetime) -> Route:
    """Go on or start over? What is wished now comes first, unless it would undo work of theirs.

    Half a day later, what they have proven no longer holds: a talk that does not ask for it again
    by itself begins anew.
    """
    asked = by_intent(talk, said, languages=languages, now=now)
    if asked and talk.dialogue not in THEIR_WORK:
        return asked
    if _has_lapsed(talk, now):
        return Route("open", home(talk))
    return Route("open", "resume", {"what": talk.dialogue}, keeps=True)


def _has_lapsed(talk: Talk, now: datetime) -> bool:
    asks_again = talk.dialogue in THEIR_WORK or DIALOGUES[talk.dialogue or ""].is_personal
    return not asks_again and talk.heard_at is not None and now - talk.heard_at > KNOWN_FOR


def _from_idle(talk: Talk, said: Said, *, languages: Languages, now: datetime) -> Route:
    if said.payload:
        return Route("stale")
    is_lost = talk.dialogue is not None  # at a talk there is no more: listening says so
    asked = by_intent(talk, said, languages=languages, now=now)
    return asked or (Route("listen") if is_lost else Route("open", home(talk)))


def home(talk: Talk) -> str:
    """The talk that begins where no other is open: owners have one of theirs."""
    is_owner_alone = talk.is_owner and talk.patient_id is None
    return "owner" if talk.owner_id or is_owner_alone else "menu"


def by_intent(talk: Talk, said: Said, *, languages: Languages, now: datetime) -> Route | None:
    """What free words are after; a day or an hour alone is a wish to come then.

    The talk opened finds the words as `wish` and what they were taken for as `intent`.
    """
    if talk.is_owner and (asked := _of_owner(talk, said, languages, now)):
        return asked
    wish = intent(said.text, languages=languages) or ""
    if not _serves(wish) and not said.folded.isdecimal() and _is_ahead(said, now):
        wish = "book"
    if not _serves(wish) or (wish in OWNER_WISHES and not talk.is_owner):
        return None
    return Route("open", _INTENTS[wish], {"wish": said.text[:_WISH], "intent": wish})


def _of_owner(talk: Talk, said: Said, languages: Languages, now: datetime) -> Route | None:
    asked = owner_wish(said.text, today=lagos_day(now), languages=languages)
    if asked is None or not _serves(asked.word):
        return None
    if intent(said.text, languages=languages) not in OWNER_WISHES and home(talk) != "owner":
        return None  # "points" and "complain" mean something else, said by a patient
    month = asked.month.isoformat() if asked.month else None
    return Route("open", "owner", {"wish": said.text[:_WISH], "intent": asked.word, "month": month})


def _is_ahead(said: Said, now: datetime) -> bool:
    """A day or an hour to come: one that has passed is a date of birth or the like."""
    meant = when(said.text, now=now)
    return meant is not None and (meant.last is None or meant.last >= lagos_day(now))


def _serves(wish: str) -> bool:
    return _INTENTS.get(wish) in DIALOGUES


def was_left(talk: Talk, now: datetime) -> bool:
    """Whether the open talk was left alone for so long that its question may be forgotten."""
    if talk.dialogue in _TAKEN_UP or not talk.heard_at:
        return False
    return now - talk.heard_at > (KNOWN_FOR if talk.dialogue == "owner" else PAUSE)


def _hears(talk: Talk, kind: str) -> bool:
    dialogue = DIALOGUES.get(talk.dialogue or "")
    return dialogue is not None and kind in dialogue.hears.get(talk.state or "", ())
