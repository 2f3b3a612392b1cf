"""The plug for carriers: what a parcel is, and the three ways a sending can go wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Channel(StrEnum):
    """A way to reach a person."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer a person may pick: a button, a list row or a numbered line."""

    id: str
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message ready to travel, rendered for its channel."""

    message_id: UUID
    attempt: int
    channel: Channel
    to: str
    """E.164, a WhatsApp business-scoped id such as ``NG.4f2c``, or an e-mail address."""
    text: str
    content_sid: str | None = None
    content_variables: Mapping[str, str] | None = None
    subject: str = ""
    """The subject line of an e-mail; no other channel has one."""
    unsubscribe_url: str | None = None
    """Where the person stops such e-mails; marketing has it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A content template; with a category it needs approval before it can be sent."""

    name: str
    language: str
    types: Mapping[str, object]
    samples: Mapping[str, str]
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message the carrier took in for us, as its list shows it: words, no button."""

    provider_id: str
    channel: Channel
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier's word that it took the parcel; not yet that it was delivered."""

    provider_id: str
    status: str


class CarrierError(Exception):
    """The parcel was not accepted, or nobody knows."""


class NotSent(CarrierError):
    """It never left (refused connection, time-out before sending, 429): safe to send again."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        """Keep the carrier's own wish for the pause, in seconds."""
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Refused(CarrierError):
    """The carrier said no, for good."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep the carrier's error code and its meaning in words."""
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Ambiguous(CarrierError):
    """It may have been sent: settle by receipt or look-up before anything is sent again."""


class Carrier(Protocol):
    """What delivery asks of a carrier. Implementations hold no database session."""

    def send(self, parcel: Parcel) -> Accepted:
        """Hand the parcel over. Raises NotSent, Refused or Ambiguous."""
        ...

    def find(self, parcel: Parcel, *, since: datetime) -> Sequence[Accepted]:
        """What the carrier really took that may be this parcel. Raises NotSent or Ambiguous."""
        ...

    def received(self, *, since: datetime) -> Sequence[Received]:
        """What people sent us since then, oldest first. Raises NotSent or Ambiguous."""
        ...

    def typing(self, provider_id: str) -> None:
        """Show who wrote this WhatsApp message that we are writing. Raises CarrierError."""
        ...

    def ensure_contents(self, shapes: Sequence[Shape]) -> dict[str, str]:
        """Make the shapes the carrier does not have yet. Returns every shape's id by its name."""
        ...

    def approvals(self, sids: Sequence[str]) -> dict[str, str]:
        """WhatsApp's word on each content by its id: pending, approved, rejected, paused."""
        ...
