"""Content templates: what may be stored, how variables fill it, when it counts as approved."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from secrets import token_hex
from sqlite3 import Row
from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.messages import Choice
from bot.sandbox.store import Store

TEXT, QUICK_REPLY = "twilio/text", "twilio/quick-reply"
LIST_PICKER, CALL_TO_ACTION = "twilio/list-picker", "twilio/call-to-action"
TYPES = (LIST_PICKER, QUICK_REPLY, CALL_TO_ACTION, TEXT)
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
BODY_LIMIT, TEXT_LIMIT = 1024, 1600
BUTTONS_IN_SESSION, BUTTONS_IN_TEMPLATE, LIST_ITEMS = 3, 10, 10
LIMITS = {"title": 20, "id": 256, "button": 20, "item": 24, "item id": 200, "description": 72}
APPROVAL_TAKES_S = 1.0
_VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")


@dataclass(frozen=True, slots=True)
class Content:
    """One stored template."""

    sid: str
    document: Mapping[str, Any]
    created_at: float
    approval: Mapping[str, Any]

    @property
    def type(self) -> str:
        """The richest of its types, which is the one WhatsApp shows."""
        return next(name for name in TYPES if name in self.document["types"])

    def approval_status(self, *, at: float) -> str:
        """Where the vendor's review stands: unsubmitted, received, approved or rejected."""
        if not self.approval:
            return "unsubmitted"
        if at < self.approval["decided_at"]:
            return "received"
        return "rejected" if self.approval["rejection_reason"] else "approved"


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its variables in place."""

    body: str
    choices: tuple[Choice, ...]
    list_button: str = ""

    def problem(self, kind: str, *, is_template: bool) -> str | None:
        """Say what the channel would not accept of it."""
        limit = TEXT_LIMIT if kind == TEXT and not is_template else BODY_LIMIT
        buttons = BUTTONS_IN_TEMPLATE if is_template else BUTTONS_IN_SESSION
        most = LIST_ITEMS if kind == LIST_PICKER else buttons
        if not self.body.strip() or len(self.body) > limit:
            return f"the body must have 1 to {limit} characters"
        if len(self.choices) > most:
            return f"at most {most} choices"
        return next(_choice_problems(self, kind), None)


def create(store: Store, document: object, *, at: float) -> Content:
    """Store a template after checking it as the vendor does."""
    checked = _checked(document)
    content = Content("HX" + token_hex(16), checked, at, {})
    store.run(
        "insert into contents (sid, document, created_at) values (?, ?, ?)",
        *(content.sid, json.dumps(checked), at),
    )
    return content


def get(store: Store, sid: str) -> Content | None:
    """Find one template."""
    row = store.row("select * from contents where sid = ?", sid)
    return _content(row) if row else None


def listing(store: Store, *, size: int, offset: int) -> list[Content]:
    """One page of templates, newest first."""
    sql = "select * from contents order by created_at desc, sid limit ? offset ?"
    return [_content(row) for row in store.rows(sql, size, offset)]


def delete(store: Store, sid: str) -> None:
    """Take a template away."""
    store.run("delete from contents where sid = ?", sid)


def submit(store: Store, content: Content, request: object, *, at: float, pace: float) -> Content:
    """Ask for WhatsApp's approval; it is decided a moment later."""
    name, category = _approval_request(request)
    approval = {
        "name": name,
        "category": category,
        "rejection_reason": _rejection(content, name) or "",
        "decided_at": at + APPROVAL_TAKES_S * pace,
    }
    store.run("update contents set approval = ? where sid = ?", json.dumps(approval), content.sid)
    return Content(content.sid, content.document, content.created_at, approval)


def variables_from(text: str | None) -> dict[str, str]:
    """Read ContentVariables: a JSON object of strings."""
    try:
        values = json.loads(text) if text else {}
    except ValueError:
        raise ApiError(21656) from None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise ApiError(21656)
    return values


def fill(content: Content, values: Mapping[str, str]) -> Filled:
    """Put the variables in place; the template's own samples stand in for missing ones."""
    known = {**(content.document.get("variables") or {}), **values}
    part = content.document["types"][content.type]
    body = filled(part["body"], known)
    if content.type == LIST_PICKER:
        rows = [_row(item, known) for item in part["items"]]
        return Filled(body, tuple(rows), filled(part["button"], known))
    return Filled(body, tuple(_button(action, known) for action in part.get("actions", ())))


def filled(text: str, values: Mapping[str, str]) -> str:
    """One text with its variables in place; unknown ones stay as they are written."""
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


def missing(content: Content, values: Mapping[str, str]) -> bool:
    """Whether some variable has neither a value nor a sample."""
    wanted = set(_VARIABLE.findall(json.dumps(content.document["types"][content.type])))
    return bool(wanted - {*values, *(content.document.get("variables") or {})})


