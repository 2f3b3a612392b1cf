"""What a form is asked with, and the page that it answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from werkzeug.exceptions import NotFound

_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A link opened (`given` is empty), or a form sent."""

    about: UUID
    given: Mapping[str, list[str]]
    now: datetime

    @property
    def is_sent(self) -> bool:
        """True when somebody pressed a button."""
        return bool(self.given)

    def word(self, name: str) -> str:
        """What was picked or written in a field, without blanks around it."""
        return (self.given.get(name) or [""])[0].strip()[:_LONGEST]

    def words(self, name: str) -> list[str]:
        """All that was ticked in a field."""
        return self.given.get(name, [])

    def score(self, name: str, highest: int = 5, lowest: int = 1) -> int | None:
        """A number on the scale, or None."""
        digits = self.word(name)
        is_on_it = digits.isascii() and digits.isdecimal() and len(digits) < 3  # noqa: PLR2004 -- 10
        return int(digits) if is_on_it and lowest <= int(digits) <= highest else None


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its template, its language and what it says."""

    template: str
    language: str
    facts: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    """The text of a page that only says something."""
    status: int = 200


def said(key: str, language: str, facts: dict[str, Any], *, status: int = 200) -> Page:
    """A page with one sentence."""
    return Page("said", language, facts, key, status)


def gone() -> NotFound:
    """What the link was about is not there any more."""
    return NotFound()
