"""What the design promises, measured: ``python -m tests.bench [ROW ...] [--quick]``."""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from rich.console import Console

from bot import logs
from bot.embedded import Servers
from tests.bench import (
    api,
    delivery,
    dialogue,
    freeze,
    ledger,
    payouts,
    reminders,
    replies,
    report,
    rotation,
    sheets,
    statements,
    turns,
)

Rows = list[dict[str, Any]]

CORES = 2


def _delivery(servers: Servers, sizes: Sequence[int] = (2_000, 10_000, 40_000)) -> Rows:
    """The rows of a backlog delivered by a worker for each core, named as the others are."""
    return [
        {
            **row,
            "units": row["size"],
            "idle_before": round(100 - row["busy_before_percent"], 1),
            "cpu_ms": {**row["cpu_ms_per_message"], "all": row["cpu_ms_total"]},
            "peak_mb": row["peak_memory_mb"],
        }
        for row in delivery.run(servers, sizes, workers=CORES)
    ]


ROWS: dict[str, tuple[Callable[[Servers], Rows], Callable[[Servers], Rows]]] = {
    "dialogue": (dialogue.run, lambda servers: dialogue.run(servers, [1_000])),
    "statements": (statements.run, lambda servers: statements.run(servers, talks_each=2)),
    "turns": (turns.run, lambda servers: turns.run(servers, [0], talks_each=30)),
    "replies": (replies.run, lambda servers: replies.run(servers, [10], messages=50)),
    "delivery": (_delivery, lambda servers: _delivery(servers, [2_000])),
    "points": (ledger.run, lambda servers: ledger.run(servers, [1_000], each=60)),
    "payouts": (payouts.run, lambda servers: payouts.run(servers, [500])),
    "api": (api.run, lambda servers: api.run(servers, [200], each=8)),
    "reminders": (reminders.run, lambda servers: reminders.run(servers, [2_000], 500, 1)),
    "freeze": (freeze.run, lambda servers: freeze.run(servers, [2_000], 1)),
    "rotation": (rotation.run, lambda servers: rotation.run(servers, [1_000], 1)),
    "import": (sheets.run, lambda servers: sheets.run(servers, [1_000], 1)),
}
"""Each row's measurement, in full and quick."""


def main() -> None:
    """Measure, print a table, and keep everything as JSON."""
    asked = _asked()
    logs.configure("WARNING")
    console = Console(width=None if sys.stdout.isatty() else 120)
    found: Rows = []
    with TemporaryDirectory() as home, Servers.running(Path(home), database="bench") as servers:
        for name in asked.rows:
            with console.status(f"measuring: {name}"):
                found += ROWS[name][asked.quick](servers)
    console.print(*report.tables(found), sep="\n")
    console.print(f"All figures: {_keep(found, asked.json)}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="all of them unless named")
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    asked = parser.parse_args()
    asked.rows = asked.rows or list(ROWS)
    return asked


def _keep(found: Rows, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": psutil.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    path.write_text(json.dumps({"machine": machine, "rows": found}, indent=1))
    return path


if __name__ == "__main__":
    sys.exit(main())
