"""What one turn of each kind costs in one process, without a server in front, and what it asks.

Statements, trips to the database and back, and our own CPU time, PostgreSQL's not included.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from sqlalchemy import Engine, event
from werkzeug.datastructures import MultiDict

from bot.embedded import Servers
from conversations import engine
from conversations.engine import House
from tests.bench import house, talks
from webhooks.twilio import read

NAME = "statements of a turn"
_WARM_UP = 2
_SAVEPOINTS = ("savepoint", "release_savepoint", "rollback_savepoint")


def run(servers: Servers, talks_each: int = 40) -> list[dict[str, Any]]:
    """A row for each kind of turn, in the talk's order, after two talks that only warm up."""
    seen: defaultdict[str, list[Counter[str]]] = defaultdict(list)
    spent: defaultdict[str, list[float]] = defaultdict(list)
    with TemporaryDirectory() as home:
        wiring = house.build(servers, Path(home))
        with wiring.transaction() as session:
            wishes = talks.wishes(session, now=wiring.now())[: talks_each + _WARM_UP]
        for n, wish in enumerate(wishes):
            for turn in talks.talk(f"+23482{n:08d}", wish, on_whatsapp=True):
                began = process_time()
                with counting(wiring.engine) as asked, wiring.transaction() as session:
                    said = read(MultiDict(turn.form))
                    engine.take_turn(session, said, House.of(wiring), now=wiring.now())
                if n >= _WARM_UP:
                    seen[turn.kind].append(asked)
                    spent[turn.kind].append(1000 * (process_time() - began))
        wiring.disconnect()
    return [_row(kind, counts, spent[kind]) for kind, counts in seen.items()]


def _row(kind: str, counts: list[Counter[str]], spent_ms: list[float]) -> dict[str, Any]:
    asked = {
        name: round(fmean(count[name] for count in counts), 1) for name in ("statements", "trips")
    }
    return {"name": NAME, "kind": kind, "cpu_ms": round(median(spent_ms), 2)} | asked


@contextmanager
def counting(engine: Engine) -> Iterator[Counter[str]]:
    """Count what this process asks; BEGIN, COMMIT and savepoints are trips of their own."""
    seen: Counter[str] = Counter()

    def statement(*_: object) -> None:
        seen.update(statements=1, trips=1)

    def trip(*_: object) -> None:
        seen.update(trips=1)

    listened = {"before_cursor_execute": statement} | dict.fromkeys(
        ("begin", "commit", *_SAVEPOINTS), trip
    )
    for name, heard in listened.items():
        event.listen(engine, name, heard)
    yield seen
    for name, heard in listened.items():
        event.remove(engine, name, heard)
