"""Databases for tests: copies of one that was migrated and seeded, made anew once written to."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage

import psycopg
from psycopg.errors import InsufficientPrivilege, ObjectInUse
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from crm import demo, seed
from crm.kit.crypto import Vault
from crm.kit.passwords import Passwords
from crm.migrations import run as migrations
from tests.stack import SUNDAY_MORNING

SEEDED, LIVED_IN = "template_seeded", "template_lived_in"
"""The demo's hospitals and nobody else; the same with two years of life."""

CHEAP = Passwords(4)
_ROOM = 2 * 1024**3


def roomy_memory() -> str | None:
    """A folder in memory, where making and dropping a database costs nothing; if there is room.

    What is killed there loses no more than on a disk, and a busy disk holds nobody up.
    """
    memory = Path("/dev/shm")
    is_roomy = memory.is_dir() and disk_usage(memory).free > _ROOM
    return str(memory) if is_roomy else None


def named(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return url.replace("/grandpro?", f"/{database}?")


def sqlalchemy_url(url: str) -> str:
    """The URL as SQLAlchemy reads it."""
    return url.replace("postgresql:", "postgresql+psycopg:")


def vault() -> Vault:
    """The vault that sealed the seeded rows."""
    return Vault.from_settings(
        "t1:" + "dHR0" * 10 + "dHQ=", "test-secret-that-is-long-enough-for-the-vault"
    )


def cut_connections(url: str) -> None:
    """What a restart of the server does to everybody who is connected to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 1000) from pg_stat_activity where usename ="
            " current_user and datname = current_database() and pid <> pg_backend_pid()"
        )


def make_template(url: str) -> None:
    """Migrate and seed, once for the run."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {SEEDED}")
    migrations.upgrade(sqlalchemy_url(named(url, SEEDED)))
    _write(url, SEEDED, lambda session: seed.demo(session, now=SUNDAY_MORNING))


def _write(url: str, database: str, fill: Callable[[Session], object]) -> None:
    engine = create_engine(sqlalchemy_url(named(url, database)))
    with Session(engine, info={"vault": vault()}) as session:
        fill(session)
        session.commit()
    engine.dispose()


class Databases:
    """What one process has of them; their names come again, so that engines can be kept."""

    def __init__(self, url: str) -> None:
        """The URL is that of the server's first database."""
        self._url = url
        self._connection = psycopg.connect(url, autocommit=True)
        self._helper = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
        self._free: list[str] = []
        self._made = 0
        self._unwritten: Engine | None = None
        self._is_written = True

    @contextmanager
    def new(self, template: str = SEEDED) -> Iterator[str]:
        """A database of its own, by its URL."""
        name = self._free.pop() if self._free else self._name()
        self._copy(template, name)
        try:
            yield named(self._url, name)
        finally:
            self._free.append(name)

    @contextmanager
    def lived_in(self) -> Iterator[str]:
        """One with the demo's two years; filling them takes seconds, so it is done once a run."""
        self._connection.execute("select pg_advisory_lock(1)")
        known = self._connection.execute(
            "select from pg_database where datname = %s", [LIVED_IN]
        ).rowcount
        if not known:
            self._copy(SEEDED, f"{LIVED_IN}_draft")
            _write(self._url, f"{LIVED_IN}_draft", _live)
            self._connection.execute(f"alter database {LIVED_IN}_draft rename to {LIVED_IN}")
        self._connection.execute("select pg_advisory_unlock(1)")
        with self.new(LIVED_IN) as url:
            yield url

    @contextmanager
    def unwritten(self) -> Iterator[Engine]:
        """An engine on a database that others used and undid; a commit makes it the last use.

        Only what this engine commits is noticed: who connects by another asks for `database_url`.
        """
        if self._is_written:
            self._renew()
        engine = self._unwritten
        yield engine.execution_options()
        # A connection that was not given back may hold what nobody committed yet.
        self._is_written = self._is_written or engine.pool.checkedout() > 0

    def _renew(self) -> None:
        if self._unwritten is None:
            url = sqlalchemy_url(named(self._url, f"t_{self._helper}_unwritten"))
            self._unwritten = create_engine(url)
            event.listen(self._unwritten, "commit", self._note_commit)
        self._unwritten.dispose()
        self._copy(SEEDED, f"t_{self._helper}_unwritten")
        self._is_written = False

    def _note_commit(self, _: object) -> None:
        self._is_written = True

    def close(self) -> None:
        """Let go of the server."""
        if self._unwritten:
            self._unwritten.dispose()
        self._connection.close()

    def _name(self) -> str:
        self._made += 1
        return f"t_{self._helper}_{self._made}"

    def _copy(self, template: str, name: str) -> None:
        self._drop(name)
        self._connection.execute(f"create database {name} template {template} strategy file_copy")

    def _drop(self, name: str) -> None:
        """The vacuum may be in it, and only a superuser could turn it out."""
        for _ in range(50):
            try:
                self._connection.execute(f"drop database if exists {name} with (force)")
            except (InsufficientPrivilege, ObjectInUse):
                time.sleep(0.1)
            else:
                return


def _live(session: Session) -> None:
    assert demo.fill(session, now=SUNDAY_MORNING, passwords=CHEAP)
    session.execute(text("analyze"))
