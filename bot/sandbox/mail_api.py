"""SendGrid's ``POST /v3/mail/send``: checks as the vendor checks, answers as it answers."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, cast

from flask import Blueprint, Response, current_app, request

from bot.sandbox.carrier import Sandbox
from bot.sandbox.door import hang_up, sandbox
from bot.sandbox.mails import Mail

mail_api = Blueprint("mail_api", __name__)

MOST_PERSONALIZATIONS = 1000
_ADDRESS = re.compile(r"[^@\s<>\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HELP = "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors"


@dataclass
class MailError(Exception):
    """The vendor answers a call with an error document."""

    status: int
    message: str
    field: str | None = None


def answer_mail_error(error: MailError) -> tuple[dict[str, object], int, dict[str, str]]:
    """Answer with the vendor's document, and tell the newcomer why nothing came."""
    box = sandbox()
    line = f"e-mail refused: {error.message}"
    box.events.add("refused", line, at=box.clock.now(), answer=str(error.status), ok=False)
    problem = {"message": error.message, "field": error.field, "help": {"url": _HELP}}
    limited = {"X-RateLimit-Reset": str(int(time.time()) + 1), "Retry-After": "1"}
    return {"errors": [problem]}, error.status, limited if error.status == 429 else {}  # noqa: PLR2004 - HTTP's


@mail_api.post("/v3/mail/send")
def send() -> Response:
    """Accept an e-mail, and maybe lose the answer on the way."""
    box = sandbox()
    _let_in(box)
    document = _document()
    found = list(_mails(document, at=box.clock.now()))
    _fail_early(box, found[0].recipient)
    for mail in found:
        box.mailroom.accept(mail)
    return _answer(box, found[0])


def _let_in(box: Sandbox) -> None:
    down = box.faults.take("down")
    if down == "close":
        hang_up()
    if down:
        raise MailError(503, "Service Unavailable")
    if request.headers.get("Authorization") != f"Bearer {box.settings.mail_api_key}":
        raise MailError(401, "The provided authorization grant is invalid, expired, or revoked")


def _document() -> dict[str, Any]:
    document = request.get_json(silent=True)
    if not isinstance(document, dict):
        raise MailError(400, "Bad Request")
    return document


def _fail_early(box: Sandbox, address: str) -> None:
    stalled = box.faults.take("stall", address)
    if stalled:
        time.sleep(float(cast("float", stalled)))
        hang_up()
        raise MailError(503, "Service Unavailable")
    if box.faults.take("rate_limit", address):
        raise MailError(429, "too many requests")
    if box.faults.take("refuse", address):
        raise MailError(400, "Does not contain a valid address.", "personalizations.0.to.0.email")


def _answer(box: Sandbox, mail: Mail) -> Response:
    lost = box.faults.take("lost_response", mail.recipient)
    if lost == "500":
        raise MailError(500, "Internal Server Error")
    if lost:
        hang_up()
    time.sleep(float(cast("float", box.faults.take("hang", mail.recipient) or 0)))
    return current_app.response_class(status=202, headers={"X-Message-Id": mail.sid})


# -- what the vendor's document asks of a call ----------------------------------------------------


def _mails(document: dict[str, Any], *, at: float) -> Iterator[Mail]:
    sender = _person(document.get("from"), "from.email")
    contents = _contents(document.get("content"))
    sid = token_urlsafe(16).replace("-", "x")
    for number, each in enumerate(_personalizations(document)):
        subject = each.get("subject") or document.get("subject")
        if not subject:
            raise MailError(400, "The subject is required.", "subject")
        for place, person in enumerate(each["to"]):
            yield Mail(
                sid=sid,
                recipient=_person(person, f"personalizations.{number}.to.{place}.email"),
                sender=sender,
                subject=str(subject),
                text=contents.get("text/plain", ""),
                html=contents.get("text/html", ""),
                headers={**document.get("headers", {}), **each.get("headers", {})},
                custom_args={**document.get("custom_args", {}), **each.get("custom_args", {})},
                is_tracked=_is_tracked(document),
                status="accepted",
                created_at=at,
            )


def _personalizations(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document.get("personalizations")
    if not isinstance(found, list) or not 0 < len(found) <= MOST_PERSONALIZATIONS:
        raise MailError(
            400,
            "The personalizations field is required and must have at least one.",
            "personalizations",
        )
    if not all(isinstance(each, dict) and each.get("to") for each in found):
        raise MailError(400, "The to array is required.", "personalizations.0.to")
    return found


def _person(person: object, field: str) -> str:
    address = str(person.get("email", "")) if isinstance(person, dict) else ""
    if not _ADDRESS.fullmatch(address):
        raise MailError(400, "Does not contain a valid address.", field)
    return address


def _contents(content: object) -> dict[str, str]:
    if not isinstance(content, list) or not content:
        raise MailError(400, "The content is required.", "content")
    kinds = [part.get("type") for part in content]
    if kinds != sorted(kinds, key=lambda kind: kind != "text/plain"):
        raise MailError(400, "text/plain must come first, then text/html.", "content")
    if not all(part.get("value") for part in content):
        raise MailError(400, "The content value must be at least one character.", "content.0.value")
    return {part["type"]: str(part["value"]) for part in content}


def _is_tracked(document: dict[str, Any]) -> bool:
    settings = document.get("tracking_settings", {}).get("open_tracking", {})
    return bool(settings.get("enable"))
