"""The carrier's own ledger: every message it took in or accepted, in order."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from secrets import token_hex
from sqlite3 import Row
from typing import Any

from bot.sandbox import addresses
from bot.sandbox.store import Store

INBOUND = "inbound"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button or a list row as the person sees it."""

    id: str
    label: str
    description: str = ""
    kind: str = "button"  # button, list, url or phone
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, whichever way it travels."""

    sid: str
    direction: str
    sender: str
    recipient: str
    body: str
    status: str
    created_at: float
    segments: int = 1
    choices: tuple[Choice, ...] = ()
    list_button: str = ""
    footer: str = ""
    media: tuple[str, ...] = ()
    content_sid: str | None = None
    language: str | None = None
    is_template: bool = False
    callback: str | None = None
    token: str = ""
    params: tuple[tuple[str, str], ...] = ()
    error_code: int | None = None
    sent_at: float | None = None
    updated_at: float = 0.0
    seq: int = 0

    @property
    def person(self) -> str:
        """The number or id of the human end."""
        return addresses.bare(self.sender if self.is_inbound else self.recipient)

    @property
    def channel(self) -> str:
        """Either sms or whatsapp."""
        return addresses.channel_of(self.recipient)

    @property
    def is_inbound(self) -> bool:
        """Whether a person wrote it."""
        return self.direction == INBOUND


_EXTRA = (
    "choices",
    "list_button",
    "footer",
    "media",
    "content_sid",
    "language",
    "is_template",
    "callback",
    "token",
    "params",
)


def new_sid(media: Sequence[str] = ()) -> str:
    """Draw an identifier of the carrier's shape."""
    return ("MM" if media else "SM") + token_hex(16)


def add(store: Store, message: Message) -> Message:
    """Write a message into the ledger and return it with its place in the order."""
    values = asdict(message)
    extra = json.dumps({name: values[name] for name in _EXTRA})
    seq = store.run(
        "insert into messages (sid, direction, channel, person, sender, recipient, body, status,"
        " error_code, segments, created_at, updated_at, sent_at, extra)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(message.sid, message.direction, message.channel, message.person, message.sender),
        *(message.recipient, message.body, message.status, message.error_code, message.segments),
        *(message.created_at, message.created_at, message.sent_at, extra),
    )
    return replace(message, seq=seq, updated_at=message.created_at)


def get(store: Store, sid: str) -> Message | None:
    """Find one message by its identifier."""
    row = store.row("select * from messages where sid = ?", sid)
    return _message(row) if row else None


def advance(store: Store, sid: str, status: str, *, at: float, error: int | None = None) -> None:
    """Move a message to its next status; the first sending dates it."""
    store.run(
        "update messages set status = ?, error_code = coalesce(?, error_code), updated_at = ?,"
        " sent_at = case when ? = 'queued' then sent_at else coalesce(sent_at, ?) end"
        " where sid = ?",
        *(status, error, at, status, at, sid),
    )


def to(store: Store, person: str | None = None, *, since: int = 0) -> list[Message]:
    """Everything the carrier really accepted for someone (or everyone), oldest first."""
    sql = "select * from messages where direction <> 'inbound' and seq > ?"
    if person is None:
        return _messages(store.rows(sql + " order by seq", since))
    return _messages(
        store.rows(sql + " and person = ? order by seq", since, addresses.bare(person))
    )


def thread(store: Store, person: str, *, last: int = 100) -> list[Message]:
    """The conversation on one phone, both ways, oldest first."""
    sql = "select * from messages where person = ? order by seq desc limit ?"
    return _messages(store.rows(sql, person, last))[::-1]


def page(
    store: Store,
    *,
    recipient: str | None,
    sender: str | None,
    sent_from: float | None,
    sent_until: float | None,
    before_seq: int | None,
    size: int,
    offset: int,
) -> list[Message]:
    """One page of the vendor's list, newest first, filtered by the date of sending."""
    wanted: dict[str, object | None] = {
        "recipient = ?": recipient,
        "sender = ?": sender,
        "sent_at >= ?": sent_from,
        "sent_at < ?": sent_until,
        "seq < ?": before_seq,
    }
    used = {clause: value for clause, value in wanted.items() if value is not None}
    where = " and ".join(used) or "true"
    sql = f"select * from messages where {where} order by seq desc limit ? offset ?"  # noqa: S608 - clauses above
    return _messages(store.rows(sql, *used.values(), size, offset))


def forget(store: Store, person: str) -> None:
    """Wipe one phone: its thread, its window, its opt-outs."""
    with store.together():
        store.run("delete from messages where person = ?", person)
        store.run("delete from windows where person = ?", person)
        store.run("delete from opt_outs where person = ?", person)


def _messages(rows: list[Row]) -> list[Message]:
    return [_message(row) for row in rows]


def _message(row: Row) -> Message:
    values: dict[str, Any] = {name: row[name] for name in row.keys() if name != "extra"}  # noqa: SIM118 - a Row iterates its values
    values.update(json.loads(row["extra"]))
    values["choices"] = tuple(Choice(**choice) for choice in values["choices"])
    values["media"] = tuple(values["media"])
    values["params"] = tuple((name, value) for name, value in values["params"])
    del values["channel"], values["person"]
    return Message(**values)
