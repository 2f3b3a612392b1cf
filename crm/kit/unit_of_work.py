"""One transaction on one line to the database, with objects when they are asked for."""

from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session


class UnitOfWork(Session):
    """A session that begins late: on the line that its statements have used before.

    What runs in every turn goes to the driver as it stands (`crm.kit.driver`), and needs no
    objects. Session and line share one transaction, which `commit` ends for both.
    """

    _line: Connection | None = None

    def __init__(self, bind: Engine, **given: Any) -> None:
        """Over this engine."""
        super().__init__(bind, join_transaction_mode="control_fully", **given)

    def line(self) -> Connection:
        """The connection, in its transaction."""
        line = self._line
        if line is None:
            assert isinstance(self.bind, Engine)  # noqa: S101 -- see the constructor
            line = self._line = self.bind.connect()
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
        if self.in_transaction() or self.identity_map:
            super().close()
        if self._line is not None:
            self._line.close()
            self._line = None
