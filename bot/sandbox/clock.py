"""The sandbox's own time: real time plus what somebody moved it by."""

from collections.abc import Callable
from datetime import datetime

from bot.sandbox.store import Store


class Clock:
    """Seconds since the epoch, with an offset that outlives a restart."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Take up the offset where it was left."""
        self._store, self._real = store, now
        self.offset_s = float(store.fact("clock_offset_s", "0"))

    def now(self) -> float:
        """The present moment of this little world."""
        return self._real().timestamp() + self.offset_s

    def move(self, hours: float) -> None:
        """Let time pass at once."""
        self.offset_s += hours * 3600
        self._store.remember("clock_offset_s", str(self.offset_s))
