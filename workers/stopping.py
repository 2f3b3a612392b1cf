"""How a process of time's door is asked to end: a flag that signals raise."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STEP_S = 0.2


class Stop:
    """The flag. Not a threading.Event: setting one inside a signal handler can lock up."""

    def __init__(self) -> None:
        """Down at first."""
        self.asked = False

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the flag is up."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _STEP_S))


_stop = Stop()


def is_stopping() -> bool:
    """True once this process was asked to end; a long job looks here between its steps."""
    return _stop.asked


@contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """SIGTERM and SIGINT raise the flag and do nothing more: what is in flight is finished."""
    _stop.asked = False
    before = {
        number: signal.signal(number, _raise_flag) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield _stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_flag(_number: int, _frame: object) -> None:
    _stop.asked = True
