"""Delivery of a backlog: messages in the outbox, real workers, a carrier that costs nothing.

Wall rates wander on a shared machine; CPU per message, by who spent it, is what counts.
``python -m tests.bench.delivery`` runs this row alone on servers of its own.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import time as clock_time
from pathlib import Path
from urllib.request import urlopen
from uuid import UUID

import psutil
from sqlalchemy import event, insert, text

from bot.build import build_wiring
from bot.channels.carrier import Channel
from bot.config import Settings
from bot.embedded import Servers
from bot.wiring import Wiring
from crm import addresses, outbox
from crm.kit.clock import DemoClock, SystemClock, at_lagos, lagos_day
from crm.kit.ids import uuid7
from crm.migrations.run import upgrade
from crm.models import Address, Consent, Lane, Patient, Purpose
from crm.outbox import Draft
from tests.bench import processes
from tests.bench.processes import ready, started
from workers import delivery, runtime

NAME = "delivery of a backlog"
SIZES = (2_000, 10_000, 40_000)
LANE = Lane.BULK
WORDS = "GrandPro Ikeja: the clinic opens at 09:00 on Monday 30 November. Bring your card, please."
_WARM_UP = 500
_CHUNK = 1_000
_PATIENCE_S = 600.0

Person = tuple[UUID, UUID]
"""An address and its patient."""


def run(
    servers: Servers, sizes: Sequence[int] = SIZES, workers: int = 1
) -> list[dict[str, object]]:
    """Measure each size once, with the same warm workers. Returns a row for each."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        carrier = stack.enter_context(started("tests.bench.null_carrier", "0"))
        url = f"http://127.0.0.1:{ready(carrier)}"
        wiring = _wiring(servers, home, url)
        people = _people(wiring, max(sizes))
        environ = wiring.settings.environ()
        at_work = [
            stack.enter_context(started("tests.bench.delivery", "work", environ=environ))
            for _ in range(workers)
        ]
        pids = [int(ready(worker)) for worker in at_work]
        bench = _Bench(wiring, url, pids, processes.servers_of(servers))
        bench.drain(people[:_WARM_UP])
        return [bench.measure(people[:size]) for size in sizes]


@dataclass
class _Bench:
    """Everything that runs."""

    wiring: Wiring
    carrier_url: str
    workers: Sequence[int]
    servers: dict[str, psutil.Process]

    def measure(self, people: Sequence[Person]) -> dict[str, object]:
        """One row of the table."""
        per_batch = self._statements_per_batch(people[:25])
        self._post(people)
        idle = psutil.cpu_percent(1.0)
        before, started = self._cpu_s(), time.monotonic()
        self._deliver(len(people))
        wall_s, after = time.monotonic() - started, self._cpu_s()
        cpu_ms = {name: 1000 * (after[name] - before[name]) / len(people) for name in before}
        return {
            "name": NAME,
            "size": len(people),
            "workers": len(self.workers),
            "busy_before_percent": idle,
            "wall_s": round(wall_s, 2),
            "rate_per_s": round(len(people) / wall_s),
            "cpu_ms_per_message": {name: round(ms, 3) for name, ms in cpu_ms.items()},
            "cpu_ms_total": round(sum(cpu_ms.values()), 3),
            "per_batch_of_25": per_batch,
            "peak_memory_mb": max(processes.peak_mb(pid) for pid in self.workers),
        }

    def drain(self, people: Sequence[Person]) -> None:
        """Post and deliver, unmeasured."""
        self._post(people)
        self._deliver(len(people))

    def _post(self, people: Sequence[Person]) -> None:
        for start in range(0, len(people), _CHUNK):
            drafts = [_draft(person) for person in people[start : start + _CHUNK]]
            with self.wiring.sessions.begin() as session:
                outbox.post_many(session, drafts, now=self.wiring.now())

    def _deliver(self, number: int) -> None:
        """Wake every worker, and wait until the carrier has all and the outbox knows it."""
        goal = self._taken() + number
        for _ in self.workers:
            self.wiring.jobs.enqueue(LANE, "workers.delivery.deliver", LANE)
        until = time.monotonic() + _PATIENCE_S
        while self._taken() < goal or self._unsettled():
            if time.monotonic() > until:
                raise TimeoutError(f"{goal - self._taken()} messages were not delivered")
            time.sleep(0.05)

    def _taken(self) -> int:
        with urlopen(f"{self.carrier_url}/count") as answer:
            return int(json.load(answer)["count"])

    def _unsettled(self) -> bool:
        query = text("select exists (select from messages where status in ('queued', 'sending'))")
        with self.wiring.sessions() as session:
            return bool(session.scalar(query))

    def _statements_per_batch(self, people: Sequence[Person]) -> dict[str, int]:
        """What the database is asked, counted in this process, for one full batch."""
        seen: Counter[str] = Counter()
        self._post(people)
        with _counting(self.wiring, seen):
            delivery._deliver_batch(self.wiring, LANE)
        return dict(seen)

    def _cpu_s(self) -> dict[str, float]:
        return {
            "workers": sum(processes.spent_s(psutil.Process(pid)) for pid in self.workers),
            **{name: processes.tree_spent_s(process) for name, process in self.servers.items()},
        }


