"""Pages by keyset: the cursor is where the last row stood, so no page is counted through."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.operators import desc_op

from crm.kit.errors import Invalid

T = TypeVar("T")
Key = ColumnElement[Any] | InstrumentedAttribute[Any] | UnaryExpression[Any]

_READERS: dict[str, Callable[[str], Any]] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "u": UUID,
}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many rows, and after which."""

    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The rows of one page; `next_cursor` is None on the last."""

    items: Sequence[T]
    next_cursor: str | None = None


def keyset(session: Session, statement: Select[T], page: PageRequest, *by: Key) -> Found[T]:
    """One page of a query for a single entity, ordered by these columns of it, none of them null.

    The last column must be unique. Raises Invalid for a cursor that is not ours.
    """
    if page.cursor:
        statement = statement.where(_after(by, _read(page.cursor, len(by))))
    rows = session.execute(
        statement.add_columns(*(_column(key) for key in by)).order_by(*by).limit(page.limit + 1)
    ).all()
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    return Found([row[0] for row in shown], write(shown[-1][1:]) if more else None)


def write(values: Sequence[Any]) -> str:
    """The cursor that stands after a row with these values."""
    packed = json.dumps([_pack(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def read(cursor: str, count: int) -> list[Any]:
    """The values of a cursor. Raises Invalid."""
    return _read(cursor, count)


def _read(cursor: str, count: int) -> list[Any]:
    try:
        packed = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_unpack(each) for each in packed]
    except (ValueError, TypeError, KeyError, AttributeError):
        values = []
    if len(values) != count:
        raise Invalid("cursor", "This cursor is not one of ours. Start again without it.")
    return values


def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, UUID):
        return ["u", value.hex]
    return value


def _unpack(packed: Any) -> Any:
    if isinstance(packed, list):
        kind, text = packed
        return _READERS[kind](text)
    if not isinstance(packed, str | int):
        raise TypeError
    return packed


def _column(key: Key) -> Any:
    return key.element if isinstance(key, UnaryExpression) else key


def _after(by: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    """The rows beyond the cursor: (a > x) or (a = x and b > y) ..., turned for descending keys."""
    beyond = []
    for place, key in enumerate(by):
        column, value = _column(key), values[place]
        is_down = isinstance(key, UnaryExpression) and key.modifier is desc_op
        same = [_column(by[n]) == values[n] for n in range(place)]
        beyond.append(and_(*same, column < value if is_down else column > value))
    return or_(*beyond)
