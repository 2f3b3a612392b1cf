"""What the house answered in a turn, written down with the message it belongs to.

A talk is pure, and the house is all it hears beside the person. With the house's answers kept, a
conversation can be played again from its messages, whatever the records say by then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from conversations.dialogue import Answers, Dialogue
from crm.inbox import Talk
from crm.models import Answering

_READ: Mapping[str, Callable[[str], Any]] = {
    "answering": Answering,
    "patient_id": UUID,
    "owner_id": UUID,
    "reminded_of": UUID,
    "reminded_at": datetime.fromisoformat,
    "waiting_since": datetime.fromisoformat,
    "alerted_at": datetime.fromisoformat,
}
_FIELDS = (*_READ, "waiting_reason", "language", "dialogue", "state")
_seen = attrgetter(*_FIELDS)
"""What the house may change of the talk itself."""


@dataclass(slots=True)
class Minutes:
    """The answers of one turn in their order; `given` ones are taken in place of new ones."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    given: list[dict[str, Any]] = field(default_factory=list)
    met: dict[str, list[str]] = field(default_factory=dict)
    """Whom the phone spoke for when that was first asked: patients `held`, and `owners`."""
    asked: int = 0
    """How often the house itself was asked."""

    def ask(
        self, kept: Talk, talk: Dialogue, answer: Callable[[], tuple[str, Any]]
    ) -> tuple[str, Any]:
        """Ask the house, or take what it said then, and write it down."""
        question = f"{talk.name}.{talk.state}"
        if self.given and self.given[0]["asked"] == question:
            said = self.given.pop(0)
            _repeat(said, kept, talk.answers)
        else:
            said = self._asked(question, kept, talk, answer)
        self.kept.append(said)
        return said["kind"], said.get("value")

    def _asked(
        self, question: str, kept: Talk, talk: Dialogue, answer: Callable[[], tuple[str, Any]]
    ) -> dict[str, Any]:
        self.asked += 1
        answers, context, before = dict(talk.answers), dict(kept.context), _seen(kept)
        kind, value = answer()
        said: dict[str, Any] = {"asked": question, "kind": kind}
        if value is not None:
            said["value"] = value
        # Most answers change nothing, and this runs several times a turn.
        if answers != talk.answers:
            said["answers"] = _changes(answers, talk.answers)
        if context != kept.context:
            said["context"] = _changes(context, kept.context)
        after = _seen(kept)
        if before != after:
            said["talk"] = _changes(
                dict(zip(_FIELDS, before, strict=True)), dict(zip(_FIELDS, after, strict=True))
            )
        return said


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What is new or other, in the form JSON holds; what is gone is None."""
    changed = {key: _plain(what) for key, what in after.items() if before.get(key) != what}
    return changed | dict.fromkeys(before.keys() - after.keys())


def _plain(what: Any) -> Any:
    if isinstance(what, datetime):
        return what.isoformat()
    return str(what) if isinstance(what, UUID) else what


def _repeat(said: Mapping[str, Any], talk: Talk, answers: Answers) -> None:
    """Change what the house changed then."""
    _apply(said.get("answers", {}), answers)
    _apply(said.get("context", {}), talk.context)
    for name, what in said.get("talk", {}).items():
        setattr(talk, name, _READ[name](what) if what and name in _READ else what)


def _apply(changes: Mapping[str, Any], to: dict[str, Any]) -> None:
    for key, what in changes.items():
        if what is None:
            to.pop(key, None)
        else:
            to[key] = what
