"""The desk: what the house answers when a talk asks it. Each file serves the talk of its name.

An answer is a kind and a value that JSON can hold, heard by the talk like anything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from conversations.dialogue import Answers
from conversations.minutes import Minutes
from crm import directory, owners, patients
from crm.inbox import Talk
from crm.kit.tokens import Links
from crm.models import HolderRole, Owner, Service
from crm.patients import Held

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
    numbers: Mapping[Channel, str] = field(default_factory=dict)
    """Where people write to us, by channel."""
    known: dict[Any, Any] = field(default_factory=dict)
    """What was read in this turn already."""
    minutes: Minutes = field(default_factory=Minutes)
    """What the house answered in this turn."""

    def held(self) -> Sequence[tuple[Held, HolderRole]]:
        """The patients this phone speaks for; read once a turn."""
        if "held" not in self.known:
            rows = patients.held_by(self.session, self.talk.address_id)
            self.known["held"] = rows
            self.minutes.met.setdefault("held", [str(patient.id) for patient, _ in rows])
        held: Sequence[tuple[Held, HolderRole]] = self.known["held"]
        return held

    def owners(self) -> Sequence[Owner]:
        """The owners this phone speaks for; read once a turn."""
        if "owners" not in self.known:
            rows = owners.held_by(self.session, self.talk.address_id)
            self.known["owners"] = rows
            self.minutes.met.setdefault("owners", [str(owner.id) for owner in rows])
        found: Sequence[Owner] = self.known["owners"]
        return found

    def service(self, id_: str) -> Service:
        """The service asked for; read once a turn, unless the directory has it."""
        if id_ not in self.known:
            found = directory.of(self.session).service(UUID(id_))
            self.known[id_] = found or self.session.get_one(Service, UUID(id_))
        service: Service = self.known[id_]
        return service

    def where(self, address: str) -> list[str]:
        """An address to stand under a name; text messages have names alone, parts cost money."""
        return [] if self.channel is Channel.SMS else [address]

    @property
    def paused(self) -> list[list[Any]]:
        """The talks put aside, the newest last: name, state and answers of each."""
        paused: list[Any] = self.talk.context.get("paused") or []
        return [paused] if paused and isinstance(paused[0], str) else paused

    def let_go(self, name: str) -> None:
        """Take up no talk of this name again that was put aside."""
        self.talk.context["paused"] = [each for each in self.paused if each[0] != name]

    def keep_no_words(self) -> None:
        """What was said in this turn is for nobody to read in the talk."""
        self.known["no words"] = True

    @property
    def keeps_words(self) -> bool:
        """True unless they spoke without their name."""
        return "no words" not in self.known

    @property
    def language(self) -> str:
        """The language the person reads."""
        return self.talk.language or "en"


__all__ = ["Answers", "Desk", "Outcome"]
