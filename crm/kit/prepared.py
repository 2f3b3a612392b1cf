"""Connections that remember how the statements of every turn are sent and read.

A cursor of the driver finds it out anew each time: where the values go, how each is written, under
which name the server knows the statement. For short statements that is half of what they cost. It
is kept here, over psycopg's own converters and its door to libpq
(https://www.psycopg.org/psycopg3/docs/api/pq.html).
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from math import inf
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

Row = tuple[Any, ...]
_Key = tuple[str, tuple[int, ...]]

_VALUE = re.compile(r"%\((\w+)\)s")
_GONE = {"26000", "0A000"}
"""The server does not know the statement any more, or its table was changed."""


class PreparedConnection(psycopg.Connection[Row]):
    """One that keeps what it learnt of each statement."""

    def __init__(self, *given: Any, **more: Any) -> None:
        """Knows nothing yet."""
        super().__init__(*given, **more)
        self._statements: dict[str, _Statement] = {}
        self._names: OrderedDict[_Key, bytes] = OrderedDict()
        self._named = 0

    def ask(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        """Run one statement, its values as `%(name)s`, in a transaction. Raises psycopg.Error."""
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            self._checked(self.pgconn.exec_(b"BEGIN"))
        statement = self._statements.get(sql)
        if statement is None:
            statement = self._statements[sql] = _Statement(sql, self)
        converter = statement.converter
        given = [values[name] for name in statement.names]
        sent = converter.dump_sequence(given, statement.formats)
        types, formats = converter.types or (), converter.formats
        name = self._name(statement, (sql, types))
        if name:
            result = self.pgconn.exec_prepared(name, sent, formats, Format.BINARY)  # type: ignore[arg-type]  # None is null
        else:
            result = self.pgconn.exec_params(statement.sql, sent, types, formats, Format.BINARY)
        converter.set_pgresult(self._checked(result))
        return converter.load_rows(0, result.ntuples, tuple)

    def commit(self) -> None:
        """Make it last. Raises psycopg.Error, where a rule waited until now to say no."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            self._checked(self.pgconn.exec_(b"COMMIT"))

    def _name(self, statement: "_Statement", key: _Key) -> bytes:
        """What the server knows it by, or nothing: it is prepared when it comes again."""
        names = self._names
        name = names.get(key)
        if name is None:
            names[key] = b""
            if len(names) > (self.prepared_max or inf):
                _, oldest = names.popitem(last=False)
                if oldest:
                    self._checked(self.pgconn.exec_(b"DEALLOCATE " + oldest))
            return b""
        names.move_to_end(key)
        if not name and self.prepare_threshold is not None:
            self._named += 1
            name = b"kept_%d" % self._named
            self._checked(self.pgconn.prepare(name, statement.sql, key[1]))
            names[key] = name
        return name

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            return result
        error = error_from_result(result)
        if error.sqlstate in _GONE:
            self._names.clear()
        if error.sqlstate is None and self.pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(self.pgconn.get_error_message())
        raise error

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        """Forget ours too when psycopg, after a rollback, has the server forget all."""
        if name is None:
            self._names.clear()
        return super()._deallocate(name)


class _Statement:
    """One statement as libpq takes it, and what writes its values and reads its columns."""

    def __init__(self, sql: str, connection: PreparedConnection) -> None:
        self.names: list[str] = []
        self.sql = _VALUE.sub(self._numbered, sql).encode()
        self.formats = [PyFormat.AUTO] * len(self.names)
        self.converter = Transformer(connection)

    def _numbered(self, found: re.Match[str]) -> str:
        name = found[1]
        if name not in self.names:
            self.names.append(name)
        return f"${self.names.index(name) + 1}"
