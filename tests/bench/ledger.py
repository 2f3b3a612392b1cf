"""The ledger of points: award and redeem beside plain SQL, and a mixed load that must add up.

``python -m tests.bench.ledger 100000`` does so many random movements at once and then asks all
ten rules of the ledger.
"""

import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from statistics import median_low
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from bot.embedded import Servers
from bot.wiring import Wiring
from crm import loyalty
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from tests.bench import house, ledger_world
from tests.bench.ledger_load import Load, World, furnish
from tests.bench.ledger_world import COST, GIVEN, member
from tests.bench.processes import Groups, cpu_ms, idle_percent, percentiles_ms

NAME = "points"
SIZES = (10, 1_000, 100_000)
_AT_ONCE = 8
_WARM_UP = 40
_REPEATS = 3
_EACH = 400
"""Movements of each process."""

Act = Callable[[UUID], None]


def run(servers: Servers, sizes: Sequence[int] = SIZES, each: int = _EACH) -> list[dict[str, Any]]:
    """Two rows for each number of members, the fewest first: all traffic hits those."""
    rows = []
    for size in sizes:
        with TemporaryDirectory() as home:
            wiring = house.build(servers, Path(home))
            bench = _Bench(wiring, Groups.of(servers), size, each)
            rows += [bench.measure(kind) for kind in ("award", "redeem")]
            bench.close()
    return rows


