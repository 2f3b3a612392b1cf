"""A sheet of revenue brought in: every line read, checked and written, all of it or nothing."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.embedded import Servers
from bot.wiring import Wiring
from crm import revenue
from crm.kit.clock import lagos_day
from crm.kit.permissions import Actor
from tests.bench import apart, house

NAME = "sheet of revenue"
SIZES = (1_000, 10_000, 50_000)
"""Lines."""
_REPEATS = 3
_HEADER = "hospital,service_line,kind,amount,billed_on,collected_on,external_ref\n"
_SERVICE_LINES = ("Consultation", "Laboratory", "Pharmacy", "Theatre")


def run(
    servers: Servers, sizes: Sequence[int] = SIZES, repeats: int = _REPEATS
) -> list[dict[str, Any]]:
    """A row for each number of lines."""
    with TemporaryDirectory() as home:
        wiring = house.build(servers, Path(home))
        with apart.starting(servers, wiring) as worker:
            worker.warm_up(load, "warm-up", min(sizes))
            rows = []
            for size in sizes:
                runs = [
                    worker.measure(load, f"bench-{size}-{turn}", size, units=size)
                    for turn in range(repeats)
                ]
                assert all(run["found"] == size for run in runs), runs
                rows.append({"name": NAME, "size": size, **apart.middle(runs)})
        wiring.disconnect()
    return rows


def load(wiring: Wiring, source: str, size: int) -> int:
    """Bring in a sheet of a source of its own; returns how many entries it added."""
    with wiring.transaction() as session:
        report = revenue.load(
            session,
            _lines(wiring, size),
            source=source,
            is_dry_run=False,
            by=Actor.system(),
            now=wiring.now(),
        )
    assert not report.faulty, report.faults[:3]
    return report.added


def _lines(wiring: Wiring, size: int) -> Iterator[str]:
    """Three hospitals, four service lines, a refund in fifty, half a year of days."""
    today = lagos_day(wiring.now())
    yield _HEADER
    for n in range(size):
        place, what = ("IKJ", "WUS", "PHC")[n % 3], _SERVICE_LINES[n % 4]
        kind, sign = ("refund", "-") if n % 50 == 0 else ("charge", "")
        day = (today - timedelta(days=1 + n % 180)).isoformat()
        yield f"{place},{what},{kind},{sign}{5_000 + n % 9_000}.50,{day},{day},R-{n}\n"
