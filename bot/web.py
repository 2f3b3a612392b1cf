"""The web processes: a server whose HTTP is not Python, our log lines, figures shared by all."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from ctypes import CDLL
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server import Server

from bot import shared_metrics
from bot.config import Settings

THREADS = 2
"""Requests that one process works on at once; more of them only wait for each other."""

_PR_SET_PDEATHSIG = 1
_LARGEST_MB = 512
_GRACE_S = 25
# The server's own lines go where ours go, and are masked like them.
_LOGGERS = {"_granian": {"propagate": True}}


def serve(settings: Settings) -> None:
    """Answer at the port until stopped, with as many processes as the settings say.

    A process that dies, or has grown too large, is replaced.
    """
    shared_metrics.tidy(shared_metrics.share(settings.home))
    server = Server(
        "wsgi:app",
        address="0.0.0.0" if settings.environment == "production" else "127.0.0.1",  # noqa: S104 -- behind a proxy
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.web_concurrency,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_max_rss=_LARGEST_MB,
        workers_kill_timeout=_GRACE_S,
        log_dictconfig={"handlers": {}, "loggers": _LOGGERS},
    )
    server.serve(target_loader=partial(_load, os.getpid()), wrap_loader=False)


def _load(parent: int) -> Callable[..., Any]:
    """The application, in a process of its own that ends with the one that started it.

    By SIGKILL: while it loads, anything else would still reach its parent's handlers.
    """
    if sys.platform == "linux":
        CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)
    import wsgi  # noqa: PLC0415 -- each process makes its own connections

    # Let the collector pass over what was loaded: a full walk takes a tenth of a second.
    gc.collect()
    gc.freeze()
    return wsgi.app
