"""PostgreSQL and Valkey of our own, from wheels, kept in one folder: for the demo and the tests.

One process owns the servers of a folder; others that start there use the owner's. The kernel ends
the servers when their owner dies, however it dies.
"""

import atexit
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

import psutil

from bot.embedded import postgres, processes, valkey
from bot.embedded.processes import CannotServe

__all__ = ["CannotServe", "Servers"]

# By the folders in which they work.
_SERVERS = {
    "valkey": (valkey.start, valkey.answers),
    "postgres": (postgres.start, postgres.answers),
}
_FIND_S = 30.0
# A socket's address has room for 107 bytes.
_LONGEST_RUN = 107 - len("/.s.PGSQL.5432")


class Servers:
    """PostgreSQL and Valkey of one home, answering."""

    def __init__(self, home: Path, run: Path, database: str, lock: IO[str] | None = None) -> None:
        """Where they keep their data, where their sockets are; the lock is the owner's."""
        self.home = home
        self.run = run
        self.database_url = postgres.url(run, database)
        self.redis_url = valkey.url(run)
        self._lock = lock
        self._started_by = os.getpid()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @classmethod
    def start(cls, home: Path, *, database: str = postgres.ROLE) -> Self:
        """Start the servers, or find them running; both answer when this returns.

        Call from a thread that lives as long as the servers should: they end with it.
        Raises CannotServe.
        """
        home = home.expanduser().resolve()
        home.mkdir(parents=True, exist_ok=True)
        lock = _take(home)
        servers = cls._own(home, database, lock) if lock else cls._find(home, database)
        postgres.ensure_database(servers.run, database)
        return servers

    @classmethod
    @contextmanager
    def running(cls, home: Path, *, database: str = postgres.ROLE) -> Iterator[Self]:
        """Run the servers for the length of a `with`."""
        servers = cls.start(home, database=database)
        try:
            yield servers
        finally:
            servers.stop()

    @property
    def is_owner(self) -> bool:
        """Whether this process started the servers, and so will stop them."""
        return self._lock is not None

    def stop(self) -> None:
        """Stop what this process started; servers that were found running stay."""
        # A fork of the owner has a copy of this object; its end is not ours.
        if self._lock is None or os.getpid() != self._started_by:
            return
        for process in self._processes.values():
            # PostgreSQL's fast shutdown; Valkey closes its file and leaves.
            process.send_signal(signal.SIGINT)
        for process in self._processes.values():
            processes.end(process)
        _forget(self.home)
        self._lock.close()
        self._lock = None
        atexit.unregister(self.stop)

    @classmethod
    def _own(cls, home: Path, database: str, lock: IO[str]) -> Self:
        processes.end_orphans({home / "postgres", home / "valkey"})
        _forget(home)
        servers = cls(home, _run_dir(home), database, lock)
        try:
            servers._launch()
        except BaseException:
            servers.stop()
            raise
        # Also keeps the lock of an owner who forgets the object.
        atexit.register(servers.stop)
        return servers

    def revive(self) -> list[str]:
        """Start again what was killed; it answers when this returns. Returns its names.

        Raises CannotServe.
        """
        killed = [
            name for name, process in self._processes.items() if process.poll() == -signal.SIGKILL
        ]
        for name in killed:
            # PostgreSQL's helpers outlive it for a moment, and keep its memory.
            processes.end_orphans({self.home / name})
            self._start(name)
            self._await(name)
        return killed

    def _launch(self) -> None:
        for name in _SERVERS:
            self._start(name)
        for name in _SERVERS:
            self._await(name)
        _remember(self)

    def _start(self, name: str) -> None:
        start, _ = _SERVERS[name]
        self._processes[name] = start(self.home / name, self.run)

    def _await(self, name: str) -> None:
        _, answers = _SERVERS[name]
        log = processes.log_of(self.home / name)
        processes.await_ready(self._processes[name], lambda: answers(self.run), log)

    @classmethod
    def _find(cls, home: Path, database: str) -> Self:
        """Use the servers of the process that holds the lock, once they answer."""
        deadline = time.monotonic() + _FIND_S
        while time.monotonic() < deadline:
            with suppress(FileNotFoundError, ValueError):
                record = json.loads(_record(home).read_text())
                if psutil.pid_exists(record["owner"]):
                    return cls(home, Path(record["run"]), database)
            time.sleep(0.05)
        raise CannotServe(f"Another process holds {home}/servers.lock, but serves nothing there.")


def _take(home: Path) -> IO[str] | None:
    """Return the home's lock, or None while another process holds it.

    The kernel lets go of it when the owner dies, so no stale lock has to be told from a live one.
    """
    try:
        lock = (home / "servers.lock").open("a")
    except PermissionError as error:
        raise CannotServe(f"{home} belongs to another user: set GRANDPRO_HOME.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _run_dir(home: Path) -> Path:
    """Return an empty folder for the sockets: in the home, unless its path is too long for one."""
    if len(os.fsencode(home / "run")) > _LONGEST_RUN:
        return Path(tempfile.mkdtemp(prefix="grandpro-"))
    shutil.rmtree(home / "run", ignore_errors=True)
    (home / "run").mkdir(mode=0o700)
    return home / "run"


def _record(home: Path) -> Path:
    return home / "servers.json"


def _remember(servers: Servers) -> None:
    """Write where the servers answer, for the other commands of this home."""
    record = {
        "owner": os.getpid(),
        "run": str(servers.run),
        "database_url": servers.database_url,
        "redis_url": servers.redis_url,
    }
    draft = servers.home / "servers.json.new"
    draft.write_text(json.dumps(record, indent=2))
    draft.replace(_record(servers.home))


def _forget(home: Path) -> None:
    """Remove the record, and the sockets' folder with it."""
    with suppress(FileNotFoundError, ValueError):
        run = Path(json.loads(_record(home).read_text())["run"])
        _record(home).unlink()
        shutil.rmtree(run, ignore_errors=True)
