"""The log of what just happened, written for a newcomer and streamed to the phone page."""

import json
from dataclasses import dataclass, field
from threading import Condition

from bot.sandbox.store import Store

KEPT = 5000


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    id: int
    at: float
    kind: str
    person: str | None
    line: str
    detail: dict[str, object] = field(default_factory=dict)


class EventLog:
    """Adds lines and wakes whoever watches."""

    def __init__(self, store: Store) -> None:
        """Write into a store."""
        self._store = store
        self._news = Condition()
        self.is_closed = False

    def add(
        self, kind: str, line: str, *, at: float, person: str | None = None, **detail: object
    ) -> int:
        """Write one line and return its number."""
        event_id = self._store.run(
            "insert into events (at, kind, person, line, detail) values (?, ?, ?, ?, ?)",
            *(at, kind, person, line, json.dumps(detail)),
        )
        if event_id % 500 == 0:
            self._store.run("delete from events where id <= ?", event_id - KEPT)
        with self._news:
            self._news.notify_all()
        return event_id

    def after(self, number: int, *, limit: int = 200) -> list[Event]:
        """Everything written after a line, oldest first."""
        sql = "select * from events where id > ? order by id limit ?"
        return [
            Event(r["id"], r["at"], r["kind"], r["person"], r["line"], json.loads(r["detail"]))
            for r in self._store.rows(sql, number, limit)
        ]

    def latest(self, *, limit: int) -> list[Event]:
        """The newest lines, newest first."""
        return self.after(max(0, self.last() - limit), limit=limit)[::-1]

    def last(self) -> int:
        """The number of the newest line."""
        row = self._store.row("select coalesce(max(id), 0) as id from events")
        return int(row["id"]) if row else 0

    def wait(self, number: int, *, timeout_s: float) -> list[Event]:
        """Wait for lines after a number, at most so long."""
        with self._news:
            self._news.wait_for(lambda: self.is_closed or self.last() > number, timeout_s)
        return [] if self.is_closed else self.after(number)

    def close(self) -> None:
        """Send the watchers home."""
        with self._news:
            self.is_closed = True
            self._news.notify_all()
