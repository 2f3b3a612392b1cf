"""The desk: what the house answers when a talk asks it. Each file serves the talk of its name.

An answer is a kind and a value that JSON can hold, heard by the talk like anything else.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from conversations.dialogue import Answers
from crm.inbox import Talk
from crm.kit.tokens import Links

Outcome = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the desk works with in one turn."""

    session: Session
    talk: Talk
    channel: Channel
    message_id: UUID
    languages: tuple[str, ...]
    links: Links
    now: datetime

    @property
    def language(self) -> str:
        """The language the person reads."""
        return self.talk.language or "en"


__all__ = ["Answers", "Desk", "Outcome"]
