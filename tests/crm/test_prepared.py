"""Statements that a connection remembers: known to the server once, whatever happens between."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from crm.kit.prepared import PreparedConnection

_SUM = "select %(a)s::int + %(b)s::int"


@pytest.fixture
def connection(database_url):
    with PreparedConnection.connect(database_url) as connection:
        yield connection


def known(connection):
    """What the server knows by a name of ours."""
    rows = connection.execute("select name from pg_prepared_statements where name ~ '^kept_'")
    return sorted(name for (name,) in rows)


def test_values_come_back_as_they_went(connection):
    sent = {
        "id": UUID(int=7),
        "at": datetime(2026, 11, 26, 9, tzinfo=UTC),
        "text": "Adébáyọ̀ – 100 %",
        "sealed": b"\x00\xff",
        "none": None,
        "numbers": [1, 70_000],
        "yes": True,
    }
    sql = """select %(id)s::uuid, %(at)s::timestamptz, %(text)s::text, %(sealed)s::bytea,
        %(none)s::text, %(numbers)s::int[], %(yes)s::bool, %(text)s::text"""
    for _ in range(3):
        assert connection.ask(sql, sent) == [(*sent.values(), sent["text"])]


def test_rows_and_statements_without_any(connection):
    assert connection.ask("select n from generate_series(1, %(n)s::int) n", {"n": 2}) == [
        (1,),
        (2,),
    ]
    assert connection.ask("select where false", {}) == []
    assert connection.ask("set local application_name to 'here'", {}) == []


def test_a_statement_that_comes_again_is_prepared_once(connection):
    connection.ask(_SUM, {"a": 1, "b": 2})
    assert known(connection) == []
    for n in range(5):
        assert connection.ask(_SUM, {"a": n, "b": 2}) == [(n + 2,)]
    assert known(connection) == ["kept_1"]


def test_values_of_another_kind_are_another_statement(connection):
    for _ in range(3):
        assert connection.ask(_SUM, {"a": 1, "b": 2}) == [(3,)]
        assert connection.ask(_SUM, {"a": 70_000, "b": 2}) == [(70_002,)]
        assert connection.ask(_SUM, {"a": None, "b": 2}) == [(None,)]
    assert known(connection) == ["kept_1", "kept_2", "kept_3"]


def test_a_connection_to_a_pooler_of_transactions_prepares_nothing(connection):
    connection.prepare_threshold = None
    for _ in range(3):
        assert connection.ask(_SUM, {"a": 1, "b": 2}) == [(3,)]
    assert known(connection) == []


def test_the_least_used_is_let_go(connection):
    connection.prepared_max = 2
    for sql in ("select 1", "select 2", "select 1", "select 2", "select 1"):
        connection.ask(sql, {})
    assert known(connection) == ["kept_1", "kept_2"]
    connection.ask("select 3", {})
    connection.ask("select 3", {})
    assert known(connection) == ["kept_1", "kept_3"]
    assert connection.ask("select 2", {}) == [(2,)]


def test_it_is_still_known_after_a_rollback(connection):
    for _ in range(2):
        connection.ask(_SUM, {"a": 1, "b": 2})
    connection.rollback()
    connection.ask(_SUM, {"a": 1, "b": 2})
    assert known(connection) == ["kept_1"]


@pytest.mark.parametrize("undo", ["rollback", "rollback to savepoint here"])
def test_it_is_prepared_anew_when_the_driver_made_the_server_forget(connection, undo):
    connection.execute("savepoint here")
    for _ in range(3):
        connection.ask(_SUM, {"a": 1, "b": 2})
        connection.execute("select 4", prepare=True)
    connection.execute(undo)
    for _ in range(3):
        assert connection.ask(_SUM, {"a": 1, "b": 2}) == [(3,)]
    connection.rollback()
    for _ in range(3):
        assert connection.ask(_SUM, {"a": 1, "b": 2}) == [(3,)]


@pytest.mark.parametrize("change", ["deallocate all", "alter table things alter n type bigint"])
def test_what_the_server_forgot_or_changed_fails_once(connection, change):
    connection.execute("create table things (n int)")
    connection.commit()
    for _ in range(2):
        connection.ask("select n from things", {})
    connection.execute(change)
    connection.commit()
    with pytest.raises(psycopg.Error):
        connection.ask("select n from things", {})
    connection.rollback()
    for _ in range(3):
        assert connection.ask("select n from things", {}) == []


def test_errors_are_the_drivers(connection):
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.ask("select 1 / %(n)s::int", {"n": 0})
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        connection.ask("select 1", {})
    connection.rollback()
    with pytest.raises(KeyError):
        connection.ask(_SUM, {"a": 1})
    assert connection.ask("select 1", {}) == [(1,)]


def test_a_rule_that_waits_for_the_end_says_no_then(connection):
    connection.execute("create table things (n int unique deferrable initially deferred)")
    for _ in range(2):
        connection.ask("insert into things values (1)", {})
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.commit()
    assert connection.ask("select to_regclass('things')", {}) == [(None,)]


def test_a_lost_connection_says_so(connection, database_url):
    connection.ask("select 1", {})
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        connection.ask("select 1", {})
    assert connection.broken
    with pytest.raises(psycopg.OperationalError):
        connection.ask("select 1", {})
