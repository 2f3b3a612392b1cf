"""The Messages API: create, list, fetch, redact and delete, as api.twilio.com answers."""

import time
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, request

from bot.sandbox import addresses, messages, wire
from bot.sandbox.carrier import Sandbox
from bot.sandbox.door import account_only, hang_up, sandbox
from bot.sandbox.errors import ApiError
from bot.sandbox.messages import Message

PAGE_SIZE, LARGEST_PAGE = 50, 1000
api = Blueprint("messages_api", __name__)
BASE = f"/api.twilio.com/{wire.API_VERSION}/Accounts/<account_sid>/Messages"
api.before_request(account_only)


@api.post(f"{BASE}.json")
def create(account_sid: str) -> tuple[Response, int] | Response:
    """Accept a message, and maybe lose the answer on the way."""
    box, person = sandbox(), addresses.bare(request.form.get("To", ""))
    _fail_early(box, person)
    message = box.outbound.create(request.form)
    lost = box.faults.take("lost_response", person)
    if lost:
        return _lose_answer(str(lost))
    time.sleep(float(cast("float", box.faults.take("hang", person) or 0)))
    return jsonify(wire.message_document(message, account_sid)), 201


@api.get(f"{BASE}.json")
def listing(account_sid: str) -> Response:
    """List messages newest first, filtered as the vendor filters: by the date of sending."""
    size, number = _page_size(), max(0, request.args.get("Page", 0, int))
    token = request.args.get("PageToken", "")
    sent_from, sent_until = _sent_range()
    found = messages.page(
        sandbox().store,
        recipient=request.args.get("To"),
        sender=request.args.get("From"),
        sent_from=sent_from,
        sent_until=sent_until,
        before_seq=int(token[2:]) if token[2:].isdigit() else None,
        size=size + 1,
        offset=0 if token else number * size,
    )
    return jsonify(_page(account_sid, found, size=size, number=number))


@api.get(f"{BASE}/<sid>.json")
def fetch(account_sid: str, sid: str) -> Response:
    """Show one message."""
    return jsonify(wire.message_document(_found(sid), account_sid))


@api.post(f"{BASE}/<sid>.json")
def update(account_sid: str, sid: str) -> Response:
    """Redact a message's body; nothing here is ever scheduled, so nothing can be cancelled."""
    _found(sid)
    if request.form.get("Body") != "" or "Status" in request.form:
        raise ApiError(20001, "only an empty Body can be written")
    sandbox().store.run("update messages set body = '' where sid = ?", sid)
    return jsonify(wire.message_document(_found(sid), account_sid))


@api.delete(f"{BASE}/<sid>.json")
def delete(account_sid: str, sid: str) -> tuple[str, int]:
    """Delete a message from the ledger."""
    del account_sid
    sandbox().store.run("delete from messages where sid = ?", _found(sid).sid)
    return "", 204


def _fail_early(box: Sandbox, person: str) -> None:
    stalled = box.faults.take("stall", person)
    if stalled:
        time.sleep(float(cast("float", stalled)))
        hang_up()
        raise ApiError(20503)
    if box.faults.take("rate_limit", person):
        raise ApiError(20429)


def _lose_answer(how: str) -> Response:
    if how == "500":
        raise ApiError(20500)
    hang_up()
    return current_app.response_class(status=500)


def _found(sid: str) -> Message:
    message = messages.get(sandbox().store, sid)
    if message is None:
        raise ApiError(20404, sid)
    return message


def _page_size() -> int:
    return min(LARGEST_PAGE, max(1, request.args.get("PageSize", PAGE_SIZE, int)))


def _sent_range() -> tuple[float | None, float | None]:
    day, before, after = (request.args.get(name) for name in ("DateSent", "DateSent<", "DateSent>"))
    if day:
        start = _moment(day).replace(hour=0, minute=0, second=0)
        return start.timestamp(), (start + timedelta(days=1)).timestamp()
    until = _moment(before).timestamp() if before else None
    return (_moment(after).timestamp() if after else None), until


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(20001, f"{text} is not a date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _page(account_sid: str, found: list[Message], *, size: int, number: int) -> dict[str, object]:
    shown = found[:size]
    more = {"Page": number + 1, "PageToken": f"PA{shown[-1].seq}"} if len(found) > size else None
    return {
        "first_page_uri": _uri(account_sid, {"Page": 0}),
        "next_page_uri": _uri(account_sid, more) if more else None,
        "previous_page_uri": None,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(shown) - 1),
        "uri": request.full_path.removeprefix("/api.twilio.com").rstrip("?"),
        "messages": [wire.message_document(message, account_sid) for message in shown],
    }


def _uri(account_sid: str, page: dict[str, object]) -> str:
    filters = {k: v for k, v in request.args.items() if k not in ("Page", "PageToken")}
    path = f"/{wire.API_VERSION}/Accounts/{account_sid}/Messages.json"
    return f"{path}?{urlencode(filters | page)}"
