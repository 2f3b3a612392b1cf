"""The sandbox's memory: one SQLite file, so that a restart keeps every conversation."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

SCHEMA = """
create table if not exists messages (
    seq integer primary key autoincrement,
    sid text not null unique,
    direction text not null,
    channel text not null,
    person text not null,
    sender text not null,
    recipient text not null,
    body text not null,
    status text not null,
    error_code integer,
    segments integer not null,
    created_at real not null,
    updated_at real not null,
    sent_at real,
    extra text not null
);
create index if not exists messages_of_person on messages (person, seq);
create index if not exists messages_to on messages (recipient, seq);
create table if not exists contents (
    sid text primary key,
    document text not null,
    created_at real not null,
    approval text not null default '{}'
);
create table if not exists opt_outs (
    sender text not null,
    person text not null,
    owes_answer integer not null default 0,
    primary key (sender, person)
);
create table if not exists windows (
    person text primary key,
    last_inbound_at real not null
);
create table if not exists events (
    id integer primary key autoincrement,
    at real not null,
    kind text not null,
    person text,
    line text not null,
    detail text not null
);
create table if not exists people (
    id text primary key,
    name text not null,
    number text not null unique,
    channel text not null,
    position integer not null
);
create table if not exists mails (
    seq integer primary key autoincrement,
    sid text not null,
    recipient text not null,
    sender text not null,
    subject text not null,
    status text not null,
    created_at real not null,
    extra text not null
);
create index if not exists mails_to on mails (recipient, seq);
create table if not exists facts (name text primary key, value text not null);
"""


class Store:
    """One connection behind one lock; statements commit themselves unless grouped."""

    def __init__(self, path: str) -> None:
        """Open the file and make what is missing."""
        self._lock = RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(SCHEMA)

    def run(self, sql: str, *values: object) -> int:
        """Execute one statement and return the id it inserted."""
        with self._lock:
            return self._db.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return every row of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Return the first row of a query."""
        with self._lock:
            found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return found

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make several statements one transaction."""
        with self._lock:
            self._db.execute("begin")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def fact(self, name: str, default: str) -> str:
        """Return one remembered value."""
        row = self.row("select value from facts where name = ?", name)
        return str(row["value"]) if row else default

    def remember(self, name: str, value: str) -> None:
        """Keep one value across restarts."""
        self.run("insert or replace into facts values (?, ?)", name, value)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()
