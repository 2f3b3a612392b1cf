"""Work done in a process of its own, so that its CPU time and its memory are its own."""

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot import logs
from bot.build import build_wiring
from bot.config import Settings
from bot.embedded import Servers
from bot.wiring import Wiring
from tests.bench import house
from tests.bench.processes import Groups, cpu_ms, idle_percent

Work = Callable[..., Any]
"""Takes a wiring, and what else it is told; a function of a module."""


@contextmanager
def starting(servers: Servers, wiring: Wiring) -> Iterator["Apart"]:
    """A fresh process over the same house."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, fresh) as pool:
        yield Apart(pool, Groups.of(servers), house.environ(wiring))


@dataclass
class Apart:
    """The process, and those of the servers."""

    pool: ProcessPoolExecutor
    groups: Groups
    environ: Mapping[str, str]

    def warm_up(self, work: Work, *told: Any) -> Any:
        """Have something done, unmeasured."""
        return self._do(work, told)["found"]

    def measure(self, work: Work, *told: Any, units: int) -> dict[str, Any]:
        """Have so many units of work done: how long it took, and who spent how much on it.

        `grew_mb` is what the process needed beyond what it had held before.
        """
        idle = idle_percent()
        before = self.groups.spent_s()
        done = self._do(work, told)
        servers = cpu_ms(before, self.groups.spent_s(), units)
        ours = round(1000 * done["cpu_s"] / units, 4)
        total = round(ours + servers.pop("all"), 4)
        return {
            "units": units,
            "idle_before": idle,
            "wall_s": round(done["took_s"], 2),
            "rate_per_s": round(units / done["took_s"]),
            "cpu_ms": {"ours": ours, **servers, "all": total},
            "peak_mb": done["peak_mb"],
            "grew_mb": done["grew_mb"],
            "found": done["found"],
        }

    def _do(self, work: Work, told: tuple[Any, ...]) -> dict[str, Any]:
        done: dict[str, Any] = self.pool.submit(_done, dict(self.environ), work, told).result()
        return done


def middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run that took the median time, with the times of all; `found` is not kept."""
    ordered = sorted(runs, key=lambda run: run["wall_s"])
    chosen = ordered[(len(runs) - 1) // 2]
    kept = {name: value for name, value in chosen.items() if name != "found"}
    return {**kept, "wall_s_of_runs": [run["wall_s"] for run in runs]}


def _done(environ: dict[str, str], work: Work, told: tuple[Any, ...]) -> dict[str, Any]:
    wiring = _wiring(tuple(environ.items()))
    gc.collect()
    held_mb = _memory_mb("VmHWM")
    began, spent = time.perf_counter(), time.process_time()
    found = work(wiring, *told)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - spent
    peak_mb = _memory_mb("VmHWM")
    return {
        "found": found,
        "took_s": took_s,
        "cpu_s": cpu_s,
        "peak_mb": peak_mb,
        "grew_mb": peak_mb - held_mb,
    }


@cache
def _wiring(environ: tuple[tuple[str, str], ...]) -> Wiring:
    """One wiring for the life of the process."""
    logs.configure("WARNING")
    return build_wiring(Settings.from_env(dict(environ)))


def _memory_mb(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith(name)]
    return int(line.split()[1]) // 1024
