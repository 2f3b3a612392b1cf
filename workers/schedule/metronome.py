"""The metronome: rq-scheduler's, with one leader, Lagos time and one job for each slot.

Stock, it follows the process's TZ, moves a due run into the future when it is registered again,
queues one job id many times over, and ends with the first unreadable entry or lost connection.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from redis import Redis, RedisError, ResponseError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq_scheduler import Scheduler

from bot.wiring import Jobs, Wiring
from workers.lane import LaneJob
from workers.schedule.entries import JOB_TIMEOUT_S, Entry
from workers.schedule.runs import RUN_SLOT
from workers.schedule.table import SCHEDULE
from workers.stopping import Stop, stopping_on_signals

log = structlog.get_logger()

LEASE = "scheduler:leader"
_LEASE_MS = 15_000
_PATIENCE_S = 5
_LONGEST_PAUSE_S = 10
_SHORTLY_S = 60
_DAY_S = 86_400

_TAKE_OR_KEEP = """
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_GIVE_UP = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


def serve(wiring: Wiring) -> None:
    """Beat until told to stop."""
    with stopping_on_signals() as stop:
        Metronome(wiring).run(stop)


def scheduler_alive(redis: Redis) -> bool:
    """True while a metronome holds the lease."""
    return bool(redis.exists(LEASE))


def _client(url: str) -> Redis:
    # Nobody waits for it, so it waits: beside a busy disk Valkey may stand still for seconds at a
    # time, and who gives up after half of one would never come to the end of the table.
    return Redis.from_url(
        url, retry=Retry(NoBackoff(), 1), socket_connect_timeout=2, socket_timeout=_PATIENCE_S
    )


class Metronome(Scheduler):  # type: ignore[misc]  # rq-scheduler ships without types
    """Keeps each entry's next due slot in rq-scheduler's sorted set and fires what is due."""

    job_class = LaneJob

    def __init__(
        self, wiring: Wiring, entries: Sequence[Entry] = SCHEDULE, *, lease_ms: int = _LEASE_MS
    ) -> None:
        """Any number may run; the one with the lease beats."""
        super().__init__(connection=_client(wiring.settings.redis_url))
        self.wiring = wiring
        self.jobs = Jobs(self.connection)
        self.entries = entries
        self.lease_ms = lease_ms
        self.token = uuid4().hex

    def run(self, stop: Stop) -> None:
        """Beat at each whole second; wait out a Valkey that is away, for 10 s at most."""
        pause_s = 1.0
        while not stop.asked:
            try:
                self.enqueue_jobs()
            except RedisError as error:
                log.warning("scheduler.waiting", error=type(error).__name__, pause_s=pause_s)
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            else:
                pause_s = 1.0
                stop.wait(1 - self.wiring.now().microsecond / 1_000_000)
        with suppress(RedisError):
            self.remove_lock()
        self.connection.close()

    def enqueue_jobs(self) -> bool:
        """Fire what is due, when this one leads; False when another does."""
        if not self.acquire_lock():
            return False
        dues = dict(self.connection.zrange(self.scheduled_jobs_key, 0, -1, withscores=True))
        for entry in self.entries:
            due = dues.pop(entry.id.encode(), None)
            try:
                self._beat(entry, due)
            except ResponseError:  # a key of the wrong kind stops one entry, not all
                log.exception("scheduler.entry_failed", entry=entry.name)
        for stranger in dues:
            self.cancel(stranger)
        return True

    def acquire_lock(self) -> bool:
        """Take the lease, or keep it."""
        return bool(self.connection.eval(_TAKE_OR_KEEP, 1, LEASE, self.token, str(self.lease_ms)))

    def remove_lock(self) -> None:
        """Give the lease up, if it is still ours."""
        self.connection.eval(_GIVE_UP, 1, LEASE, self.token)

    def _beat(self, entry: Entry, due: float | None) -> None:
        now = self.wiring.now()
        slot = datetime.fromtimestamp(due, UTC) if due is not None else None
        # Registered at every beat, which heals a flushed Valkey, a changed table and a clock that
        # was set back; a slot that is due stays due.
        if slot is None or slot > entry.after(now) or not entry.has_slot(slot):
            self._register(entry, entry.after(now))
        elif slot <= now:
            self._fire(entry, slot)
            self._move_on(entry, entry.after(now))

    def _register(self, entry: Entry, slot: datetime) -> None:
        """Put the entry into rq-scheduler's store, where its own tools show it too."""
        self.connection.delete(Job.key_for(entry.id))
        self.schedule(
            slot, entry.job, entry.args, id=entry.id, queue_name=entry.lane, description=entry.why
        )
        log.info("scheduler.registered", entry=entry.name, slot=slot.isoformat())

    def _fire(self, entry: Entry, slot: datetime) -> None:
        """Queue one job for the slot. Slots missed while down have become this one."""
        queue = self.jobs.queue(entry.lane)
        if any(id_.rpartition("-")[0] == entry.id for id_ in queue.get_job_ids(length=500)):
            return  # no worker: one waiting job is enough, it will find all there is to do
        kept_s = _DAY_S if entry.is_recorded else _SHORTLY_S
        with suppress(DuplicateJobError):  # fired by a leader that died before it moved on
            queue.enqueue(
                RUN_SLOT,
                entry.name,
                slot.isoformat(),
                job_id=entry.slot_id(slot),
                unique=True,
                job_timeout=JOB_TIMEOUT_S,
                result_ttl=kept_s,
                failure_ttl=kept_s,
            )

    def _move_on(self, entry: Entry, slot: datetime) -> None:
        """Never back: a leader that slept through its lease must not undo the next one's steps."""
        key = self.scheduled_jobs_key
        self.connection.zadd(key, {entry.id: slot.timestamp()}, xx=True, gt=True)
