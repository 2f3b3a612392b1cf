"""Receipts: what Twilio says later of a message it took."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Response, current_app, request

from bot import metrics
from bot.wiring import Wiring
from crm import outbox
from crm.models import MessageStatus
from crm.outbox import Receipt
from webhooks.signatures import signed_by_twilio

receipts_door = Blueprint("receipts", __name__, url_prefix="/webhooks/twilio")

# Twilio's words for ours. It speaks of `receiving` and `received` too, but not of our messages.
_STATUS = {
    "accepted": MessageStatus.ACCEPTED,
    "scheduled": MessageStatus.ACCEPTED,
    "queued": MessageStatus.ACCEPTED,
    "sending": MessageStatus.ACCEPTED,
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "partially_delivered": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    "failed": MessageStatus.FAILED,
    "canceled": MessageStatus.FAILED,
    "read": MessageStatus.READ,
}
_MOST_ATTEMPTS = 32_767


@receipts_door.post("/status")
@signed_by_twilio
def status() -> Response:
    """Take in one receipt; what we cannot use is answered all the same, or it would come again."""
    taken = _read(request.args, request.form)
    if taken:
        wiring: Wiring = current_app.extensions["wiring"]
        with wiring.transaction() as session:
            outbox.receipts(session, [taken], now=wiring.now())
        metrics.receipts_total.labels(_channel(request.form), taken.status).inc()
    return Response(status=204)


def _read(query: Mapping[str, str], form: Mapping[str, str]) -> Receipt | None:
    """The receipt, or None when it is not about a message and an attempt of ours."""
    status = _STATUS.get(form.get("MessageStatus", ""))
    message_id, n = _message_id(query.get("mid", "")), _number(query.get("n", ""))
    provider_id = form.get("MessageSid", "")
    if not (status and message_id and n and provider_id) or n > _MOST_ATTEMPTS:
        return None
    return Receipt(message_id, n, status, provider_id, _number(form.get("ErrorCode", "")))


def _message_id(hexadecimal: str) -> UUID | None:
    try:
        return UUID(hex=hexadecimal)
    except ValueError:
        return None


def _number(digits: str) -> int | None:
    return int(digits) if digits.isdecimal() and len(digits) <= len("99999") else None


def _channel(form: Mapping[str, str]) -> str:
    return "whatsapp" if form.get("To", "").startswith("whatsapp:") else "sms"
