"""Statements handed to the driver as they stand: those that run in every turn.

SQLAlchemy's way to run one costs as much again as the driver's: it puts the statement together,
describes the columns of its result anew and wraps each row. The transaction, the pool and what a
lost connection means stay SQLAlchemy's, and whoever listens to statements hears of these too.
"""

from collections.abc import Mapping
from typing import Any, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.orm import Session, SessionTransaction

Row = tuple[Any, ...]


def fetch(session: Session, sql: str, values: Mapping[str, Any]) -> list[Row]:
    """Run one statement and return its rows. Raises what SQLAlchemy would."""
    return _cursor(session, sql, values).fetchall()


def run(session: Session, sql: str, values: Mapping[str, Any]) -> None:
    """Run one statement that returns nothing. Raises what SQLAlchemy would."""
    _cursor(session, sql, values)


def _cursor(session: Session, sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
    if session.autoflush:  # what waits in the session goes first, as with its own statements
        session.flush()
    connection = _connection(session)
    cursor = connection.connection.cursor()
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, sql, values, None, False)  # noqa: FBT003 -- so they are called
    try:
        cursor.execute(sql, values)
    except psycopg.Error as error:
        # As `exec_driver_sql` does: a connection that was lost takes its pool with it.
        connection._handle_dbapi_exception(error, sql, values, cursor, None)  # noqa: SLF001 -- no public name
        raise
    return cast("psycopg.Cursor[Row]", cursor)


def _connection(session: Session) -> Connection:
    """The transaction's connection, asked for once: a session looks it up anew each time."""
    if session.in_nested_transaction():
        return session.connection()
    known: tuple[SessionTransaction, Connection] | None = session.info.get("line")
    if known is None or known[0] is not session.get_transaction():
        connection = session.connection()
        begun = session.get_transaction()
        assert begun is not None  # noqa: S101 -- asking for a connection began one
        session.info["line"] = known = (begun, connection)
    return known[1]