def _wiring(servers: Servers, home: Path, carrier_url: str) -> Wiring:
    """A wiring on a fresh database, in the middle of the day."""
    database = Servers.start(servers.home, database=f"bench_{home.name.lower()}")
    given = {
        "DATABASE_URL": database.database_url,
        "REDIS_URL": servers.redis_url,
        "TWILIO_BASE_URL": carrier_url,
        "GRANDPRO_HOME": str(home),
        "LOG_LEVEL": "WARNING",
    }
    settings = Settings.from_env(given)
    upgrade(settings.sqlalchemy_url(direct=True))
    now = SystemClock().now()
    DemoClock(home / "clock").move(at_lagos(lagos_day(now), clock_time(11)) - now)
    return build_wiring(settings)


def _people(wiring: Wiring, number: int) -> list[Person]:
    """Patients with a number each, who agreed to be written to."""
    now, people = wiring.now(), [(uuid7(), uuid7()) for _ in range(number)]
    numbers = [f"+23480{n:08d}" for n in range(number)]
    with wiring.sessions.begin() as session:
        patients = [{"id": patient, "full_name": "Ada Obi"} for _, patient in people]
        session.execute(insert(Patient), patients)
        values = zip(people, numbers, strict=True)
        session.execute(insert(Address), [_address(wiring, p, value) for p, value in values])
        session.execute(insert(Consent), [_consent(person) | {"at": now} for person in people])
    with wiring.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
    return people


def _address(wiring: Wiring, person: Person, value: str) -> dict[str, object]:
    sealed = wiring.vault.seal(value, where=addresses.WHERE, row=person[0])
    index = addresses.index_of(wiring.vault, value)
    return {"id": person[0], "channel": "sms", "value_sealed": sealed, "value_index": index}


def _consent(person: Person) -> dict[str, object]:
    return {
        "id": uuid7(),
        "address_id": person[0],
        "patient_id": person[1],
        "purpose": "care",
        "is_granted": True,
        "wording": "bench",
        "language": "en",
        "source": "bench",
    }


def _draft(person: Person) -> Draft:
    return Draft(
        address_id=person[0],
        patient_id=person[1],
        channel=Channel.SMS,
        text=WORDS,
        purpose=Purpose.NOTICE,
        lane=LANE,
    )


# -- processes ------------------------------------------------------------------------------------


@contextmanager
def _counting(wiring: Wiring, seen: Counter[str]) -> Iterator[None]:
    def statement(*_: object) -> None:
        seen["statements"] += 1

    def commit(*_: object) -> None:
        seen["commits"] += 1

    event.listen(wiring.engine, "before_cursor_execute", statement)
    event.listen(wiring.engine, "commit", commit)
    yield
    event.remove(wiring.engine, "before_cursor_execute", statement)
    event.remove(wiring.engine, "commit", commit)


def _work() -> None:
    """A worker of the lane, as the Procfile would start it."""
    print("ready", os.getpid(), flush=True)  # noqa: T201 -- its parent waits for it
    runtime.work(build_wiring(Settings.from_env()), LANE)


def _print(rows: Sequence[dict[str, object]]) -> None:
    for row in rows:
        print(json.dumps(row))  # noqa: T201 -- the result


if __name__ == "__main__":
    if sys.argv[1:] == ["work"]:
        _work()
    else:
        with (
            tempfile.TemporaryDirectory() as folder,
            Servers.running(Path(folder), database="bench") as own,
        ):
            _print(run(own, [int(size) for size in sys.argv[1:]] or SIZES))
