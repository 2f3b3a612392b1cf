"""The demo's processes: started together, started again when one is killed, and ended together."""

import multiprocessing
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from ctypes import CDLL
from pathlib import Path
from typing import Any

from honcho.manager import Manager
from honcho.process import Process

from bot.embedded.processes import bound_to_us

_LIVED_S = 2.0
_PR_SET_PDEATHSIG = 1
_STOPPED_BY_HAND = {130, 143}


def run(
    commands: Mapping[str, str],
    *,
    environment: Mapping[str, str],
    home: Path,
    on_start: Callable[[], None],
    revive: Callable[[], list[str]] = list,
) -> int:
    """Run these commands by name, in this folder, until Ctrl-C or until one ends by itself.

    Their lines come out under their names. `on_start` runs beside them once; `revive` starts again
    what they stand on, again and again, and names it. Returns the exit code: 0 when it was stopped
    by hand.
    """
    # Our processes are children of this one, on every Python.
    multiprocessing.set_start_method("fork", force=True)
    manager = _Manager(on_start, revive)
    for name, command in commands.items():
        manager.add_process(name, bound(command), env=dict(environment), cwd=str(home))
    try:
        manager.loop()
    finally:
        for helper in multiprocessing.active_children():
            helper.kill()
    return 0 if manager.returncode in _STOPPED_BY_HAND else 1


def bound(command: str) -> str:
    """Return the command with no shell left around it, ended by the kernel when we are."""
    return " ".join(["exec", *map(shlex.quote, bound_to_us(by="TERM")), command])


class _Process(Process):  # type: ignore[misc]
    """Honcho's helper beside each process, which leaves when we are killed."""

    def run(self, events: object = None, ignore_signals: bool = False) -> None:  # noqa: FBT001, FBT002 -- honcho's
        if sys.platform == "linux":
            CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        super().run(events, ignore_signals)


class _Manager(Manager):  # type: ignore[misc]
    """Honcho's manager, which tells when it has started everything.

    A process that is killed is started again, as a supervisor would. One that ends by itself, or
    is killed as soon as it has started, ends the demo.
    """

    def __init__(self, on_start: Callable[[], None], revive: Callable[[], list[str]]) -> None:
        super().__init__()
        self._revive = revive
        self._process_ctor = _Process
        # A daemon, for the loop may end while it still waits for an answer.
        self._announcing = threading.Thread(target=on_start, daemon=True)
        self._is_leaving = False
        self._began: dict[str, float] = {}

    def terminate(self) -> None:
        """Stop everything, once honcho has heard from everything: it stumbles over the rest."""
        self._is_leaving = True
        self._all_started()

    def _all_started(self) -> bool:
        have_started = bool(super()._all_started())
        if have_started and self._is_leaving:
            super().terminate()
        return have_started

    def _all_stopped(self) -> bool:
        """Whether nothing is left: what honcho asks first when all have started, and never forgets.

        So what was killed is started again before it counts as stopped.
        """
        if not self._is_leaving:
            self._start_again_what_was_killed()
        return bool(super()._all_stopped())

    def _start_again_what_was_killed(self) -> None:
        for name in self._revive():
            self._tell_of(name)
        for name, process in self._processes.items():
            if process.get("returncode") == -signal.SIGKILL and self._may_start_again(name):
                self._start_again(name, process)

    def _may_start_again(self, name: str) -> bool:
        # A fork while a thread holds a lock would keep it locked for ever.
        is_alone = not self._announcing.is_alive()
        return is_alone and time.monotonic() - self._began[name] > _LIVED_S

    def _start_again(self, name: str, process: dict[str, Any]) -> None:
        self._tell_of(name)
        del process["returncode"]
        self.returncode = process["pid"] = None
        process["process"] = multiprocessing.Process(
            name=name, target=process["obj"].run, args=(self.events, True)
        )
        process["process"].start()
        self._began[name] = time.monotonic()

    def _tell_of(self, name: str) -> None:
        self._system_print(f"{name} was killed and is started again\n")

    def _start(self) -> None:
        super()._start()
        self._began = dict.fromkeys(self._processes, time.monotonic())
        # After the forks: a thread would not survive them, its locks would.
        self._announcing.start()
