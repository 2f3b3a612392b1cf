"""What somebody wants sent, before anybody knows whether it may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.channels.carrier import Channel
from crm.models import Lane, PersonKind, Purpose

SENDABLE = frozenset(set(Purpose) - {Purpose.REPLY, Purpose.ALERT})
"""What a caller may send for; replies and alerts are the house's own."""

SOONEST, LATEST = timedelta(minutes=1), timedelta(days=90)
"""How far ahead a message may be set."""


@dataclass(frozen=True, slots=True)
class To:
    """Whom a message is for: one of our people, or a bare address."""

    kind: PersonKind | None = None
    id: UUID | None = None
    address: tuple[Channel, str] | None = None

    @classmethod
    def patient(cls, id_: UUID) -> "To":
        """A patient."""
        return cls(PersonKind.PATIENT, id_)

    @classmethod
    def owner(cls, id_: UUID) -> "To":
        """An owner."""
        return cls(PersonKind.OWNER, id_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One message as its sender wants it: either `text`, or the code of a template."""

    to: To
    channel: Channel | None = None
    """None is the best one that the gate lets through."""
    purpose: Purpose | None = None
    """A template brings its own."""
    text: str = ""
    subject: str = ""
    template: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    expires_at: datetime | None = None
    lane: Lane | None = None
    reference: str | None = None
    client_ref: str | None = None
    about_id: UUID | None = None
    override_reason: str | None = None
    """Why sensitive words go out all the same."""
    is_test: bool = False
