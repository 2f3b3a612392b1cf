"""The ledger of e-mails: every one that was really accepted, in order."""

import json
from dataclasses import dataclass
from sqlite3 import Row

from bot.sandbox.store import Store

TURNED_AWAY = {"bounce": "Bounced Address", "spamreport": "Spam Reporting Address"}
"""Statuses after which the vendor drops what comes next to the same address, and its words."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail to one person."""

    sid: str
    """What the vendor answers in X-Message-Id."""
    recipient: str
    sender: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    custom_args: dict[str, str]
    is_tracked: bool
    """Whether it tells when it is opened."""
    status: str
    created_at: float
    seq: int = 0

    @property
    def unsubscribe_url(self) -> str:
        """The address of the unsubscribe button that mail programs draw; empty without."""
        return self.headers.get("List-Unsubscribe", "").strip("<>")


_EXTRA = ("text", "html", "headers", "custom_args", "is_tracked")


def add(store: Store, mail: Mail) -> int:
    """Write an e-mail into the ledger and return its place in the order."""
    extra = json.dumps({name: getattr(mail, name) for name in _EXTRA})
    return store.run(
        "insert into mails (sid, recipient, sender, subject, status, created_at, extra)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        *(mail.sid, mail.recipient, mail.sender, mail.subject, mail.status, mail.created_at),
        extra,
    )


def get(store: Store, seq: int) -> Mail | None:
    """Find one e-mail by its place."""
    row = store.row("select * from mails where seq = ?", seq)
    return _mail(row) if row else None


def to(store: Store, address: str | None = None, *, since: int = 0) -> list[Mail]:
    """Everything accepted for an address (or for everyone), oldest first."""
    sql = "select * from mails where seq > ? and (? is null or recipient = ?) order by seq"
    return [_mail(row) for row in store.rows(sql, since, address, address)]


def newest(store: Store, *, limit: int) -> list[Mail]:
    """The last e-mails, newest first."""
    rows = store.rows("select * from mails order by seq desc limit ?", limit)
    return [_mail(row) for row in rows]


def advance(store: Store, seq: int, status: str) -> None:
    """Move an e-mail to its next status."""
    store.run("update mails set status = ? where seq = ?", status, seq)


def why_dropped(store: Store, address: str) -> str:
    """Why the vendor would not even try this address; empty when it would."""
    sql = "select status from mails where recipient = ? and status in ('bounce', 'spamreport')"
    row = store.row(sql, address)
    return TURNED_AWAY[row["status"]] if row else ""


def _mail(row: Row) -> Mail:
    values = {name: row[name] for name in row.keys() if name != "extra"}  # noqa: SIM118 - a Row iterates its values
    return Mail(**values, **json.loads(row["extra"]))
