"""The worker of one lane: it runs jobs one after the other and outlives its queue's restarts.

PostgreSQL is the truth and a job may always run twice; what RQ loses, a sweep finds again.
"""

import gc
import os
import sys
from datetime import UTC, datetime, timedelta

import structlog
from redis import Redis, RedisError
from rq import Queue
from rq.utils import utcparse
from rq.worker_registration import get_keys

from bot.wiring import Wiring
from crm.models.message import Lane
from workers.calls import Counts, JobRefused, find, job, run
from workers.lane import LaneWorker
from workers.stopping import Stop, is_stopping, stopping_on_signals

__all__ = [
    "Counts",
    "JobRefused",
    "find",
    "is_stopping",
    "job",
    "run",
    "stopping_on_signals",
    "work",
    "workers_alive",
]

log = structlog.get_logger()

MAX_JOBS = 5_000
_RECONNECT_S = 1.5
_SILENT = timedelta(seconds=30)


def work(wiring: Wiring, lane: str, *, burst: bool = False, max_jobs: int = MAX_JOBS) -> None:
    """Work on a lane until told to stop; with `burst`, until it is empty.

    A Valkey that goes away, or hangs, is waited for: the demo's manager takes everything down
    when one process ends. After `max_jobs` the process starts afresh under its own pid, which
    gives back what leaked and is no death to a supervisor.
    """
    if not burst:
        # What is loaded now stays: the collector need not walk it again and again.
        gc.freeze()
    with stopping_on_signals() as stop:
        while not stop.asked:
            worker = _spell(wiring, lane, stop, burst=burst, max_jobs=max_jobs)
            if burst:
                return
            if worker and worker.jobs_done >= max_jobs and not stop.asked:
                _start_afresh(lane)
            stop.wait(_RECONNECT_S)


def workers_alive(redis: Redis) -> dict[str, bool]:
    """Tell for each lane whether a worker has shown itself lately, or is busy with a job."""
    return {lane.value: _has_worker(redis, lane) for lane in Lane}


def _spell(
    wiring: Wiring, lane: str, stop: Stop, *, burst: bool, max_jobs: int
) -> LaneWorker | None:
    """Work with one connection for as long as it holds."""
    try:
        worker = LaneWorker(wiring, lane, stop)
        worker.work(burst=burst, max_jobs=max_jobs, logging_level="WARNING")
    except RedisError as error:
        if burst:
            raise
        log.warning("worker.waiting", lane=lane, error=type(error).__name__)
        return None
    return worker


def _start_afresh(lane: str) -> None:
    log.info("worker.recycled", lane=lane)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 -- this program


def _has_worker(redis: Redis, lane: str) -> bool:
    # Not by RQ's Worker.all: it widens the socket time-out of the client that it is given.
    keys = get_keys(Queue(lane, connection=redis))
    return any(_is_alive(*redis.hmget(key, "state", "last_heartbeat")) for key in keys)


def _is_alive(state: bytes | str | None, heartbeat: bytes | str | None) -> bool:
    if not (isinstance(state, bytes) and isinstance(heartbeat, bytes)):
        return False
    # A busy worker is silent until its job ends; its entry expires when that takes too long.
    return state == b"busy" or datetime.now(UTC) - utcparse(heartbeat.decode()) < _SILENT
