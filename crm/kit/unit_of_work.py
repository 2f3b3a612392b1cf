"""One transaction on one line to the database, with objects when they are asked for."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.orm import Session

from crm.kit.prepared import PreparedConnection

LONGEST_S = 1800
"""How long a connection may live: what stands between us and the server forgets older ones."""


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, _record: object, given: Any, more: Any) -> Any:
    """Every engine to PostgreSQL connects so, from the moment that there are units of work."""
    if dialect.driver == "psycopg":
        return PreparedConnection.connect(*given, **more)
    return None


class UnitOfWork(Session):
    """A session that begins late: on the line that its statements have used before.

    What runs in every turn goes to the driver as it stands (`crm.kit.driver`), and needs no
    objects. Session and line share one transaction, which `commit` ends for both.
    """

    _line: Connection | None = None
    _since = 0.0

    def __init__(self, bind: Engine, **given: Any) -> None:
        """Over this engine."""
        super().__init__(bind, join_transaction_mode="control_fully", **given)

    def line(self) -> Connection:
        """The connection, in its transaction."""
        line = self._line
        if line is None:
            assert isinstance(self.bind, Engine)  # noqa: S101 -- see the constructor
            line = self._line = self.bind.connect()
            self._since = monotonic()
        if not line.in_transaction():
            line.begin()
        return line

    def get_bind(self, *_mapper: Any, **_given: Any) -> Connection:
        """Where the session's own statements run: on the line."""
        return self.line()

    def commit(self) -> None:
        """Make all of it last."""
        if self.in_transaction():
            super().commit()
        if self._line is not None and self._line.in_transaction():
            self._line.commit()

    def rollback(self) -> None:
        """Undo all of it."""
        if self.in_transaction():
            super().rollback()
        if self._line is not None and self._line.in_transaction():
            self._line.rollback()

    def close(self) -> None:
        """Give the line back; what was not committed is undone."""
        self.rest()
        if self._line is not None:
            self._line.close()
            self._line = None

    def rest(self) -> None:
        """Forget the objects and keep the line."""
        if self.in_transaction() or self.identity_map:
            super().close()

    def wake(self, longest_s: float) -> None:
        """Begin again, on another line if this one has grown older than this."""
        if monotonic() - self._since > longest_s:
            self.close()


class Units:
    """Units of work at rest, each on its line: taking one is cheaper than making one."""

    def __init__(
        self, make: Callable[[], UnitOfWork], *, most: int, longest_s: float = LONGEST_S
    ) -> None:
        """None at first, and never more than `most`."""
        self._make = make
        self._most = most
        self._longest_s = longest_s
        self._at_rest: deque[UnitOfWork] = deque()

    def take(self) -> UnitOfWork:
        """The one that came to rest last, or a new one. Of any thread."""
        try:
            unit = self._at_rest.pop()
        except IndexError:
            return self._make()
        unit.wake(self._longest_s)
        return unit

    def give_back(self, unit: UnitOfWork) -> None:
        """Keep it, unless there are enough."""
        if len(self._at_rest) >= self._most:
            unit.close()
            return
        unit.rest()
        self._at_rest.append(unit)

    def close(self) -> None:
        """Give their lines back to the pool."""
        with suppress(IndexError):  # another thread may take the last one
            while True:
                self._at_rest.pop().close()
