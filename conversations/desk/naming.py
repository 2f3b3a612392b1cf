"""Which of the rows the house knows somebody meant, by all they have said of it so far."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.carrier import Option
from conversations.desk import Answers
from conversations.understand import mentions, whom
from crm.models import HolderRole
from crm.patients import Held


def those_meant(
    answers: Answers, held: Sequence[tuple[Held, HolderRole]]
) -> Sequence[tuple[Held, HolderRole]]:
    """Whom the visit may be for, by what was said of it: "for me", "for my son", or nothing."""
    said = next(filter(None, map(whom, _said(answers))), None)
    if said is None:
        return held
    is_for_self = said == "self"
    return [each for each in held if (each[1] is HolderRole.SELF) is is_for_self]


def mentioned(
    answers: Answers,
    rows: Sequence[Sequence[Any]],
    also: Mapping[str, Sequence[str]] | None = None,
) -> Sequence[Any] | None:
    """The row named in what they said last, else in what they said before."""
    return next(filter(None, (_named(said, rows, also) for said in _said(answers))), None)


def settled(
    answers: Answers,
    rows: Sequence[Sequence[Any]],
    known: Sequence[Any],
    also: Mapping[str, Sequence[str]] | None = None,
) -> Sequence[Any] | None:
    """What they named last, else what was settled before, else what they named first, or all."""
    if known[0]:
        return _named(answers.get("wish") or "", rows, also) or known
    return mentioned(answers, rows, also) or (rows[0] if len(rows) == 1 else None)


def _said(answers: Answers) -> list[str]:
    return [answers.get("wish") or "", answers.get("earlier") or ""]


def _named(
    said: str, rows: Sequence[Sequence[Any]], also: Mapping[str, Sequence[str]] | None
) -> Sequence[Any] | None:
    named = mentions(said, [Option(row[0], row[1]) for row in rows], also or {})
    return next((row for row in rows if row[0] == named), None)
