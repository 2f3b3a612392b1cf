"""The processes of a benchmark: started, asked what they spent, ended."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.embedded import Servers

Spent = dict[str, float]
"""CPU seconds by group of processes."""


@contextmanager
def started(
    module: str, *args: str, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A module run by this Python for the length of a `with`; its output can be read."""
    command = [sys.executable, "-m", module, *args]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def ready(process: subprocess.Popen[str]) -> str:
    """What the process says with the word that it is ready."""
    assert process.stdout
    word, _, value = process.stdout.readline().partition(" ")
    assert word == "ready", f"{process.args} did not start"
    return value.strip()


@dataclass
class Groups:
    """Groups of processes by name, each given by its eldest."""

    eldest: dict[str, psutil.Process]

    @classmethod
    def of(cls, servers: Servers, **pids: int) -> "Groups":
        """The servers, and what else is named."""
        eldest = {name: psutil.Process(pid) for name, pid in pids.items()}
        return cls(eldest | servers_of(servers))

    def spent_s(self) -> Spent:
        """CPU seconds so far, with all children, those that have ended among them."""
        return {name: tree_spent_s(process) for name, process in self.eldest.items()}

    def peak_mb(self, name: str) -> int:
        """The most memory that one process of the group has held at once."""
        process = self.eldest[name]
        pids = [process.pid, *(child.pid for child in process.children(recursive=True))]
        return max(peak_mb(pid) for pid in pids)


def cpu_ms(before: Spent, after: Spent, units: int) -> Spent:
    """CPU milliseconds for each unit of work, by group and in all."""
    each = {name: 1000 * (after[name] - before[name]) / units for name in before}
    return {name: round(ms, 3) for name, ms in {**each, "all": sum(each.values())}.items()}


def percentiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """The 50th, 95th and 99th of a hundred, in milliseconds."""
    ordered = sorted(seconds)
    return {f"p{n}": round(1000 * ordered[(len(ordered) - 1) * n // 100], 2) for n in (50, 95, 99)}


def idle_percent(during_s: float = 1.0) -> float:
    """How much of the machine nobody uses just now."""
    return round(100 - psutil.cpu_percent(during_s), 1)


def servers_of(servers: Servers) -> dict[str, psutil.Process]:
    """PostgreSQL and Valkey, as the process that owns them started them."""
    owner = json.loads((servers.home / "servers.json").read_text())["owner"]
    found = {process.name(): process for process in psutil.Process(owner).children()}
    names = {"postgresql": "postgres", "valkey": "valkey"}
    return {
        ours: next(process for name, process in found.items() if name.startswith(theirs))
        for ours, theirs in names.items()
    }


def tree_spent_s(process: psutil.Process) -> float:
    """CPU seconds so far, with its children, those that have ended among them."""
    while True:
        # A child that ends while we read is counted with its parent the next time.
        with suppress(psutil.NoSuchProcess):
            living = sum(map(spent_s, process.children(recursive=True)))
            times = process.cpu_times()
            return living + spent_s(process) + times.children_user + times.children_system


def spent_s(process: psutil.Process) -> float:
    """CPU seconds so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def peak_mb(pid: int) -> int:
    """The most memory that the process has held at once."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024
