"""What a person said, as the door hands it in: words or a button, on a channel."""

from dataclasses import dataclass
from uuid import UUID

from bot.channels.carrier import Channel
from conversations.understand import fold
from crm.kit import phones
from crm.kit.phones import PhoneError


@dataclass(frozen=True, slots=True)
class Said:
    """One inbound message. `payload` is the id of a pressed button or list row."""

    provider: str
    provider_id: str
    channel: Channel
    sender: str
    """E.164, or a WhatsApp business-scoped id."""
    text: str = ""
    payload: str = ""
    media: str = ""
    """Content type of what was attached, or "location"."""
    name: str = ""
    """The profile name the person chose: untrusted text."""
    opt_out: str = ""
    """STOP, START or HELP when the carrier has answered it already."""
    is_overtaken: bool = False
    """Kept when its turn failed, and what was written after it has been answered."""

    @property
    def is_from_a_person(self) -> bool:
        """False for short codes and senders with a name: answering them is two bots talking."""
        if self.channel is Channel.WHATSAPP:
            return bool(self.sender)
        try:
            return phones.parse(self.sender).is_textable
        except PhoneError:
            return False

    @property
    def folded(self) -> str:
        """The words as they are compared."""
        return fold(self.text)


@dataclass(frozen=True, slots=True)
class Press:
    """A button of ours: the turn it belongs to, or what the message that it answers is about."""

    answer: str
    turn: int | None = None
    scope: str = ""
    """Which kind of message asked: reminder, feedback, waitlist, survey."""
    about: UUID | None = None


VERSION = "v1"
SCOPES = ("reminder", "feedback", "waitlist", "survey")


def payload(turn: int, option_id: str) -> str:
    """The payload of an option of the question asked at this turn."""
    return f"{VERSION}|{turn}|{option_id}"


def read_press(raw: str) -> Press | None:
    """What a payload says; None when it is not one of ours. Payloads are untrusted input."""
    parts = raw.split("|", 2)
    if len(parts) != 3 or parts[0] != VERSION:  # noqa: PLR2004 -- version, scope, answer
        return None
    _, scope, answer = parts
    if scope.isdecimal() and len(scope) < 10:  # noqa: PLR2004 -- a turn, not a flood of digits
        return Press(answer, turn=int(scope))
    return _read_about(scope, answer) if scope in SCOPES else None


def _read_about(scope: str, rest: str) -> Press | None:
    about, _, answer = rest.partition("|")
    try:
        return Press(answer, scope=scope, about=UUID(hex=about))
    except ValueError:
        return None


# https://help.twilio.com/articles/223134027: a whole message of these, on SMS, ends what the
# carrier lets through; WhatsApp leaves them to us.
_CARRIER_STOPS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}


def is_carrier_stop(said: Said) -> bool:
    """True when the carrier itself took the message for an opt-out."""
    return said.channel is Channel.SMS and said.text.strip().casefold() in _CARRIER_STOPS
