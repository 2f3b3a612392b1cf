"""Starting, awaiting and ending the servers' processes."""

import importlib.util
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_READY_S = 30.0
_STOP_S = 10.0
_LAST_LINES = 15


class CannotServe(Exception):
    """A server did not start; the message says why and what to do."""


def wheel(name: str) -> Path:
    """Return the folder of an installed wheel; importing it would cost most of a second."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotServe(f"{name} is not installed: run make setup, or give the service URLs.")
    return Path(spec.origin).parent


def spawn(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a server at work in its folder, writing to the log beside it."""
    with log_of(folder).open("ab") as log:
        # Its own session: Ctrl-C is for the owner, who stops the servers last.
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def bound_to_us(*privileges: str, by: str = "INT") -> list[str]:
    """Return the words before a command that let the kernel end it when this thread dies.

    Empty where setpriv (util-linux) is not there.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    return [setpriv, f"--pdeathsig={by}", *privileges, "--"]


def await_ready(process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    """Wait until the server answers. Raises CannotServe with the end of its log."""
    deadline = time.monotonic() + _READY_S
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
            raise CannotServe("\n".join([f"{log.stem} did not start:", *lines]))
        time.sleep(0.02)


def log_of(folder: Path) -> Path:
    """Return the log of the server that works in this folder."""
    return folder.with_suffix(".log")


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a server that was asked to stop, or kill it."""
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_orphans(folders: set[Path]) -> None:
    """End the servers that a killed owner may have left at work in these folders."""
    orphans = [process for process in psutil.process_iter() if _works_in(process, folders)]
    for orphan in orphans:
        with suppress(psutil.NoSuchProcess):
            orphan.send_signal(signal.SIGINT)
    _, stuck = psutil.wait_procs(orphans, timeout=_STOP_S)
    for orphan in stuck:
        orphan.kill()
    psutil.wait_procs(stuck, timeout=_STOP_S)


def _works_in(process: psutil.Process, folders: set[Path]) -> bool:
    with suppress(psutil.Error):
        is_server = process.name() in {"postgres", "valkey-server"}
        return is_server and Path(process.cwd()) in folders
    return False
