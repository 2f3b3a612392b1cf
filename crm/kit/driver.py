"""Statements handed to the driver as they stand: those that run in every turn.

SQLAlchemy's way to run one costs as much again as the driver's: it puts the statement together,
describes the columns of its result anew and wraps each row. The transaction, the pool and what a
lost connection means stay SQLAlchemy's, and whoever listens to statements hears of these too.
"""

from collections.abc import Mapping
from typing import Any, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from crm.kit.prepared import PreparedConnection, Row
from crm.kit.unit_of_work import UnitOfWork


def fetch(session: Session, sql: str, values: Mapping[str, Any]) -> list[Row]:
    """Run one statement and return its rows. Raises what SQLAlchemy would."""
    if session.autoflush:  # what waits in the session goes first, as with its own statements
        session.flush()
    connection = _connection(session)
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, sql, values, None, False)  # noqa: FBT003 -- so they are called
    try:
        return cast("PreparedConnection", connection.connection.dbapi_connection).ask(sql, values)
    except psycopg.Error as error:
        # As `exec_driver_sql` does: a connection that was lost takes its pool with it.
        connection._handle_dbapi_exception(error, sql, values, None, None)  # noqa: SLF001 -- no public name
        raise


def run(session: Session, sql: str, values: Mapping[str, Any]) -> None:
    """Run one statement that returns nothing. Raises what SQLAlchemy would."""
    fetch(session, sql, values)


def _connection(session: Session) -> Connection:
    """The transaction's connection; asking a session for it costs as much as a short statement."""
    if isinstance(session, UnitOfWork) and not session.in_nested_transaction():
        return session.line()
    return session.connection()
