"""The ledger and the levers for tests and tools, under /sandbox."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.door import sandbox
from bot.sandbox.inbound import Delivery, location_fields
from bot.sandbox.messages import Message

tools = Blueprint("tools", __name__, url_prefix="/sandbox")
Answer = tuple[dict[str, object], int]


@tools.post("/inbound")
def inbound() -> Response:
    """Let a person write, press, pick or share a place; answers when the product has."""
    form = request.get_json(force=True)
    person, name = str(form["from"]), str(form.get("profile_name") or "")
    if form.get("payload"):
        wish = {"title": str(form.get("title") or ""), "kind": str(form.get("kind") or "")}
        done = sandbox().press(person, str(form["payload"]), profile_name=name, **wish)
    else:
        extra = location_fields(form) | dict(form.get("extra") or {})
        channel, body = str(form.get("channel") or "whatsapp"), str(form.get("body") or "")
        media = tuple(form.get("media") or ())
        done = sandbox().say(channel, person, body, profile_name=name, extra=extra, media=media)
    return jsonify(_delivery(done))


@tools.get("/messages")
def messages() -> Response:
    """Everything the carrier really accepted, in order, as the person sees it."""
    person, since = request.args.get("to") or None, request.args.get("since", 0, int)
    found = sandbox().messages_to(person, since=since)
    return jsonify({"messages": [ledger_entry(message) for message in found]})


@tools.get("/mails")
def mails() -> Response:
    """Every e-mail the carrier really accepted, in order."""
    address, since = request.args.get("to") or None, request.args.get("since", 0, int)
    found = sandbox().mailroom.to(address, since=since)
    return jsonify({"mails": [asdict(mail) for mail in found]})


@tools.get("/faults")
def faults() -> Response:
    """Which switches are on."""
    return jsonify({"faults": sandbox().faults.listing()})


@tools.post("/faults")
def set_faults() -> Answer | Response:
    """Switch faults: {"lost_response": "close", "to": "+234…", "times": 1}."""
    wishes = dict(request.get_json(force=True))
    to, times = wishes.pop("to", None), wishes.pop("times", None)
    try:
        for name, value in wishes.items():
            sandbox().faults.set(name, value, to=to, times=times)
    except ValueError as unknown:
        return {"error": str(unknown)}, 400
    return faults()


@tools.delete("/faults")
def clear_faults() -> Response:
    """Switch everything off."""
    sandbox().faults.clear()
    return faults()


@tools.post("/redeliver")
def redeliver() -> Response:
    """Deliver an inbound webhook again, same identifiers."""
    form = request.get_json(force=True)
    outcomes = sandbox().redeliver(str(form["sid"]), times=int(form.get("times", 1)))
    return jsonify({"http_statuses": [outcome.http_status for outcome in outcomes]})


@tools.get("/events")
def events() -> Response:
    """The log of what just happened, after a line."""
    found = sandbox().events.after(request.args.get("after", 0, int))
    return jsonify({"events": [asdict(event) for event in found]})


@tools.post("/clock")
def clock() -> Response:
    """Let hours pass here and at the product."""
    hours = float(request.get_json(force=True)["hours"])
    answered = sandbox().move_clock(hours)
    return jsonify({"offset_s": sandbox().clock.offset_s, "product": answered})


@tools.post("/settle")
def settle() -> Answer:
    """Wait until every receipt and retry has been delivered."""
    form = request.get_json(force=True, silent=True) or {}
    done = sandbox().settle(timeout_s=float(form.get("timeout_s", 30)))
    return {"settled": done}, 200 if done else 504


def ledger_entry(message: Message) -> dict[str, object]:
    """A message as tests and tools read it."""
    return {
        "seq": message.seq,
        "sid": message.sid,
        "channel": message.channel,
        "to": message.person,
        "from": message.sender,
        "body": message.body,
        "options": [asdict(choice) for choice in message.choices],
        "list_button": message.list_button,
        "media": list(message.media),
        "content_sid": message.content_sid,
        "is_template": message.is_template,
        "status": message.status,
        "error_code": message.error_code,
        "segments": message.segments,
        "created_at": message.created_at,
        "callback": message.callback,
    }


def _delivery(delivery: Delivery) -> dict[str, object]:
    return asdict(delivery)
