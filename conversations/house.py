"""Which desk answers which talk; a question nobody answers is found at import."""

from collections.abc import Callable
from types import ModuleType

from conversations.desk import (
    Answers,
    Desk,
    Outcome,
    appointments,
    booking,
    codes,
    feedback,
    identity,
    invite,
    owner,
    person,
    points,
    preferences,
    privacy,
    registration,
    rewards,
    sides,
    survey,
    waitlist,
    why,
)
from conversations.dialogue import Dialogue, ScriptWrong
from conversations.dialogues import DIALOGUES

_DESKS: dict[str, ModuleType] = {
    "appointments": appointments,
    "booking": booking,
    "codes": codes,
    "distress": person,
    "feedback": feedback,
    "identity": identity,
    "invite": invite,
    "owner": owner,
    "person": person,
    "place": waitlist,
    "points": points,
    "preferences": preferences,
    "privacy": privacy,
    "registration": registration,
    "reminder": appointments,
    "rewards": rewards,
    "sides": sides,
    "survey": survey,
    "waitlist": waitlist,
    "why": why,
}

ANSWERS: dict[tuple[str, str], Callable[[Desk, Answers], Outcome]] = {
    (name, question): getattr(_DESKS[name], question)
    for name, dialogue in DIALOGUES.items()
    for question in dialogue.house
}


def ask(desk: Desk, talk: Dialogue) -> None:
    """Ask the house the talk's question and let the talk hear the answer."""
    answer = ANSWERS[talk.name, talk.state]
    kind, value = desk.minutes.ask(desk.talk, talk, lambda: answer(desk, talk.answers))
    if not talk.fire(kind, value):
        raise ScriptWrong(f"{talk.name}.{talk.state} does not hear {kind!r}")
