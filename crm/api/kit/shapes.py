"""The shapes of bodies, queries and answers."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crm.kit.paging import Found, PageRequest

T = TypeVar("T")
Row = TypeVar("Row")

_MOST_DEPTH = 12


class Given(BaseModel):
    """What a caller sends: unknown fields and control characters are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=10_000)

    @model_validator(mode="before")
    @classmethod
    def _has_no_control_characters(cls, given: Any) -> Any:
        if any(not _is_plain(text) for text in _texts(given)):
            raise ValueError("contains control characters")
        return given


def _is_plain(text: str) -> bool:
    # Half a surrogate pair is no character, and PostgreSQL takes neither it nor NUL.
    return not any((c < " " and c not in "\n\r\t") or "\ud800" <= c <= "\udfff" for c in text)


def _texts(given: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif depth > _MOST_DEPTH:
        raise ValueError("is nested too deep")
    elif isinstance(given, dict):
        for key, value in given.items():
            yield from _texts(key, depth + 1)
            yield from _texts(value, depth + 1)
    elif isinstance(given, list | tuple):
        for value in given:
            yield from _texts(value, depth + 1)


class Body(Given):
    """A JSON body."""


class Query(Given):
    """What stands behind the question mark of a list; `limit` and `cursor` page through it."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=400)

    def page(self) -> PageRequest:
        """Which page is asked for."""
        return PageRequest(self.limit, self.cursor)


class Out(BaseModel):
    """An answer, read from rows or made in a view."""

    model_config = ConfigDict(from_attributes=True)


class Empty(Out):
    """Nothing more to say."""


class Meta(Out):
    """What stands beside the data."""

    model_config = ConfigDict(extra="allow")

    next_cursor: str | None = None


class Data(Out, Generic[T]):
    """One thing."""

    data: T
    meta: dict[str, Any] = Field(default_factory=dict)


class Page(Out, Generic[T]):
    """Some of many things."""

    data: list[T]
    meta: Meta = Field(default_factory=Meta)

    @classmethod
    def of(cls, found: Found[Row], shape: Callable[[Row], T], **meta: Any) -> Self:
        """The page of what was found, each row in its shape."""
        shown = [shape(row) for row in found.items]
        beside = Meta(next_cursor=found.next_cursor, **meta)
        return cls.model_construct(data=shown, meta=beside)
