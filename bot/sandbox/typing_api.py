"""The typing indicator, as messaging.twilio.com answers: shown on the phone for a while."""

from flask import Blueprint, Response, jsonify, request

from bot.sandbox import messages
from bot.sandbox.door import account_only, sandbox
from bot.sandbox.errors import ApiError
from bot.sandbox.messages import Message
from bot.sandbox.store import Store

typing_api = Blueprint("typing_api", __name__)
typing_api.before_request(account_only)

SHOWN_S = 25.0
"""https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource"""


@typing_api.post("/messaging.twilio.com/v2/Indicators/Typing.json")
def create() -> Response:
    """Show that an answer to a message is being written, and mark the message as read."""
    box, at = sandbox(), sandbox().clock.now()
    message = _answered(box.store)
    messages.advance(box.store, message.sid, "read", at=at)
    box.store.remember(f"typing {message.person}", str(at))
    box.events.add("created", "hospital is typing", at=at, person=message.person)
    return jsonify({"success": True})


def is_typing(store: Store, person: str, *, last: Message | None, at: float) -> bool:
    """True until the answer comes, 25 seconds at most."""
    since = float(store.fact(f"typing {person}", "0"))
    is_answered = last is not None and not last.is_inbound
    return at - since < SHOWN_S and not is_answered


def _answered(store: Store) -> Message:
    if request.form.get("channel") != "whatsapp":
        raise ApiError(20001, "channel")
    sid = request.form.get("messageId", "")
    message = messages.get(store, sid)
    if message is None or not message.is_inbound or message.channel != "whatsapp":
        raise ApiError(20404, sid)
    return message
