"""Ids that carry their time: UUID version 7 (RFC 9562 §5.7), monotonic within a process."""

import os
import threading
import time
from datetime import datetime
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_counter = 0
_MOST = 0xFFF  # the counter has twelve bits
_LATEST_MS = (1 << 48) - 1


def uuid7() -> UUID:
    """A new id, greater than every id this process made before."""
    global _last_ms, _counter  # noqa: PLW0603 -- the process-wide counter is the point
    random = int.from_bytes(os.urandom(8), "big")
    with _lock:
        ms = time.time_ns() // 1_000_000
        if ms > _last_ms:
            _last_ms, _counter = ms, random >> 54
        else:
            _counter += 1
            if _counter > _MOST:
                _last_ms, _counter = _last_ms + 1, 0
        ms, counter = _last_ms, _counter
    return _assemble(ms, counter, random & 0x3FFF_FFFF_FFFF_FFFF)


def uuid7_floor(at: datetime) -> UUID:
    """The smallest id that could have been made at this moment: a bound for ranges."""
    return _assemble(min(max(int(at.timestamp() * 1000), 0), _LATEST_MS), 0, 0)


def _assemble(ms: int, counter: int, random: int) -> UUID:
    return UUID(int=(ms << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | random)
