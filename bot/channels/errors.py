"""What carriers' error codes mean for us: a kind that decides what to do, and words for people.

Used for errors of the create call and for failed receipts. Twilio's set changes without notice, so
a code that is not listed still gets an answer. E-mail has no codes but SMTP's: ours follow those.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a code asks of us."""

    THROTTLE = "throttle"
    """Slow this sender down and send again later."""
    AMBIGUOUS = "ambiguous"
    """It may have been sent: find out first."""
    RETRYABLE = "retryable"
    """Try again a few times, minutes to hours apart, then another channel."""
    ADDRESS = "address"
    """This address will not work on this channel."""
    CONSENT = "consent"
    """The person does not want it: suppress until they opt in again."""
    CONTENT = "content"
    """The message itself is wrong."""
    CONFIG = "config"
    """Ours to set right: tell the operator, pause the sender."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One code's kind and its meaning in words."""

    code: int
    kind: Kind
    words: str


OPTED_OUT = 21610
WINDOW_CLOSED = 63016
NOT_ON_WHATSAPP = frozenset({63003, 63024})

MAIL_SERVER_AWAY = 451
MAIL_UNWANTED = 541
NO_MAILBOX = 550
MAIL_TOO_LARGE = 552
NO_EMAIL_ADDRESS = 553
MAIL_REFUSED = 554

_FIRST_RECEIPT_CODE = 30_000


def explain(code: int) -> Failure:
    """The meaning of a code, listed or not."""
    return _FAILURES.get(code) or _unlisted(code)


def listed(kind: Kind) -> frozenset[int]:
    """The codes we know of this kind."""
    return frozenset(_WORDS.get(kind, ()))


def _unlisted(code: int) -> Failure:
    """Codes of receipts are about one delivery; the others are about our call or account."""
    kind = Kind.RETRYABLE if code >= _FIRST_RECEIPT_CODE else Kind.CONFIG
    return Failure(code, kind, f"the carrier gave error {code}")


_WORDS: dict[Kind, dict[int, str]] = {
    Kind.THROTTLE: {
        14107: "too many replies to one number within seconds",
        20429: "too many requests at once",
        21611: "this sender's queue is full",
        30001: "the sending queue is full",
        30022: "over the network's sending rate",
        30023: "over the network's daily limit",
        35125: "too many scheduled messages",
        63017: "over the account's sending rate",
        63018: "over this WhatsApp sender's rate or daily limit",
        63038: "over the account's daily limit",
        63041: "WhatsApp paused this template",
    },
    Kind.AMBIGUOUS: {
        20500: "the carrier had an internal error",
        20503: "the carrier was not available",
        30410: "the network did not answer the carrier in time",
    },
    Kind.RETRYABLE: {
        MAIL_SERVER_AWAY: "the person's mail server could not be reached",
        30003: "the phone is off or out of reach",
        30008: "the network gave no reason",
        30009: "a part of the incoming message is missing",
        30017: "the network is congested",
        30035: "the sender is still being set up",
        30450: "held back by fraud protection for now",
        63009: "WhatsApp had an internal error",
        63010: "the carrier had an internal error",
        63012: "WhatsApp had an internal error",
        63019: "the attached file could not be fetched",
        63049: "WhatsApp held a marketing message back",
    },
    Kind.ADDRESS: {
        NO_MAILBOX: "the mailbox does not exist",
        NO_EMAIL_ADDRESS: "the e-mail address is not valid",
        21211: "the number is not valid",
        21604: "there is no number to send to",
        21612: "the number cannot be reached from this sender",
        21614: "the number is not a mobile number",
        21635: "the number is a landline",
        30005: "the number is not in use",
        30006: "the number is a landline or its network cannot be reached",
        63003: "the number is not on WhatsApp",
        63024: "the number cannot receive WhatsApp messages",
        63031: "the number is the sender's own",
        63032: "WhatsApp does not let this person be messaged now",
        63036: "the number cannot be reached by RCS",
    },
    Kind.CONSENT: {
        MAIL_UNWANTED: "the person does not want our e-mails",
        21610: "the person has opted out",
        30004: "the person or their network blocks messages",
        63014: "the person has blocked us",
        63033: "the person has blocked us",
    },
    Kind.CONTENT: {
        MAIL_TOO_LARGE: "the e-mail is too large",
        MAIL_REFUSED: "the person's mail server refused the e-mail",
        21602: "the message is empty",
        21617: "the message is longer than 1,600 characters",
        21620: "the address of an attached file is wrong",
        21623: "too many files are attached",
        21654: "template values without a template",
        21656: "the template's values are not right",
        30007: "filtered as unwanted by the carrier",
        30010: "over the price limit",
        30019: "too large for the network",
        30036: "it was too old before it could be sent",
        35111: "a scheduled message without its time",
        35118: "scheduling needs a messaging service",
        63005: "WhatsApp did not accept the content",
        63013: "against WhatsApp's policy",
        63016: "the 24-hour window has closed: only a template may be sent",
        63021: "the content is not valid on WhatsApp",
        63030: "this kind of message cannot carry that",
        63034: "the attached file is too large",
    },
    Kind.CONFIG: {
        11200: "our webhook answered with an error",
        11205: "our webhook could not be reached",
        11750: "our webhook's answer was too long",
        12100: "our webhook's answer was not TwiML",
        12300: "our webhook's answer had the wrong type",
        20003: "the carrier does not accept our credentials",
        20005: "our carrier account is not active",
        20404: "the carrier does not know this resource",
        21212: "the sender's number is not valid",
        21408: "sending to this country is not enabled",
        21601: "the sender's number cannot send SMS",
        21603: "no sender is set",
        21606: "the sender is not ours or cannot reach this country",
        21608: "a trial account may write to verified numbers only",
        21609: "the address for receipts is not valid",
        21655: "the template does not exist",
        21701: "the messaging service does not exist",
        21703: "the messaging service has no sender for this number",
        21704: "the messaging service has no senders",
        21705: "the messaging service is not valid",
        30002: "our carrier account is suspended",
        30018: "the sender name is not registered with this network",
        30024: "the sender is not set up at this network",
        30034: "the sender is not registered for the United States",
        63001: "WhatsApp does not accept our credentials",
        63007: "the WhatsApp sender is not ours",
        63015: "the person has not joined the WhatsApp sandbox",
        63020: "WhatsApp does not accept our business account",
        63027: "the template does not exist in this language",
        63028: "the template was given the wrong number of values",
        63040: "WhatsApp rejected the template",
        63042: "WhatsApp disabled the template",
        63051: "our WhatsApp business account is locked",
    },
}

_FAILURES = {
    code: Failure(code, kind, words)
    for kind, codes in _WORDS.items()
    for code, words in codes.items()
}
