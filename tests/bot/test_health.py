"""What the house says of itself."""

import psycopg

from bot.health import examine


def test_everything_is_looked_at_and_what_is_missing_is_named(stack):
    assert examine(stack.wiring) == {
        "database": True,
        "migrations": True,
        "queue": True,
        "scheduler": False,
        "worker-urgent": False,
        "worker-utility": False,
        "worker-bulk": False,
    }


def test_connections_cut_by_a_restart_are_no_reason_not_to_serve(stack, database_url):
    assert examine(stack.wiring)["database"]
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid, 1000) from pg_stat_activity where usename ="
            " current_user and datname = current_database() and pid <> pg_backend_pid()"
        )
    assert examine(stack.wiring)["database"]