def has_forbidden_value(values: Mapping[str, str]) -> bool:
    """Whether a template variable is empty, or has a line break, a tab or five blanks."""
    return any(not v.strip() or re.search(r"[\n\r\t]| {5}", v) for v in values.values())


def _row(item: Mapping[str, str], known: Mapping[str, str]) -> Choice:
    label, more = filled(item["item"], known), filled(item.get("description") or "", known)
    return Choice(filled(item["id"], known), label, more, "list")


def _button(action: Mapping[str, str], known: Mapping[str, str]) -> Choice:
    kind = {"URL": "url", "PHONE_NUMBER": "phone"}.get(action.get("type") or "", "button")
    title = filled(action["title"], known)
    link = filled(action.get("url") or action.get("phone") or "", known)
    return Choice(filled(action.get("id") or title, known), title, "", kind, link)


def _choice_problems(content: Filled, kind: str) -> Iterator[str]:
    label, ident = ("item", "item id") if kind == LIST_PICKER else ("title", "id")
    for choice in content.choices:
        yield from _too_long(label, choice.label)
        yield from _too_long(ident, choice.id)
        if len(choice.description) > LIMITS["description"]:
            yield f"a description has at most {LIMITS['description']} characters"
    if kind == LIST_PICKER:
        yield from _too_long("button", content.list_button)
    for values in zip(*((choice.label, choice.id) for choice in content.choices), strict=True):
        if len(set(values)) < len(values):
            yield "titles and ids must differ"


def _too_long(what: str, text: str) -> Iterator[str]:
    if not 1 <= len(text) <= LIMITS[what]:
        yield f"{what} must have 1 to {LIMITS[what]} characters"


def _checked(document: object) -> dict[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("language"), str):
        raise ApiError(20001, "language is required")
    types = _present(document.get("types"))
    if not types or not set(types) <= set(TYPES):
        raise ApiError(20001, f"types must be among {', '.join(TYPES)}")
    for name, part in types.items():
        _check_part(name, part)
    samples = document.get("variables") or {}
    if not isinstance(samples, dict) or not all(isinstance(v, str) for v in samples.values()):
        raise ApiError(20001, "variables must be strings")
    return {"friendly_name": document.get("friendly_name"), "variables": samples} | {
        "language": document["language"],
        "types": types,
    }


def _present(types: object) -> dict[str, Any]:
    if not isinstance(types, dict):
        return {}
    return {name: part for name, part in types.items() if part is not None}


def _check_part(name: str, part: object) -> None:
    fields = {LIST_PICKER: ("items", "id", "item"), TEXT: ()}.get(name, ("actions", "title"))
    if not isinstance(part, dict) or not isinstance(part.get("body"), str) or not part["body"]:
        raise ApiError(20001, f"{name} needs a body")
    if fields:
        _check_items(name, part.get(fields[0]), fields[1:])
    if name == LIST_PICKER and not isinstance(part.get("button"), str):
        raise ApiError(20001, f"{name} needs a button")
    content = Content("", {"types": {name: part}}, 0.0, {})
    plain = dict.fromkeys(_VARIABLE.findall(json.dumps(part)), "x")
    problem = None if plain else fill(content, {}).problem(name, is_template=True)
    if problem:
        raise ApiError(20001, f"{name}: {problem}")


def _check_items(name: str, items: object, needed: tuple[str, ...]) -> None:
    most = LIST_ITEMS if name == LIST_PICKER else BUTTONS_IN_TEMPLATE
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        raise ApiError(20001, f"{name} needs 1 to {most} choices")
    for item in items:
        if not isinstance(item, dict) or not all(isinstance(item.get(n), str) for n in needed):
            raise ApiError(20001, f"{name}: each choice needs {' and '.join(needed)}")


def _approval_request(request: object) -> tuple[str, str]:
    if not isinstance(request, dict):
        raise ApiError(20001, "name and category are required")
    name, category = str(request.get("name") or ""), str(request.get("category") or "")
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise ApiError(20001, "name has lower-case letters, digits and underscores only")
    if category not in CATEGORIES:
        raise ApiError(20001, f"category must be among {', '.join(CATEGORIES)}")
    return name, category


def _rejection(content: Content, name: str) -> str | None:
    body = content.document["types"][content.type]["body"]
    numbers = [int(n) for n in _VARIABLE.findall(body) if n.isdigit()]
    if content.type == LIST_PICKER:
        return "A list picker can only be sent in a session"
    if name.startswith("reject"):
        return "The name asked for a rejection"
    if re.search(r"^\s*{{|}}\s*$|}}\s*{{", body):
        return "Variables cannot stand at the start, at the end or side by side"
    if sorted(set(numbers)) != list(range(1, len(set(numbers)) + 1)):
        return "Variables must be numbered from 1 without gaps"
    return None


def _content(row: Row) -> Content:
    document, approval = json.loads(row["document"]), json.loads(row["approval"])
    return Content(row["sid"], document, row["created_at"], approval)
