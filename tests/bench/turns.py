"""Inbound turns: the signed webhooks of whole talks, through the web, to the committed reply.

The past of the house grows from row to row; the talk is the same.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median_low
from tempfile import TemporaryDirectory
from typing import Any

from bot.embedded import Servers
from bot.wiring import Wiring
from tests.bench import bare, house, load, talks
from tests.bench.processes import Groups, cpu_ms, idle_percent, percentiles_ms

NAME = "inbound turn"
SIZES = (0, 10_000, 100_000)
_AT_ONCE = 30
_REPEATS = 3


def run(
    servers: Servers, sizes: Sequence[int] = SIZES, talks_each: int = 30
) -> list[dict[str, Any]]:
    """A row for each size of the house's past, in people."""
    return [_measure(servers, size, talks_each) for size in sizes]


def _measure(servers: Servers, past: int, talks_each: int) -> dict[str, Any]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        wiring = house.build(servers, home)
        house.fill(wiring, past)
        web = stack.enter_context(house.serving(wiring))
        bench = _Bench(wiring, Groups.of(servers, web=web.pid), _Talks(wiring))
        bench.warm_up()
        return {"name": NAME, "size": past, **bench.measure(talks_each)}


class _Talks:
    """Fresh talks, each contact with a time of its own to book."""

    def __init__(self, wiring: Wiring) -> None:
        with wiring.transaction() as session:
            wishes = talks.wishes(session, now=wiring.now())
        self._left = (
            talks.talk(f"+23481{n:08d}", wish, on_whatsapp=n % 4 > 0)
            for n, wish in enumerate(wishes)
        )

    def forms(self, number: int) -> list[talks.Form]:
        """The forms of so many new talks, in the order in which they are posted."""
        new = list(islice(self._left, number))
        return [turn.form for turn in talks.interleaved(new, _AT_ONCE)]


@dataclass
class _Bench:
    """Everything that runs."""

    wiring: Wiring
    groups: Groups
    talks: _Talks

    def warm_up(self) -> None:
        """Fill caches, unmeasured, until each connection has the plans it will keep.

        The driver prepares a statement when it has been run five times, and PostgreSQL settles
        on one plan for it after five more.
        """
        load.send(self.wiring.settings, self.talks.forms(2 * _AT_ONCE))

    def measure(self, talks_each: int) -> dict[str, Any]:
        """At full rate a few times, of which the median counts, then once at half of it."""
        runs = [self._at_full_rate(talks_each) for _ in range(_REPEATS)]
        middle = median_low(run["cpu_ms"]["all"] for run in runs)
        full = next(run for run in runs if run["cpu_ms"]["all"] == middle)
        forms = self.talks.forms(talks_each * 2 // 3)
        half = load.send(self.wiring.settings, forms, rate=full["rate_per_s"] / 2, connections=32)
        return {
            **full,
            "cpu_ms_of_runs": [run["cpu_ms"]["all"] for run in runs],
            "half_rate_ms": percentiles_ms(half["took_s"]),
            "peak_mb": self.groups.peak_mb("web"),
        }

    def _at_full_rate(self, number: int) -> dict[str, Any]:
        forms = self.talks.forms(number)
        idle, least = idle_percent(), self._bare_ms()
        before = self.groups.spent_s()
        seen = load.send(self.wiring.settings, forms)
        after = self.groups.spent_s()
        return {
            "units": len(forms),
            "idle_before": idle,
            "bare_ms": least,
            "rate_per_s": round(len(forms) / seen["wall_s"]),
            "cpu_ms": cpu_ms(before, after, len(forms)),
            "full_rate_ms": percentiles_ms(seen["took_s"]),
        }

    def _bare_ms(self) -> float:
        return bare.transaction_ms(self.wiring.settings.database_url, self.groups)
