"""Transactions of the house: what lasts, what is undone, and what they leave for the next."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.exc import OperationalError

from bot.build import LINES_KEPT, build_wiring
from crm.kit import driver
from crm.kit.errors import Gone
from tests.databases import cut_connections
from tests.patience import PATIENCE_S
from tests.stack import settings_for

ROOT = Path(__file__).parents[2]
_NAME = "select name from hospitals where code = 'IKJ'"
_RENAME = "update hospitals set name = %(name)s where code = 'IKJ'"
_PID = "select pg_backend_pid()"


@pytest.fixture
def wiring(database_url, redis_url, tmp_path):
    nowhere = "http://127.0.0.1:1"
    wiring = build_wiring(settings_for(database_url, redis_url, tmp_path, nowhere, nowhere))
    yield wiring
    wiring.disconnect()
    wiring.redis.close()


def ask(wiring, sql, **values):
    with wiring.transaction() as session:
        return driver.fetch(session, sql, values)[0][0]


_LATE = """
from bot.build import build_wiring
from bot.config import Settings
wiring = build_wiring(Settings.from_env())
with wiring.engine.connect():
    pass
from crm.kit import driver
with wiring.transaction() as session:
    assert driver.fetch(session, "select 1", {}) == [(1,)]
wiring.disconnect()
"""


def test_a_process_that_connects_before_it_has_loaded_everything_can_ask_later(wiring):
    told = {"PATH": os.environ["PATH"], **wiring.settings.environ()}
    subprocess.run([sys.executable, "-c", _LATE], env=told, cwd=ROOT, check=True)


def test_one_after_the_other_on_one_connection(wiring):
    assert ask(wiring, _PID) == ask(wiring, _PID)


def test_one_inside_another_is_another(wiring):
    with wiring.transaction() as outer:
        driver.run(outer, _RENAME, {"name": "Renamed"})
        assert ask(wiring, _NAME) != "Renamed"
    assert ask(wiring, _NAME) == "Renamed"
    assert wiring.engine.pool.checkedout() == LINES_KEPT


def test_as_many_at_once_as_there_are_threads(wiring):
    at_once, together = 8, Barrier(8)

    def one(_):
        with wiring.transaction() as session:
            found = driver.fetch(session, _PID, {})[0][0]
            together.wait(PATIENCE_S)
            return found

    with ThreadPoolExecutor(at_once) as threads:
        for _ in range(3):
            assert len(set(threads.map(one, range(at_once)))) == at_once
    assert wiring.engine.pool.checkedout() == LINES_KEPT


class Counted(Gone):
    keeps = True


@pytest.mark.parametrize(("refused", "name"), [(Gone("no"), "Before"), (Counted("no"), "After")])
def test_what_is_refused_is_undone_unless_it_keeps(wiring, refused, name):
    ask(wiring, _RENAME + " returning 1", name="Before")
    with pytest.raises(Gone):
        rename_and_refuse(wiring, refused)
    assert ask(wiring, _NAME) == name
    assert wiring.engine.pool.checkedout() == 1


def rename_and_refuse(wiring, refused):
    with wiring.transaction() as session:
        driver.run(session, _RENAME, {"name": "After"})
        raise refused


def test_connections_that_are_lost_while_they_rest_fail_once(wiring, database_url):
    with wiring.transaction() as session:
        driver.run(session, _PID, {})
        inner = ask(wiring, _PID)
    assert wiring.engine.pool.checkedout() == LINES_KEPT
    cut_connections(database_url)
    with pytest.raises(OperationalError):
        ask(wiring, _PID)
    assert ask(wiring, _PID) != inner
