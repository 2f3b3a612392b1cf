"""The least that keeping a turn can cost: five small statements and a commit, by the driver alone.

Measured beside the turns, it tells how fast the machine is at that moment; the ratio stays.
"""

import time

import psycopg

from tests.bench.processes import Groups

_TABLE = "create temp table bare (id int primary key, words text, at timestamptz)"
_FILL = "insert into bare select n, 'words', now() from generate_series(0, 999) as n"
_READ = "select id, words, at from bare where id = %(id)s"
_WRITE = "update bare set words = %(words)s, at = now() where id = %(id)s"
_TIMES = 300


def transaction_ms(database_url: str, groups: Groups) -> float:
    """CPU milliseconds of one such transaction, ours and PostgreSQL's."""
    with psycopg.connect(database_url) as connection:
        connection.execute(_TABLE)
        connection.execute(_FILL)
        connection.commit()
        _transactions(connection, 20)
        before = time.process_time() + groups.spent_s()["postgresql"]
        _transactions(connection, _TIMES)
        spent_s = time.process_time() + groups.spent_s()["postgresql"] - before
    return round(1000 * spent_s / _TIMES, 2)


def _transactions(connection: psycopg.Connection, times: int) -> None:
    for n in range(times):
        for _ in range(3):
            connection.execute(_READ, {"id": n}).fetchone()
        for words in ("one", "two"):
            connection.execute(_WRITE, {"id": n, "words": words})
        connection.commit()
