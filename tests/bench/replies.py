"""Replies to single messages: from the webhook sent to the reply at the carrier's door.

The web processes, the worker of the urgent lane and the queue between them, as in production.
"""

import asyncio
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import unquote

from bot.embedded import Servers
from bot.wiring import Wiring
from tests.bench import house, load, talks
from tests.bench.null_carrier import NullCarrier
from tests.bench.processes import Groups, cpu_ms, idle_percent, percentiles_ms

NAME = "reply at the carrier"
SIZES = (5, 10, 50)
"""Messages a second."""
_PATIENCE_S = 10.0
_TO = re.compile(rb"(?:^|[&\n])To=([^&]+)")


def run(
    servers: Servers, sizes: Sequence[int] = SIZES, messages: int = 200
) -> list[dict[str, Any]]:
    """A row for each rate; fewer messages at the slowest, so that no row takes long."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        wiring = house.build(servers, home, carrier_url=stack.enter_context(_carrier()))
        web = stack.enter_context(house.serving(wiring))
        worker = stack.enter_context(_working(wiring))
        bench = _Bench(wiring, Groups.of(servers, web=web.pid, workers=worker.pid))
        bench.warm_up()
        return [bench.measure(rate, min(messages, 15 * rate)) for rate in sizes]


class _Stamping(NullCarrier):
    """Notes when it heard something for a number."""

    heard_at: ClassVar[dict[str, float]] = {}

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        for to in _TO.findall(data):
            self.heard_at[unquote(to.decode()).removeprefix("whatsapp:")] = at
        super().data_received(data)


@dataclass
class _Bench:
    """Everything that runs."""

    wiring: Wiring
    groups: Groups
    met: int = 0

    def warm_up(self) -> None:
        """Fill caches and plans, unmeasured."""
        self._exchange(self._meet(30), rate=30)

    def measure(self, rate: int, messages: int) -> dict[str, Any]:
        """Single messages at this rate, each from someone else."""
        turns = self._meet(messages)
        idle = idle_percent()
        before = self.groups.spent_s()
        took_s = self._exchange(turns, rate=rate)
        spent = cpu_ms(before, self.groups.spent_s(), messages)
        return {
            "name": NAME,
            "size": rate,
            "units": messages,
            "idle_before": idle,
            "cpu_ms": spent,
            "reply_ms": percentiles_ms(took_s),
            "peak_mb": self.groups.peak_mb("workers"),
        }

    def _meet(self, number: int) -> list[talks.Form]:
        """People who have said hello; returns what each says next."""
        people = [f"+23483{n:08d}" for n in range(self.met, self.met + number)]
        self.met += number
        load.send(self.wiring.settings, [talks.form(who, 0, "hello") for who in people])
        self._await(people)
        _Stamping.heard_at.clear()
        return [talks.form(who, 1, "1") for who in people]

    def _exchange(self, forms: Sequence[talks.Form], *, rate: float) -> list[float]:
        """Send one after the other; how long it took until each had its reply."""
        settings = self.wiring.settings
        requests = [load.request(settings, form).encode() for form in forms]
        door = load.connect("127.0.0.1", settings.port)
        sent_at: dict[str, float] = {}
        began = time.monotonic()
        for number, (form, request) in enumerate(zip(forms, requests, strict=True)):
            time.sleep(max(0, began + number / rate - time.monotonic()))
            sent_at[form["From"].removeprefix("whatsapp:")] = time.monotonic()
            door.sendall(request)
            load.answer_to(door)
        door.close()
        self._await(list(sent_at))
        return [_Stamping.heard_at[who] - at for who, at in sent_at.items()]

    def _await(self, people: Sequence[str]) -> None:
        until = time.monotonic() + _PATIENCE_S
        while missing := set(people) - _Stamping.heard_at.keys():
            if time.monotonic() > until:
                raise TimeoutError(f"{len(missing)} replies did not come")
            time.sleep(0.02)


@contextmanager
def _carrier() -> Iterator[str]:
    """The carrier on a thread of ours, whose clock is then the sender's."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    making = loop.create_server(_Stamping, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(making, loop).result()
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@contextmanager
def _working(wiring: Wiring) -> Iterator[Popen[bytes]]:
    """The worker of the urgent lane as the Procfile starts it."""
    command = [sys.executable, "-m", "bot", "work", "urgent"]
    process = Popen(command, env=house.environ(wiring), stdout=DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
