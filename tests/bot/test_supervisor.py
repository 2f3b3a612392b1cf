"""The demo's processes: what is killed comes back, what ends by itself ends them all."""

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]

HERE = """
import os
import sys
from pathlib import Path
from bot import supervisor
commands, here = dict(zip(("one", "two"), sys.argv[1:])), Path.cwd()
told = dict(os.environ)
sys.exit(supervisor.run(commands, environment=told, home=here, on_start=lambda: None))
"""
SAY_AND_SLEEP = "'import os, time; print(os.getpid(), flush=True); time.sleep(600)'"
LIVES = f"{shlex.quote(sys.executable)} -c {SAY_AND_SLEEP}"


@contextmanager
def running(*commands):
    """The supervisor of these commands, and what it prints, line by line."""
    supervisor = [sys.executable, "-c", HERE, *commands]
    with subprocess.Popen(supervisor, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, iter(process.stdout.readline, "")
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def number_of(name, lines):
    """The number that a process says is its own."""
    said = next(line for line in lines if name in line and line.split()[-1].isdecimal())
    return int(said.split()[-1])


def test_the_only_process_is_started_again_when_it_was_killed_and_goes_on():
    with running(LIVES) as (process, lines):
        first = number_of("one", lines)
        time.sleep(2.5)
        os.kill(first, signal.SIGKILL)
        assert number_of("one", lines) != first
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)


def test_one_that_is_killed_as_soon_as_it_lives_ends_them_all():
    with running(LIVES, LIVES) as (process, lines):
        os.kill(number_of("one", lines), signal.SIGKILL)
        assert process.wait(PATIENCE_S) == 1


def test_one_that_ends_by_itself_ends_them_all():
    with running(LIVES, "sleep 1") as (process, _):
        assert process.wait(PATIENCE_S) == 1


def test_all_end_when_it_is_stopped_also_those_that_came_back():
    with running(LIVES) as (process, lines):
        first = number_of("one", lines)
        time.sleep(2.5)
        os.kill(first, signal.SIGKILL)
        second = number_of("one", lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(second, 0)
