"""Jobs by name: which functions a queue may call, and the one way they are called."""

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import structlog

from bot import metrics
from bot.wiring import Wiring

log = structlog.get_logger()

Counts = dict[str, int]
F = TypeVar("F", bound=Callable[..., Any])

_jobs: dict[str, Callable[..., Counts | None]] = {}


class JobRefused(Exception):
    """A queue named something that is no job of ours."""


def job(function: F) -> F:
    """Let a function run by its dotted name; it takes the wiring first, then JSON arguments."""
    _jobs[f"{function.__module__}.{function.__qualname__}"] = function
    return function


def is_known(name: str) -> bool:
    """True for a job whose module has been loaded."""
    return name in _jobs


def find(name: str) -> Callable[..., Counts | None]:
    """Return the job of this dotted name. Raises JobRefused.

    Only what `job` marked is found. Attributes are never walked: they lead from any module to
    `os.system`, and whoever can write to the queue could go there.
    """
    if not name.startswith("workers."):
        raise JobRefused(f"{name} is not under workers.")
    if not is_known(name):
        _load(name.rpartition(".")[0])
    if not is_known(name):
        raise JobRefused(f"{name} is not a job")
    return _jobs[name]


def run(wiring: Wiring, name: str, *args: object, **options: object) -> Counts | None:
    """Run a job by its name, say how long it took, count it. Raises JobRefused."""
    function = find(name)
    log.debug("job.start", job=name, args=args)
    started = time.perf_counter()
    counts = function(wiring, *args, **options)
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    # Beats that found nothing to do would be most of the log.
    say = log.info if counts and any(counts.values()) else log.debug
    say("job.done", job=name, args=args, took_ms=took_ms, counts=counts)
    metrics.jobs_total.labels(name, "done").inc()
    return counts


def _load(module: str) -> None:
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        raise JobRefused(f"there is no {module}") from error
