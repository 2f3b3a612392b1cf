"""Real servers, so these take a second or two each: initdb, starts and stops."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from bot.embedded import Servers
from tests.patience import PATIENCE_S, until

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
from bot.embedded import Servers
Servers.start(Path(sys.argv[1]))
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose path has a space and is too long for a socket's address."""
    return tmp_path_factory.mktemp("servers") / "a home" / ("far-" * 25) / "var"


def write(servers):
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('Ada')")
    queue = Redis.from_url(servers.redis_url)
    queue.set("kept", "Musa")
    assert queue.waitaof(1, 0, PATIENCE_S * 1000)[0] == 1  # it is in its file


def read(servers):
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
    with Redis.from_url(servers.redis_url, decode_responses=True) as queue:
        return row[0], queue.get("kept")


def at_work(home):
    places = {home / "postgres", home / "valkey"}
    return [process.pid for process in psutil.process_iter() if cwd(process) in places]


def kill_all(home):
    for pid in at_work(home):
        with suppress(ProcessLookupError):  # the database's helpers leave with it
            os.kill(pid, signal.SIGKILL)


def cwd(process):
    try:
        return Path(process.cwd())
    except psutil.Error:
        return None


def test_what_was_written_is_there_after_a_stop_and_a_start(home):
    with Servers.running(home) as servers:
        write(servers)
        assert servers.is_owner
    assert at_work(home) == []
    with Servers.running(home) as servers:
        assert read(servers) == ("Ada", "Musa")


def test_a_second_start_finds_the_first_and_leaves_it_running(home):
    with Servers.running(home) as first:
        with Servers.running(home) as second:
            write(second)
            assert not second.is_owner
            assert second.database_url == first.database_url
        assert read(first) == ("Ada", "Musa")


def test_the_service_is_no_superuser(home):
    with Servers.running(home) as servers, psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SELECT current_setting('is_superuser')").fetchone()
        assert row == ("off",)


def test_servers_leave_with_a_killed_owner_and_keep_what_they_had(home):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert owner.stdout.readline() == b"up\n"
    with Servers.running(home) as found:
        assert not found.is_owner
        write(found)
    owner.kill()
    owner.communicate()
    until(lambda: not at_work(home))
    with Servers.running(home) as servers:
        assert read(servers) == ("Ada", "Musa")


def test_servers_killed_with_their_owner_are_started_afresh(home):
    with Servers.running(home) as servers:
        write(servers)
        kill_all(home)
    with Servers.running(home) as servers:
        assert read(servers) == ("Ada", "Musa")


def test_what_was_killed_is_started_again_with_what_it_had(home):
    with Servers.running(home) as servers:
        write(servers)
        assert servers.revive() == []
        kill_all(home)
        until(lambda: not at_work(home))
        assert servers.revive() == ["valkey", "postgres"]
        assert read(servers) == ("Ada", "Musa")


def test_a_database_killed_alone_leaves_its_helpers_none_of_its_data(home):
    with Servers.running(home) as servers:
        write(servers)
        parents = {pid: psutil.Process(pid).ppid() for pid in at_work(home)}
        postmaster = next(parent for parent in parents.values() if parent in parents)
        os.kill(postmaster, signal.SIGKILL)
        until(lambda: servers.revive() == ["postgres"])
        assert read(servers) == ("Ada", "Musa")
