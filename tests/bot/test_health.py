"""What the house says of itself."""

from bot.health import examine
from tests.databases import cut_connections


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
    cut_connections(database_url)
    assert examine(stack.wiring)["database"]
