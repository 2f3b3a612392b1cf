"""The questions an owner is asked each quarter, their scales, and where the answers are kept."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from crm.kit.crypto import Vault
from crm.kit.errors import Invalid
from crm.models import OwnerSatisfaction

COMMENT = "owner_satisfaction.comment"
DIMENSIONS = ("payout_timeliness", "communication", "transparency", "support")
QUESTIONS = ("overall", *DIMENSIONS, "nps", "comment")
"""In the order of asking."""
_BOUNDS = {"nps": (0, 10)} | dict.fromkeys(("overall", *DIMENSIONS), (1, 5))
_LONGEST_COMMENT = 2_000


def check(answers: Mapping[str, Any]) -> None:
    """Raise Invalid for what is no question, or not on its scale."""
    for question, value in answers.items():
        if question == "comment":
            _check_comment(value)
        elif question not in _BOUNDS:
            raise Invalid(question, "There is no such question.", code="unknown_question")
        elif not _is_within(value, *_BOUNDS[question]):
            raise Invalid(question, "This is not on the scale.", code="out_of_range")


def _is_within(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _check_comment(value: Any) -> None:
    if not isinstance(value, str) or len(value) > _LONGEST_COMMENT:
        raise Invalid("comment", f"At most {_LONGEST_COMMENT} characters.", code="too_long")


def write(session: Session, row: OwnerSatisfaction, answers: Mapping[str, Any]) -> None:
    """Put answers into the row; an empty comment takes it away."""
    vault: Vault = session.info["vault"]
    for question, value in answers.items():
        if question == "comment":
            row.comment_sealed = vault.seal(value, where=COMMENT, row=row.id) if value else None
        else:
            setattr(row, question, value)


def is_answered(row: OwnerSatisfaction, question: str) -> bool:
    """True when the row holds an answer to it."""
    field = "comment_sealed" if question == "comment" else question
    return getattr(row, field) is not None


def next_question(row: OwnerSatisfaction) -> str | None:
    """What has not been answered yet, in the order of asking; None when all has."""
    return next((each for each in QUESTIONS if not is_answered(row, each)), None)


def comment_of(session: Session, row: OwnerSatisfaction) -> str | None:
    """The comment, opened. Never log it."""
    vault: Vault = session.info["vault"]
    sealed = row.comment_sealed
    return vault.open(sealed, where=COMMENT, row=row.id) if sealed else None
