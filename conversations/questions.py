"""Questions that messages asked, and the answers that come to them in the middle of anything.

A button names what it answers. Words belong to the newest question there is: that of a message
which came after the talk last asked, or any while no talk is open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bot.channels.carrier import Channel
from bot.texts import say, spoken
from conversations.said import Said
from conversations.understand import command, fold, rating, rating_with_reason, yes_no
from crm.inbox import Talk

_SCORES = ("1", "2", "3", "4", "5")
_ANSWERS: Mapping[str, tuple[str, ...]] = {
    "reminder": ("confirm", "move", "cancel"),
    "feedback": _SCORES,
    "survey": _SCORES,
    "waitlist": ("take_it", "pass_on"),
}
_SURVEYS = ("feedback", "survey")
_YES_OR_NO = {"reminder": ("confirm", "cancel"), "waitlist": ("take_it", "pass_on")}
_WISHES = {"cancel": "cancel", "change": "move"}
_ANSWERED_WITHIN = {
    "reminder": timedelta(days=30),
    "feedback": timedelta(days=15),
    "survey": timedelta(days=30),
    "waitlist": timedelta(hours=12),
}
_SETTLED = timedelta(minutes=2)
"""A digit that follows sooner on an answer is that answer, sent twice."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a message asked: its kind, the row it is about, and when it was posted."""

    kind: str
    about: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, the answer of those it offered, and what was said besides."""

    question: Question
    answer: str
    reason: str = ""


def answered(
    talk: Talk, said: Said, *, expects: Callable[[str], bool], now: datetime
) -> Answer | None:
    """The answer that these words are to the question of a message.

    A yes or a no is for the open talk when that expects just this: it is asked by their names.
    """
    question = _newest(talk, now)
    if question is None or said.payload or not _is_its_turn(talk, question, now):
        return None
    answer = _in_figures(question, said)
    if answer is None and not _is_for_the_talk(said, expects):
        answer = _in_words(question, said)
    if answer is None and talk.dialogue in (None, "menu"):
        return _with_reason(question, said)
    return Answer(question, answer) if answer else None


def _is_for_the_talk(said: Said, expects: Callable[[str], bool]) -> bool:
    meant = yes_no(said.text)
    return meant is not None and expects("yes" if meant else "no")


def _newest(talk: Talk, now: datetime) -> Question | None:
    asked = [
        Question(kind, about, at)
        for kind, about, at in (
            ("reminder", talk.reminded_of, talk.reminded_at),
            (talk.question, talk.question_about, talk.question_at),
        )
        if kind and about and at and now - at < _ANSWERED_WITHIN[kind]
    ]
    return max(asked, key=lambda question: question.at, default=None)


def _is_its_turn(talk: Talk, question: Question, now: datetime) -> bool:
    if talk.asked_at is None or question.at > talk.asked_at:
        return True
    is_settled = talk.heard_at is None or now - talk.heard_at > _SETTLED
    return talk.dialogue is None and is_settled


def _in_figures(question: Question, said: Said) -> str | None:
    answers = _ANSWERS[question.kind]
    digit = said.folded.strip(" .)")
    is_offered = digit.isdecimal() and 0 < int(digit) <= len(answers)
    return answers[int(digit) - 1] if is_offered else None


def _in_words(question: Question, said: Said) -> str | None:
    if question.kind in _SURVEYS:
        score = rating(said.text)
        return str(score) if score else None
    if question.kind in _YES_OR_NO and (wants := yes_no(said.text)) is not None:
        return _YES_OR_NO[question.kind][not wants]
    wished = command(said.text, languages=spoken()) or ""
    if question.kind == "reminder" and wished in _WISHES:
        return _WISHES[wished]
    return _by_label(question, said)


def _with_reason(question: Question, said: Said) -> Answer | None:
    """A score and what led to it, where no other question could be meant."""
    told = rating_with_reason(said.text) if question.kind == "feedback" else None
    return Answer(question, str(told[0]), told[1]) if told else None


def _by_label(question: Question, said: Said) -> str | None:
    labels = {
        fold(say("options", answer, language, Channel.SMS)): answer
        for language in spoken()
        for answer in _ANSWERS[question.kind]
    }
    return labels.get(said.folded.strip(" ."))