class _Bench:
    """A house with so many members, and processes that are warm for all that is measured.

    Plain SQL is measured twice: as the driver sends it alone, and through a session as ours is,
    which every request of the product opens and commits.
    """

    def __init__(self, wiring: Wiring, groups: Groups, members: int, each: int) -> None:
        self.wiring, self.groups, self.members, self.each = wiring, groups, members, each
        movements = (_REPEATS + 1) * 3 * _AT_ONCE * (each + _WARM_UP)
        points = 8 * COST * (movements // members + 100)
        reward_id = ledger_world.fill(wiring.engine, members, points)
        settings = wiring.settings
        urls = (settings.database_url, settings.encryption_keys, settings.secret_key)
        self.asked = _Asked(urls, members, each, reward_id)
        self.pool = _pool()

    def measure(self, kind: str) -> dict[str, Any]:
        """Ours and plain SQL by turns; the median of each counts."""
        idle = idle_percent()
        runs: dict[str, list[dict[str, Any]]] = {"": [], "plain_": [], "driver_": []}
        for _ in range(_REPEATS):
            for way, seen in runs.items():
                seen.append(self._once(way + kind))
        ours, plain, driver = map(_middle, runs.values())
        return {
            "name": f"{NAME}: {kind}",
            "size": self.members,
            "idle_before": idle,
            **ours,
            "bare_ms": plain["cpu_ms"]["all"],
            "plain": plain,
            "driver_alone": driver,
            "of_plain": round(ours["rate_per_s"] / plain["rate_per_s"], 2),
            "of_driver_alone": round(ours["rate_per_s"] / driver["rate_per_s"], 2),
        }

    def _once(self, kind: str) -> dict[str, Any]:
        """Every process at once; the barrier gives each of them one part."""
        before = self.groups.spent_s()
        parts = [(self.asked, kind, seed) for seed in range(_AT_ONCE)]
        done = list(self.pool.map(_work, *zip(*parts, strict=True)))
        after = self.groups.spent_s()
        units = _AT_ONCE * self.each
        wall_s = max(each["ended"] for each in done) - min(each["began"] for each in done)
        spent = cpu_ms(before, after, units + _AT_ONCE * _WARM_UP)
        ours = round(1000 * sum(each["cpu_s"] for each in done) / units, 3)
        return {
            "units": units,
            "rate_per_s": round(units / wall_s),
            "cpu_ms": {
                "python": ours,
                "postgresql": spent["postgresql"],
                "all": round(ours + spent["postgresql"], 3),
            },
            "took_ms": percentiles_ms([s for each in done for s in each["took_s"]]),
        }

    def close(self) -> None:
        """Ask the rules once more: ours and plain SQL have written the same books."""
        self.pool.shutdown()
        with self.wiring.transaction() as session:
            broken = loyalty.invariants.broken(session)
        self.wiring.disconnect()
        assert not broken, broken


@dataclass(frozen=True)
class _Asked:
    """What a process is told."""

    urls: tuple[str, str, str]
    members: int
    each: int
    reward_id: UUID


_start: Barrier


def _wait_at(barrier: Barrier) -> None:
    """Keep what a process waits for before it begins."""
    global _start  # noqa: PLW0603 -- a process has one start
    _start = barrier


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    middle = median_low(run["rate_per_s"] for run in runs)
    return next(run for run in runs if run["rate_per_s"] == middle)


def _work(asked: _Asked, kind: str, seed: int) -> dict[str, Any]:
    """The movements of one process: when, in how much CPU time, and how long each took."""
    act, chance = _act(asked, kind), Random(seed)
    for _ in range(_WARM_UP):
        act(member(chance.randrange(asked.members)))
    _start.wait(60)
    began_at, took_s, spent = time.time(), [], time.process_time()
    for _ in range(asked.each):
        began = time.perf_counter()
        act(member(chance.randrange(asked.members)))
        took_s.append(time.perf_counter() - began)
    spent = time.process_time() - spent
    return {"began": began_at, "ended": time.time(), "cpu_s": spent, "took_s": took_s}


@cache
def _act(asked: _Asked, kind: str) -> Act:
    """One movement of this kind; its connection is opened once in a process."""
    way, _, what = kind.rpartition("_")
    plain = {"award": ledger_world.plain_award, "redeem": ledger_world.plain_redeem}[what]
    if way == "driver":
        connection = psycopg.connect(asked.urls[0])
        return lambda member_id: plain(
            connection.execute, connection.commit, member_id, asked.reward_id
        )
    sessions = _sessions(*asked.urls)
    if way == "plain":
        return _plain(sessions, plain, asked.reward_id)
    return _award(sessions) if what == "award" else _redeem(sessions, asked.reward_id)


def _plain(sessions: sessionmaker[Session], write: ledger_world.Plain, reward_id: UUID) -> Act:
    def act(member_id: UUID) -> None:
        with sessions() as session:
            execute = session.connection().exec_driver_sql
            write(execute, session.commit, member_id, reward_id)

    return act


def _award(sessions: sessionmaker[Session]) -> Act:
    def award(member_id: UUID) -> None:
        with sessions() as session:
            loyalty.award(
                session,
                patient_id=member_id,
                rule="payment",
                source_type="bench",
                source_id=uuid7(),
                now=datetime.now(UTC),
                amount_kobo=GIVEN * 10_000,
            )
            session.commit()

    return award


def _redeem(sessions: sessionmaker[Session], reward_id: UUID) -> Act:
    def redeem(member_id: UUID) -> None:
        with sessions() as session:
            loyalty.redeem(
                session, patient_id=member_id, reward_id=reward_id, now=datetime.now(UTC)
            )
            session.commit()

    return redeem


def _sessions(database_url: str, keys: str, secret: str) -> sessionmaker[Session]:
    url = database_url.replace("postgresql:", "postgresql+psycopg:")
    vault = Vault.from_settings(keys, secret)
    engine = create_engine(url, pool_size=1)
    return sessionmaker(engine, expire_on_commit=False, info={"vault": vault})


def _pool() -> ProcessPoolExecutor:
    """Fresh processes that can start together."""
    spawning = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(
        _AT_ONCE, spawning, initializer=_wait_at, initargs=(spawning.Barrier(_AT_ONCE),)
    )


# -- the mixed load -------------------------------------------------------------------------------


def mixed(servers: Servers, movements: int, members: int = 300) -> dict[str, Any]:
    """So many random movements by eight processes; what was done, and which rules broke."""
    with TemporaryDirectory() as home:
        wiring = house.build(servers, Path(home))
        with wiring.transaction() as session:
            world = furnish(session, members=members, now=wiring.now())
        settings = wiring.settings
        urls = (settings.database_url, settings.encryption_keys, settings.secret_key)
        began = time.perf_counter()
        with _pool() as pool:
            work = [
                pool.submit(_move, urls, world, seed, movements // _AT_ONCE)
                for seed in range(_AT_ONCE)
            ]
            done = sum((each.result() for each in work), Counter())
        took_s = time.perf_counter() - began
        with wiring.transaction() as session:
            found = loyalty.invariants.check(session)
        wiring.disconnect()
    return {
        "movements": movements,
        "took_s": round(took_s, 1),
        "per_s": round(movements / took_s),
        "done": dict(sorted(done.items())),
        "broken": found,
    }


def _move(urls: tuple[str, str, str], world: World, seed: int, count: int) -> Counter[str]:
    return Load(_sessions(*urls), world, seed).move(count)


def main() -> None:
    """Do the mixed load and print what came of it."""
    movements = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with TemporaryDirectory() as home, Servers.running(Path(home), database="bench") as servers:
        found = mixed(servers, movements)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    sys.exit(any(found["broken"].values()))


if __name__ == "__main__":
    main()
