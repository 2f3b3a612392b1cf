"""The API through the web processes as deployed: what people at desks and other systems ask most.

Each row is one kind of request, by somebody with the role for it at one hospital (finance: at
all), with a token, an audit row and, for what is written, an Idempotency-Key of its own. The size
is the number of patients of the house.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path
from statistics import fmean, median_low
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from flask import Flask

from bot.app import create_app
from bot.embedded import Servers
from bot.wiring import Wiring
from crm.kit.permissions import Role
from tests.bench import api_house, bare, house, load
from tests.bench.api_house import World
from tests.bench.processes import Groups, cpu_ms, idle_percent, percentiles_ms
from tests.bench.statements import counting

NAME = "API"
SIZES = (200, 10_000, 100_000)
"""Patients: the demo's house, and larger ones."""
_EACH = 40
"""Requests of a run: what fits into the calendar and the three visits a patient may have."""
_WARM_UP = 16
_REPEATS = 3
_COUNTED = 5
_NO_LIMIT = {"RATE_PER_ACCOUNT": "1000000000", "RATE_PER_ADDRESS": "1000000000"}
_PREFIX = "/api/crm"


@dataclass(frozen=True)
class Request:
    """One request, whoever carries it."""

    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of request: who sends it, what it is answered, and endless ones of it."""

    name: str
    role: Role
    status: int
    requests: Callable[[World], Iterator[Request]]
    more: int = 1
    """Reads can be asked more often than there are times to book."""


def _profiles(world: World) -> Iterator[Request]:
    for patient_id in cycle(world.patients):
        path = f"/patients/{patient_id}/profile?include=appointments,loyalty,preferences"
        yield Request("GET", path)


def _searches(world: World) -> Iterator[Request]:
    for words in cycle(("ade ch", "okafor", "ib bel", "balogun fo", "eze")):
        yield Request("GET", f"/patients?q={words.replace(' ', '+')}")


def _payouts(_world: World) -> Iterator[Request]:
    return cycle([Request("GET", "/owners/payouts?limit=20")])


def _availability(world: World) -> Iterator[Request]:
    return cycle([Request("GET", f"/availability?service_id={world.service_id}")])


def _bookings(world: World) -> Iterator[Request]:
    for patient_id, (service_id, slot) in zip(cycle(world.patients), world.free, strict=False):
        asked = {
            "patient_id": str(patient_id),
            "hospital_id": str(world.hospital_id),
            "service_id": str(service_id),
            "practitioner_id": str(slot.practitioner_id),
            "start_at": slot.starts_at.isoformat(),
        }
        yield Request("POST", "/patients/appointments", asked)


def _awards(world: World) -> Iterator[Request]:
    for patient_id in cycle(world.patients):
        source = {"type": "invoice", "id": str(uuid4())}
        asked = {"rule_code": "payment", "source": source, "amount_kobo": 150_000}
        yield Request("POST", f"/patients/{patient_id}/loyalty/award", asked)


KINDS = (
    Kind("GET a patient's profile", Role.FRONT_DESK, 200, _profiles, more=6),
    Kind("GET patients by name", Role.FRONT_DESK, 200, _searches, more=6),
    Kind("GET payouts", Role.FINANCE, 200, _payouts, more=6),
    Kind("GET availability", Role.FRONT_DESK, 200, _availability, more=6),
    Kind("POST an appointment", Role.FRONT_DESK, 201, _bookings),
    Kind("POST an award", Role.COMMUNICATIONS, 201, _awards, more=6),
)


def run(servers: Servers, sizes: Sequence[int] = SIZES, each: int = _EACH) -> list[dict[str, Any]]:
    """A row for each kind of request and each size of the house."""
    return [row for size in sizes for row in _measure(servers, size, each)]


def _measure(servers: Servers, size: int, each: int) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        wiring = house.build(servers, home, **_NO_LIMIT)
        world = api_house.fill(wiring, size)
        web = stack.enter_context(house.serving(wiring))
        groups, app = Groups.of(servers, web=web.pid), create_app(wiring)
        for kind in KINDS:
            bench = _Bench(wiring, groups, Asker(wiring, kind, world))
            yield {"name": f"{NAME}: {kind.name}", "size": size, **bench.measure(app, each)}
        wiring.disconnect()


class Asker:
    """Whoever sends one kind of request, again and again."""

    def __init__(self, wiring: Wiring, kind: Kind, world: World) -> None:
        self.wiring, self.kind = wiring, kind
        self.token = world.tokens[kind.role]
        self.left = kind.requests(world)
        self.keys = count(1)

    def statements(self, app: Flask) -> float:
        """What one request asks of the database, in this process, once it is warm."""
        seen = [self._ask(app) for _ in range(_COUNTED + 1)]
        return round(fmean(seen[1:]), 1)

    def written(self, number: int) -> list[str]:
        """So many new requests as they go over the wire."""
        new = [self._written(each) for each in islice(self.left, number)]
        assert len(new) == number, f"only {len(new)} of {number} to ask for"
        return new

    def _ask(self, app: Flask) -> int:
        request = next(self.left)
        with counting(self.wiring.engine) as seen, app.test_client() as client:
            answer = client.open(
                f"{_PREFIX}{request.path}",
                method=request.method,
                headers=self._headers(),
                json=request.body,
            )
        assert answer.status_code == self.kind.status, answer.get_data(as_text=True)
        return seen["statements"]

    def _written(self, request: Request) -> str:
        body = json.dumps(request.body) if request.body is not None else ""
        head = [
            f"{request.method} {_PREFIX}{request.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.wiring.settings.port}",
            *(f"{name}: {value}" for name, value in self._headers().items()),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(head) + "\r\n\r\n" + body

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"bench-{next(self.keys)}",
        }


@dataclass
class _Bench:
    """Everything that runs."""

    wiring: Wiring
    groups: Groups
    asker: Asker

    def measure(self, app: Flask, each: int) -> dict[str, Any]:
        """Warm up; some runs at full speed, whose median by CPU counts, and one at half of it."""
        asked = self.asker.statements(app)
        self._send(_WARM_UP)
        number = each * self.asker.kind.more
        runs = [self._at_full_rate(number) for _ in range(_REPEATS)]
        middle = median_low(run["cpu_ms"]["all"] for run in runs)
        full = next(run for run in runs if run["cpu_ms"]["all"] == middle)
        half = self._send(number // 2, rate=full["rate_per_s"] / 2)
        return {
            **full,
            "cpu_ms_of_runs": [run["cpu_ms"]["all"] for run in runs],
            "half_rate_ms": percentiles_ms(half["took_s"]),
            "statements": asked,
            "peak_mb": self.groups.peak_mb("web"),
        }

    def _at_full_rate(self, number: int) -> dict[str, Any]:
        idle, least = idle_percent(), self._bare_ms()
        before = self.groups.spent_s()
        seen = self._send(number)
        after = self.groups.spent_s()
        return {
            "units": number,
            "idle_before": idle,
            "bare_ms": least,
            "rate_per_s": round(number / seen["wall_s"]),
            "cpu_ms": cpu_ms(before, after, number),
            "full_rate_ms": percentiles_ms(seen["took_s"]),
        }

    def _send(self, number: int, *, rate: float = 0) -> dict[str, Any]:
        asked, status = self.asker.written(number), str(self.asker.kind.status)
        settings = self.wiring.settings
        return load.send_all(settings, asked, connections=8, rate=rate, expected=status)

    def _bare_ms(self) -> float:
        return bare.transaction_ms(self.wiring.settings.database_url, self.groups)
