"""A small pool that does things later: receipts on their way and webhooks tried again."""

import heapq
import itertools
import logging
import time
from collections.abc import Callable
from threading import Condition, Lock, Thread

logger = logging.getLogger(__name__)
Task = Callable[[], None]


class Later:
    """Daemon threads around one heap of due tasks."""

    def __init__(self, *, workers: int = 16) -> None:
        """Start the threads."""
        self._heap: list[tuple[float, int, Task]] = []
        self._order = itertools.count()
        lock = Lock()
        self._due, self._idle = Condition(lock), Condition(lock)
        self._open, self._closed = 0, False
        for number in range(workers):
            Thread(target=self._work, name=f"sandbox-{number}", daemon=True).start()

    def do(self, task: Task, *, after_s: float = 0.0) -> None:
        """Have a task done once its time has come."""
        with self._due:
            self._open += 1
            heapq.heappush(self._heap, (time.monotonic() + after_s, next(self._order), task))
            self._due.notify()

    def settle(self, *, timeout_s: float = 30.0) -> bool:
        """Wait until nothing is under way; False when time ran out first."""
        with self._due:
            return self._idle.wait_for(lambda: self._open == 0, timeout_s)

    def close(self) -> None:
        """Let the threads end; what is not due yet is dropped."""
        with self._due:
            self._closed = True
            self._due.notify_all()

    def _work(self) -> None:
        while task := self._next():
            try:
                task()
            except Exception:  # one receipt's trouble is not the next one's
                logger.exception("a sandbox task failed")
            with self._due:
                self._open -= 1
                if self._open == 0:
                    self._idle.notify_all()

    def _next(self) -> Task | None:
        with self._due:
            while not self._closed and not self._is_due():
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                self._due.wait(wait)
            return None if self._closed else heapq.heappop(self._heap)[2]

    def _is_due(self) -> bool:
        return bool(self._heap) and self._heap[0][0] <= time.monotonic()
