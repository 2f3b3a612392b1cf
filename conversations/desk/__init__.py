"""The desk: what the house answers when a talk asks it. Each file serves the talk of its name.

An answer is a kind and a value that JSON can hold, heard by the talk like anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from conversations.dialogue import Answers
from crm import patients
from crm.inbox import Talk
from crm.kit.tokens import Links
from crm.models import HolderRole, Patient, Service

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
    known: dict[Any, Any] = field(default_factory=dict)
    """What was read in this turn already."""

    def held(self) -> Sequence[tuple[Patient, HolderRole]]:
        """The patients this phone speaks for; read once a turn."""
        if "held" not in self.known:
            self.known["held"] = patients.held_by(self.session, self.talk.address_id)
        held: Sequence[tuple[Patient, HolderRole]] = self.known["held"]
        return held

    def service(self, id_: str) -> Service:
        """The service asked for; read once a turn."""
        if id_ not in self.known:
            self.known[id_] = self.session.get_one(Service, UUID(id_))
        service: Service = self.known[id_]
        return service

    @property
    def language(self) -> str:
        """The language the person reads."""
        return self.talk.language or "en"


__all__ = ["Answers", "Desk", "Outcome"]
