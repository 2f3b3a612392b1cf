"""SendGrid's event webhook: what became of e-mails, in signed batches.

Fields: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event. SendGrid tries a
batch again for a day unless it is answered with 2xx, so the same event may come twice.
"""

import json
from uuid import UUID

from flask import Blueprint, Response, current_app, request

from bot import metrics
from bot.channels.errors import (
    MAIL_REFUSED,
    MAIL_SERVER_AWAY,
    MAIL_UNWANTED,
    NO_EMAIL_ADDRESS,
    NO_MAILBOX,
)
from bot.wiring import Wiring
from crm import outbox
from crm.models import MessageStatus, SuppressionReason
from crm.outbox import MailEvent
from webhooks.signatures import signed_by_sendgrid

mail_events_door = Blueprint("mail_events", __name__, url_prefix="/webhooks/sendgrid")

PROVIDER = "sendgrid"
_MOST_ATTEMPTS = 32_767
_LONGEST_ID = 200

_STATUS = {
    "processed": MessageStatus.ACCEPTED,
    "deferred": MessageStatus.ACCEPTED,
    "delivered": MessageStatus.DELIVERED,
    "open": MessageStatus.READ,
    "click": MessageStatus.READ,
    "spamreport": MessageStatus.DELIVERED,
    "bounce": MessageStatus.UNDELIVERED,
    "dropped": MessageStatus.FAILED,
}
_FAREWELLS = {"unsubscribe", "group_unsubscribe", "spamreport"}
# Why SendGrid dropped an e-mail before it left, by the first word of its reason.
_DROPPED = {
    "bounced": NO_MAILBOX,
    "unsubscribed": MAIL_UNWANTED,
    "spam": MAIL_UNWANTED,
    "invalid": NO_EMAIL_ADDRESS,
}
_FOR_A_WHILE = {"technical", "mailbox unavailable", "frequency or volume too high"}
_SUPPRESSES = {
    NO_MAILBOX: SuppressionReason.BOUNCE,
    NO_EMAIL_ADDRESS: SuppressionReason.INVALID,
}


@mail_events_door.post("/events")
@signed_by_sendgrid
def events() -> Response:
    """Take in one batch; what we cannot use is answered all the same, or it would come again."""
    found = [event for each in _listed(request.get_data()) if (event := _read(each))]
    wiring: Wiring = current_app.extensions["wiring"]
    with wiring.transaction() as session:
        outbox.take_in_mail_events(session, found, provider=PROVIDER, now=wiring.now())
    for event in found:
        if event.status:
            metrics.receipts_total.labels("email", event.status).inc()
    return Response(status=204)


def _listed(body: bytes) -> list[dict[str, object]]:
    try:
        batch = json.loads(body)
    except ValueError:
        return []
    return [each for each in batch if isinstance(each, dict)] if isinstance(batch, list) else []


def _read(event: dict[str, object]) -> MailEvent | None:
    """The event in our words, or None when it is not about a message and an attempt of ours."""
    word, id_ = str(event.get("event", "")), str(event.get("sg_event_id", ""))
    message_id, n = _message_id(event.get("mid")), _attempt(event.get("n"))
    if not (message_id and n and id_) or word not in _STATUS.keys() | _FAREWELLS:
        return None
    code = _code(word, event)
    is_spam = word == "spamreport"
    return MailEvent(
        id=id_[:_LONGEST_ID],
        message_id=message_id,
        n=n,
        provider_id=str(event.get("sg_message_id", "")).partition(".")[0],
        status=_STATUS.get(word),
        code=code,
        suppresses=SuppressionReason.SPAM if is_spam else _SUPPRESSES.get(code or 0),
        is_unsubscribe=word in _FAREWELLS,
    )


def _code(word: str, event: dict[str, object]) -> int | None:
    """Why it failed, as one of our codes; their own words hold people's addresses."""
    if word == "dropped":
        first, _, _ = str(event.get("reason", "")).lower().partition(" ")
        return _DROPPED.get(first, MAIL_REFUSED)
    if word != "bounce":
        return None
    if event.get("type") != "blocked":
        return NO_MAILBOX
    why = str(event.get("bounce_classification", "")).lower()
    return MAIL_SERVER_AWAY if why in _FOR_A_WHILE else MAIL_REFUSED


def _message_id(value: object) -> UUID | None:
    try:
        return UUID(hex=str(value))
    except ValueError:
        return None


def _attempt(value: object) -> int | None:
    digits = str(value)
    is_short = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(_MOST_ATTEMPTS))
    return int(digits) if is_short and 0 < int(digits) <= _MOST_ATTEMPTS else None
