"""Waiting for what comes by itself, longer than it takes on any machine: no test measures time."""

import time
from collections.abc import Callable

PATIENCE_S = 120


def until(find: Callable[[], object]) -> None:
    """Wait for something to become true. Raises AssertionError when patience is over."""
    deadline = time.monotonic() + PATIENCE_S
    while not find():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s"
        time.sleep(0.02)
