"""The Content API: templates and their approval, as content.twilio.com answers."""

from flask import Blueprint, Response, jsonify, request

from bot.sandbox import contents, wire
from bot.sandbox.contents import Content
from bot.sandbox.door import account_only, sandbox
from bot.sandbox.errors import ApiError

contents_api = Blueprint("contents_api", __name__)
BASE = "/content.twilio.com/v1/Content"
URL = "https://content.twilio.com/v1/Content"
contents_api.before_request(account_only)


@contents_api.post(BASE)
def create() -> tuple[Response, int]:
    """Store a template."""
    box = sandbox()
    document = request.get_json(force=True, silent=True)
    return _shown(contents.create(box.store, document, at=box.clock.now())), 201


@contents_api.get(BASE)
def listing() -> Response:
    """List templates, newest first."""
    size = min(1000, max(1, request.args.get("PageSize", 50, int)))
    number = max(0, request.args.get("Page", 0, int))
    found = contents.listing(sandbox().store, size=size + 1, offset=number * size)
    account = sandbox().settings.account_sid
    shown = [wire.content_document(content, account) for content in found[:size]]
    return jsonify({"contents": shown, "meta": _meta(size, number, is_more=len(found) > size)})


@contents_api.get(f"{BASE}/<sid>")
def fetch(sid: str) -> Response:
    """Show one template."""
    return _shown(_found(sid))


@contents_api.delete(f"{BASE}/<sid>")
def delete(sid: str) -> tuple[str, int]:
    """Take a template away."""
    contents.delete(sandbox().store, _found(sid).sid)
    return "", 204


@contents_api.post(f"{BASE}/<sid>/ApprovalRequests/whatsapp")
def submit(sid: str) -> tuple[Response, int]:
    """Ask for approval as a WhatsApp template."""
    box, wish = sandbox(), request.get_json(force=True, silent=True)
    now, pace = box.clock.now(), box.settings.pace
    content = contents.submit(box.store, _found(sid), wish, at=now, pace=pace)
    return jsonify(wire.approval_document(content, at=now) | {"status": "received"}), 201


@contents_api.get(f"{BASE}/<sid>/ApprovalRequests")
def approval(sid: str) -> Response:
    """Say where the approval stands."""
    box, content = sandbox(), _found(sid)
    state = wire.approval_document(content, at=box.clock.now()) | {"type": "whatsapp"}
    whose = {"sid": sid, "account_sid": box.settings.account_sid}
    return jsonify(whose | {"whatsapp": state, "url": f"{URL}/{sid}/ApprovalRequests"})


def _found(sid: str) -> Content:
    content = contents.get(sandbox().store, sid)
    if content is None:
        raise ApiError(20404, sid)
    return content


def _shown(content: Content) -> Response:
    return jsonify(wire.content_document(content, sandbox().settings.account_sid))


def _meta(size: int, number: int, *, is_more: bool) -> dict[str, object]:
    def url(page: int) -> str:
        return f"{URL}?PageSize={size}&Page={page}"

    return {
        "key": "contents",
        "page": number,
        "page_size": size,
        "first_page_url": url(0),
        "previous_page_url": url(number - 1) if number else None,
        "next_page_url": url(number + 1) if is_more else None,
        "url": url(number),
    }
