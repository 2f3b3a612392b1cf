"""Loading many rows at once: COPY, ids that carry a past time, and chance that repeats itself."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.types.range import TimestamptzRange
from sqlalchemy import Column, Enum, Table
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE
from sqlalchemy.orm import Session

from crm.models import Base

T = TypeVar("T")
Row = dict[str, Any]
_VERSION, _VARIANT = 0x7 << 76, 0b10 << 62


class Chance(random.Random):
    """Chance from a seed; the same seed tells the same story."""

    def id_at(self, moment: datetime) -> UUID:
        """A version 7 id as it would have been made at that moment."""
        ms = int(moment.timestamp() * 1000)
        head = (ms << 80) | _VERSION | (self.getrandbits(12) << 64)
        return UUID(int=head | _VARIANT | self.getrandbits(62))

    def between(self, first: datetime, last: datetime) -> datetime:
        """A moment in a stretch of time, to the second."""
        seconds = max(0.0, (last - first).total_seconds())
        return (first + (last - first) * self.random() if seconds else first).replace(microsecond=0)

    def one_of(self, weights: Mapping[T, float]) -> T:
        """One of these, each as likely as its weight says."""
        return self.choices(list(weights), list(weights.values()))[0]

    def is_so(self, share: float) -> bool:
        """True so often."""
        return self.random() < share

    def digits(self, number: int) -> str:
        """So many digits."""
        return f"{self.randrange(10**number):0{number}d}"


def load(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Copy rows into a table; all have the columns of the first."""
    if not rows:
        return
    table: Table = model.__table__  # type: ignore[assignment]
    columns = [table.c[name] for name in rows[0]]
    names = ", ".join(f'"{column.name}"' for column in columns)
    spell = [(column.name, _speller(column)) for column in columns]
    connection: Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    statement = f"copy {table.name} ({names}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row([write(row[name]) if write else row[name] for name, write in spell])


def _speller(column: Column[Any]) -> Callable[[Any], Any] | None:
    """How psycopg wants the values of a column; None where it takes them as they are."""
    if isinstance(column.type, JSONB):
        return json.dumps
    if isinstance(column.type, TSTZRANGE):
        return lambda during: TimestamptzRange(during.lower, during.upper)
    return _word if isinstance(column.type, Enum) else None


def _word(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
