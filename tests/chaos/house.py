"""The product as real processes that may be killed, beside a carrier that keeps the ledger."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import urllib3
from sqlalchemy import Engine, Row, create_engine, text

from bot.build import build_wiring
from bot.config import Settings
from bot.embedded import Servers, postgres, processes
from bot.sandbox import SandboxSettings, create_sandbox
from bot.sandbox.carrier import Sandbox
from bot.sandbox.serve import serve
from crm import seed
from crm.migrations import run as migrations
from tests import patience
from tests.stack import settings_for
from workers import contents

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "web": ["bot", "web"],
    "worker-urgent": ["bot", "work", "urgent"],
    "worker-utility": ["bot", "work", "utility"],
    "scheduler": ["bot", "schedule"],
}
"""The Procfile's processes, without the lane that has nothing to do here."""

_ON_THEIR_WAY = text(
    "select id, lane, status, attempts, due_at, lease_until, reason from messages"
    " where direction = 'out' and status in ('queued', 'sending', 'unknown')"
)
_LAST_LINES = 15


@dataclass
class House:
    """Everything that runs, and the ways to break it."""

    servers: Servers
    settings: Settings
    sandbox: Sandbox
    engine: Engine
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def say(self, person: str, words: str) -> float:
        """Let a person write; what is turned away is brought again. Returns how long it took, s."""
        started = time.monotonic()
        brought = self.sandbox.say("sms", person, words)
        took_s = time.monotonic() - started
        if not brought.arrived:
            self.until(lambda: self.sandbox.redeliver(brought.sid)[0].http_status == 200)
        return took_s

    def all_say(self, people: Sequence[str], *talk: str, over_s: float) -> "Crowd":
        """Let everyone write these words one after the other, all within so many seconds."""
        return Crowd(self, people, talk, over_s)

    def heard(self, people: Sequence[str]) -> Counter[str]:
        """How many messages the carrier really took for each of them."""
        return Counter(m.person for m in self.sandbox.messages_to() if m.person in people)

    def await_rest(self) -> None:
        """Wait until nothing is on its way any more."""
        self.until(lambda: not self._on_their_way())

    def until(self, find: Callable[[], object]) -> None:
        """Wait for something to become true; when it does not, tell what is known here."""
        try:
            patience.until(find)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self._told()])) from None

    def _told(self) -> Iterator[str]:
        """What is on its way, and how each process is and what it said last."""
        yield from map(str, self._on_their_way())
        for name, process in self.running.items():
            lines = (self.settings.home / f"{name}.log").read_text("utf-8").splitlines()
            ended = process.poll()
            yield f"{name}: {'runs' if ended is None else f'has ended with {ended}'}"
            yield from lines[-_LAST_LINES:]

    def _on_their_way(self) -> Sequence[Row[Any]]:
        with self.engine.connect() as connection:
            return connection.execute(_ON_THEIR_WAY).all()

    def start(self, *names: str) -> None:
        """Start processes of the Procfile, each the first of its own group."""
        environment = {**os.environ, **self.settings.environ()}
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(self.settings.home / "metrics")
        for name in names:
            with (self.settings.home / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [*processes.bound_to_us(by="KILL"), sys.executable, "-m", *COMMANDS[name]],
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """Kill a process and its children; nobody is asked."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_alone(self, name: str) -> list[psutil.Process]:
        """Kill a process and leave its children to themselves. Returns them."""
        process = self.running.pop(name)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        return children

    def kill_a_web_worker(self) -> None:
        """Kill one that serves; its master starts another."""
        psutil.Process(self.running["web"].pid).children()[0].kill()

    def kill_valkey(self) -> None:
        self.servers._processes["valkey"].kill()
        self.servers._processes["valkey"].wait()

    def start_valkey(self) -> None:
        assert self.servers.revive() == ["valkey"]

    def restart_postgres(self) -> None:
        """Its fast shutdown, which cuts every connection, and a new start."""
        home, run = self.servers.home, self.servers.run
        self.servers._processes["postgres"].send_signal(signal.SIGINT)
        processes.end(self.servers._processes["postgres"])
        self.servers._processes["postgres"] = postgres.start(home / "postgres", run)
        self.until(lambda: postgres.answers(run))

    def is_ready(self) -> bool:
        url = f"{self.settings.public_base_url}/healthz"
        try:
            return urllib3.request("GET", url, retries=False, timeout=1).status == 200
        except urllib3.exceptions.HTTPError:
            return False


class Crowd:
    """People who write while something breaks."""

    def __init__(
        self, house: House, people: Sequence[str], talk: Sequence[str], over_s: float
    ) -> None:
        self._house, self._talk, self._pause_s = house, talk, over_s / len(people)
        self._threads = ThreadPoolExecutor(len(people))
        self._talks = [self._threads.submit(self._write, *each) for each in enumerate(people)]

    def slowest_s(self) -> float:
        """Wait until all have written; the longest that one webhook took."""
        slowest = max(talk.result() for talk in self._talks)
        self._threads.shutdown()
        return slowest

    def _write(self, place: int, person: str) -> float:
        time.sleep(place * self._pause_s)
        return max(self._house.say(person, words) for words in self._talk)


def people(block: int, count: int) -> list[str]:
    """Numbers that nobody else in these tests has."""
    return [f"+234914000{block}{number:02}" for number in range(count)]


@contextmanager
def running(home: Path) -> Iterator[House]:
    """Start everything on free ports, and end it again."""
    with Servers.running(home) as servers:
        port = _free_port()
        web_url = f"http://127.0.0.1:{port}"
        with _carrier(web_url) as (sandbox, carrier_url):
            given = (servers.database_url, servers.redis_url, home, web_url, carrier_url)
            settings = settings_for(*given).model_copy(update={"port": port})
            engine = _furnish(settings)
            house = House(servers, settings, sandbox, engine)
            try:
                house.start(*COMMANDS)
                house.until(house.is_ready)
                yield house
            finally:
                for name in list(house.running):
                    house.kill(name)
                engine.dispose()


def _furnish(settings: Settings) -> Engine:
    """Schema, hospitals, and our contents at the carrier. Returns an engine to look with."""
    migrations.upgrade(settings.sqlalchemy_url())
    wiring = build_wiring(settings)
    with wiring.transaction() as session:
        seed.demo(session, now=wiring.now())
    contents.ensure(wiring)
    wiring.redis.close()
    wiring.disconnect()
    return create_engine(settings.sqlalchemy_url(), pool_pre_ping=True)


@contextmanager
def _carrier(web_url: str) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox, with an account like that of `settings_for`."""
    account = settings_for("postgresql://a/b", "redis://a", Path("var"), web_url, "http://a")
    app = create_sandbox(
        SandboxSettings(
            account_sid=account.twilio_account_sid,
            auth_token=account.twilio_auth_token,
            sms_number=account.twilio_phone_number,
            whatsapp_number=account.twilio_whatsapp_number,
            product_url=web_url,
        ),
        now=lambda: datetime.now(UTC),
    )
    server = serve(app, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield app.extensions["sandbox"], f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()
    app.extensions["sandbox"].close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
