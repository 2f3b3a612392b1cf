"""What each channel can carry, and a question in the form its channel can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.channels.carrier import Channel, Option
from bot.channels.content import LONGEST_BODY, MOST_ROWS, content_for
from bot.channels.segments import gsm


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a sender can do."""

    two_way: bool
    """Whether answers reach us; Nigerian SMS senders often cannot hear."""
    buttons: bool
    lists: bool
    windowed: bool
    """Free text only within 24 hours of the person's last message."""
    max_options: int
    """How many options one question should offer: ten rows on WhatsApp, one digit on SMS."""
    max_length: int
    """The longest text of one message, in characters."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A question ready for its channel; `text` stands on its own where there is no shape."""

    text: str
    shape: str | None = None
    variables: Mapping[str, str] | None = None


_WHATSAPP = Capabilities(
    two_way=True, buttons=True, lists=True, windowed=True, max_options=10, max_length=1600
)
_SMS = Capabilities(
    two_way=True, buttons=False, lists=False, windowed=False, max_options=9, max_length=1600
)
_SMS_ONE_WAY = Capabilities(
    two_way=False, buttons=False, lists=False, windowed=False, max_options=0, max_length=1600
)
_EMAIL = Capabilities(
    two_way=False, buttons=False, lists=False, windowed=False, max_options=0, max_length=100_000
)


def capabilities_of(channel: Channel, *, sms_two_way: bool) -> Capabilities:
    """What our sender on this channel can do."""
    if channel is Channel.WHATSAPP:
        return _WHATSAPP
    if channel is Channel.EMAIL:
        return _EMAIL
    return _SMS if sms_two_way else _SMS_ONE_WAY


def render(
    text: str,
    options: Sequence[Option],
    *,
    channel: Channel,
    can: Capabilities,
    button_word: str = "Choose",
) -> Rendered:
    """Buttons or a list where the channel shows them, else numbered lines.

    A sender that cannot hear gets the text alone: nothing may ask for an answer that is lost. SMS
    is folded to GSM-7. Nothing is cut off; how long a text may be is its author's business.
    """
    if options and can.lists and len(options) <= MOST_ROWS and len(text) <= LONGEST_BODY:
        shape, variables = content_for(text, options, button_word)
        return Rendered(variables["1"], shape, variables)
    plain = numbered(text, options) if can.two_way else text
    return Rendered(gsm(plain) if channel is Channel.SMS else plain)


def numbered(text: str, options: Sequence[Option]) -> str:
    """The text and its options as lines to answer by number: ``1 Yes``."""
    lines = [f"{number} {_line(option)}" for number, option in enumerate(options, start=1)]
    return "\n".join([text, *lines])


def _line(option: Option) -> str:
    return f"{option.label} - {option.description}" if option.description else option.label
