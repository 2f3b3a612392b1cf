"""What the phone page shows: phones with their bubbles, and the log of what just happened."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.sandbox import messages, people, windows
from bot.sandbox.carrier import Sandbox
from bot.sandbox.errors import reason
from bot.sandbox.events import Event
from bot.sandbox.markup import drawn
from bot.sandbox.messages import Choice, Message
from bot.sandbox.people import Person
from bot.sandbox.typing_api import is_typing

LAGOS = ZoneInfo("Africa/Lagos")
CLOSING_SOON_S = 3600.0
LINES = 60
BUBBLES = 80
# Ours to press on the page: switch, its value, its label.
SWITCHES = (
    ("down", "503", "Carrier down"),
    ("lost_response", "close", "Lost response"),
    ("duplicate_webhook", True, "Duplicate webhook"),
    ("late_receipts", 8, "Late receipts"),
    ("no_receipts", True, "No receipts"),
    ("forged_signature", True, "Forged signature"),
    ("window_closed", True, "Window closed"),
)
TICKS = {
    "queued": ("clock", "on its way"),
    "receiving": ("clock", "sending"),
    "sent": ("one", "sent"),
    "delivered": ("two", "delivered"),
    "read": ("blue", "read"),
    "received": ("two", "received"),
    "failed": ("bad", "failed"),
    "undelivered": ("bad", "not delivered"),
}
PROBLEMS = {
    11200: "the hospital's webhook answered with an error",
    11205: "the hospital's webhook could not be reached",
    63016: "the 24-hour window is closed, only a template may be sent",
    63003: "this number is not on WhatsApp",
}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as drawn."""

    sid: str
    is_mine: bool
    text: Markup
    time: str
    day: str
    tick: str
    word: str
    problem: str
    notes: tuple[str, ...]
    lang: str | None
    buttons: tuple[Choice, ...]
    rows: tuple[Choice, ...]
    list_button: str
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone with its conversation."""

    person: Person
    bubbles: tuple[Bubble, ...]
    hospital: str
    window: str
    window_state: str
    is_typing: bool = False
    """The hospital is writing an answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log."""

    id: int
    time: str
    kind: str
    who: str
    text: str
    answer: str
    is_bad: bool


def phone(box: Sandbox, person: Person) -> Phone:
    """Draw one person's phone."""
    found = messages.thread(box.store, person.number, last=BUBBLES)
    left = windows.left_s(box.store, person.number, at=box.clock.now())
    text, state = _window(left) if found and person.channel == "whatsapp" else ("", "")
    sender = box.settings.sender(person.channel).removeprefix("whatsapp:")
    bubbles = tuple(_bubble(message, person) for message in found)
    last, at = (found[-1] if found else None), box.clock.now()
    typing = is_typing(box.store, person.number, last=last, at=at)
    return Phone(person, bubbles, sender, text, state, typing)


def log(box: Sandbox) -> list[Line]:
    """The newest lines of the log, newest first."""
    names = {person.number: person.name for person in people.everyone(box.store)}
    return [_line(event, names) for event in box.events.latest(limit=LINES)]


def switches(box: Sandbox) -> list[tuple[str, str, bool]]:
    """Every switch of the page with whether it is on."""
    return [(name, label, box.faults.is_on(name)) for name, _, label in SWITCHES]


def shown_time(at: float) -> str:
    """A moment as day and time in Lagos."""
    return datetime.fromtimestamp(at, LAGOS).strftime("%a %-d %b, %H:%M")


def _bubble(message: Message, person: Person) -> Bubble:
    at = datetime.fromtimestamp(message.created_at, LAGOS)
    tick, word = TICKS.get(message.status, ("clock", message.status))
    problem = _problem(message)
    rows = tuple(choice for choice in message.choices if choice.kind == "list")
    return Bubble(
        sid=message.sid,
        is_mine=message.is_inbound,
        text=drawn(message.body, channel=message.channel),
        time=at.strftime("%H:%M"),
        day=at.strftime("%a %-d %b"),
        tick="bad" if problem else tick,
        word="not received" if problem and message.is_inbound else word,
        problem=problem,
        notes=tuple(_notes(message, person)),
        lang=message.language,
        buttons=tuple(choice for choice in message.choices if choice.kind != "list"),
        rows=rows,
        list_button=message.list_button,
        media=message.media,
    )


def _problem(message: Message) -> str:
    code = message.error_code
    return f"{PROBLEMS.get(code, reason(code))} ({code})" if code else ""


def _notes(message: Message, person: Person) -> list[str]:
    notes = ["template"] if message.is_template else []
    if message.channel != person.channel:
        notes.append("SMS" if message.channel == "sms" else "WhatsApp")
    if message.channel == "sms":
        notes.append("1 part" if message.segments == 1 else f"{message.segments} parts")
    return notes


def _window(left_s: float) -> tuple[str, str]:
    if left_s <= 0:
        return "window closed", "closed"
    minutes = int(left_s // 60)
    state = "closing" if left_s < CLOSING_SOON_S else "open"
    return f"window {minutes // 60}:{minutes % 60:02}", state


def _line(event: Event, names: dict[str, str]) -> Line:
    detail = event.detail
    attempt = f", try {detail['attempt']}" if detail.get("attempt", 1) != 1 else ""
    return Line(
        id=event.id,
        time=datetime.fromtimestamp(event.at, LAGOS).strftime("%H:%M:%S"),
        kind=event.kind,
        who=names.get(event.person or "", event.person or ""),
        text=event.line,
        answer=f"{detail.get('answer', '')}{attempt}",
        is_bad=detail.get("ok") is False,
    )
