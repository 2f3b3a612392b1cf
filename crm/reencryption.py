"""Changing the key: every sealed value is opened and sealed again with the first key of the ring.

The register of sealed columns is read from the models: a column called `<name>_sealed` is sealed
as "<table>.<name>" for the row's `id`. A guard test holds every column of bytes against it.

To change the key without a pause: put the new key second in ENCRYPTION_KEYS everywhere, then
first, then run this, then take the old key out. It may be killed and run again at any time: what
is sealed with the first key already is left alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, ColumnElement, CursorResult, Table, and_, func, select, text
from sqlalchemy.orm import Session

from crm.kit.crypto import CannotOpen, Vault
from crm.models import Base

BATCH = 1_000
_PUT = """
    update {table} t set {column} = c.new
    from unnest(cast(:ids as uuid[]), cast(:olds as bytea[]), cast(:news as bytea[]))
        as c (id, old, new)
    where t.id = c.id and t.{column} = c.old
"""

_Change = tuple[UUID, bytes, bytes]
"""A row's id, what it holds and what it is to hold."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """One column of sealed values and what they are sealed as."""

    table: Table
    column: Column[bytes]

    @property
    def where(self) -> str:
        """The name that is bound into every seal of it."""
        return f"{self.table.name}.{self.column.name.removesuffix('_sealed')}"

    def is_due(self, vault: Vault) -> ColumnElement[bool]:
        """The rows that another key than the first has sealed."""
        head = func.substring(self.column, 1, len(vault.head))
        return and_(self.column.is_not(None), head != vault.head)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step did; `last` is where the next begins, None at the end."""

    sealed: int
    unreadable: int
    last: UUID | None


def register() -> Iterator[SealedColumn]:
    """Every sealed column of every table."""
    for table in Base.metadata.sorted_tables:
        for column in table.c:
            if column.name.endswith("_sealed"):
                yield SealedColumn(table, column)


def count_due(session: Session, place: SealedColumn) -> int:
    """How many values of the column the first key has not sealed."""
    due = place.is_due(session.info["vault"])
    return session.scalar(select(func.count()).select_from(place.table).where(due)) or 0


def reseal(
    session: Session, place: SealedColumn, *, after: UUID | None = None, limit: int = BATCH
) -> Batch:
    """Seal the next values of the column again, those after this id.

    What somebody writes meanwhile is left as they wrote it. A value that no key opens is counted
    and stays.
    """
    vault: Vault = session.info["vault"]
    rows = _next(session, place, vault, after, limit)
    changed: list[_Change] = []
    unreadable = 0
    for id_, old in rows:
        try:
            value = vault.open(old, where=place.where, row=id_)
        except CannotOpen:
            unreadable += 1
        else:
            changed.append((id_, old, vault.seal(value, where=place.where, row=id_)))
    sealed = _put(session, place, changed)
    return Batch(sealed, unreadable, rows[-1][0] if len(rows) == limit else None)


def _next(
    session: Session, place: SealedColumn, vault: Vault, after: UUID | None, limit: int
) -> list[tuple[UUID, bytes]]:
    id_ = place.table.c.id
    due = select(id_, place.column).where(place.is_due(vault)).order_by(id_).limit(limit)
    if after is not None:
        due = due.where(id_ > after)
    return [(row[0], bytes(row[1])) for row in session.execute(due)]


def _put(session: Session, place: SealedColumn, changed: Sequence[_Change]) -> int:
    """Write what is new over what is still as it was; returns how many. One statement."""
    if not changed:
        return 0
    names = {"table": place.table.name, "column": place.column.name}
    ids, olds, news = zip(*changed, strict=True)
    given = {"ids": list(ids), "olds": list(olds), "news": list(news)}
    result = session.execute(text(_PUT.format(**names)), given)
    return cast("CursorResult[Any]", result).rowcount
