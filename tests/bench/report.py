"""The figures as tables: one for rates and times, one for what a turn asks of the database."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from tests.bench import statements

_COLUMNS = (
    "what",
    "promised",
    "size",
    "idle, %",
    "bare ms",
    "per s",
    "in all, s",
    "CPU ms",
    "of which",
    "p50 / p95 / p99, ms",
    "MB",
)

_PROMISED = {
    "dialogue engine alone": "0.1 ms",
    "inbound turn": "2.5 ms, 500/s,\np99 40 at half",
    "reply at the carrier": "p50 15, p95 40",
    "delivery of a backlog": "1.0 ms, 1,500/s",
    "payout run": "10,000 in 60 s",
    "points: award": "50 % of plain SQL",
    "points: redeem": "50 % of plain SQL",
    "reminders due": "10,000 of 1,000,000\nin 15 s",
    "freeze of an audience": "1,000,000 in 25 s",
}


def tables(rows: Sequence[Mapping[str, Any]]) -> Iterator[Table]:
    """The tables of what was measured."""
    timed = [row for row in rows if row["name"] != statements.NAME]
    counted = [row for row in rows if row["name"] == statements.NAME]
    if timed:
        yield _table("Times", _COLUMNS, map(_timed, timed))
    if counted:
        kinds = ((row["kind"], row["statements"], row["trips"], row["cpu_ms"]) for row in counted)
        columns = ("turn", "statements", "trips", "our CPU ms")
        yield _table("What a turn asks of the database, in one process", columns, kinds)


def _timed(row: Mapping[str, Any]) -> tuple[object, ...]:
    spent = dict(row["cpu_ms"])
    return (
        row["name"],
        _PROMISED.get(row["name"], ""),
        f"{row['size']:,}",
        row["idle_before"],
        row.get("bare_ms", ""),
        _rate(row),
        row.get("wall_s", ""),
        spent.pop("all"),
        "\n".join(f"{name} {ms:.2f}" for name, ms in spent.items()),
        "\n".join([*_percentiles(row), *_beside(row)]),
        row.get("peak_mb", ""),
    )


def _rate(row: Mapping[str, Any]) -> str:
    """How many a second, and beside it the same in plain SQL where that was measured."""
    rate = str(row.get("rate_per_s", ""))
    return f"{rate}\n{row['of_plain']:.0%} of plain" if "of_plain" in row else rate


def _beside(row: Mapping[str, Any]) -> Iterator[str]:
    """What only some rows tell."""
    if "statements" in row:
        yield f"{row['statements']} statements"
    if "preview_s" in row:
        yield f"counted alone: {row['preview_s']} s"


def _percentiles(row: Mapping[str, Any]) -> Iterator[str]:
    for name, values in row.items():
        if isinstance(values, dict) and "p50" in values:
            label = name.removesuffix("_ms").replace("_", " ")
            yield f"{label}: " + " / ".join(str(value) for value in values.values())


def _table(title: str, columns: Sequence[str], rows: Iterator[tuple[object, ...]]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*map(str, row))
    return table
