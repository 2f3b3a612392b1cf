"""RQ's job and worker, made safe to restart, to lose a database under, and to share a Valkey."""

import sys
from typing import cast

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import DeserializationError, NoSuchJobError, StopRequested
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer, Serializer
from sqlalchemy.exc import OperationalError
from structlog.contextvars import bound_contextvars

from bot import metrics
from bot.wiring import Wiring
from workers.calls import JobRefused, is_known, run
from workers.stopping import Stop

log = structlog.get_logger()

_LONGEST_WAIT_S = 2.0


class LaneJob(Job):
    """RQ's job with JSON arguments, for functions marked by `job` only."""

    wiring: Wiring

    def __init__(
        self,
        id: str | None = None,  # noqa: A002 -- RQ's word
        connection: Redis | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        """RQ writes pickles unless told otherwise; we never read one."""
        super().__init__(id, connection, serializer or JSONSerializer)

    def restore(self, raw_data: dict[bytes, bytes]) -> None:
        """Read the job from its hash; one that cannot be read is one that does not exist.

        RQ's worker ends on anything else, and would end again on the same job.
        """
        try:
            super().restore(raw_data)
        except NoSuchJobError:
            raise
        except Exception as error:
            log.exception("job.unreadable", job_id=self.id)
            raise NoSuchJobError(self.id) from error
        # The other ways to name a function, or an address to call, are not ours.
        self._success_callback_name = self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []

    def _execute(self) -> None:
        """Run the function with the wiring first. Nothing is returned, so Valkey keeps nothing."""
        run(self.wiring, str(self.func_name), *self.args, **self.kwargs)


class LaneWorker(SimpleWorker):
    """RQ's worker for one queue, in one process: pools, TLS and imports stay warm.

    RQ's own stop raises out of a pop whose answer is on its way, and that job is lost. Here the
    flag is read before each pop, which waits a second at most (`worker_ttl` 16).
    """

    job_class = LaneJob

    def __init__(self, wiring: Wiring, lane: str, stop: Stop) -> None:
        """Connect with a client of its own. Raises RedisError."""
        super().__init__(
            [lane],
            connection=_client(wiring.settings.redis_url),
            worker_ttl=16,
            maintenance_interval=15,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        self.wiring = wiring
        self.stop = stop
        self.jobs_done = 0

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Asked by RQ before each pop, so it is where a stop takes effect."""
        if self.stop.asked:
            raise StopRequested
        return bool(super().should_run_maintenance_tasks)

    @property
    def max_connection_wait_time(self) -> float:  # type: ignore[override]  # theirs is a number
        """Asked by RQ after each vain try to reach Valkey, so a stop takes effect there, too."""
        if self.stop.asked:
            raise StopRequested
        return _LONGEST_WAIT_S

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Lend the job the wiring and run it, with its id on every line that it logs."""
        cast("LaneJob", job).wiring = self.wiring
        with bound_contextvars(job_id=job.id):
            super().execute_job(job, queue)
        self.jobs_done += 1

    def handle_exception(self, job: Job, *exc_info: object) -> None:
        """Say what failed. A lost database is no fault of the job: the next sweep runs it."""
        error, name = exc_info[1], _known_name(job)
        if isinstance(error, OperationalError):
            self.wiring.disconnect()
            log.warning("job.cut_off", job=name, error=type(error.orig).__name__)
        elif isinstance(error, JobRefused):
            log.error("job.refused", reason=str(error))
        else:
            log.error("job.failed", job=name, exc_info=error)
        metrics.jobs_total.labels(name, "failed").inc()

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: StartedJobRegistry | None = None,
        exc_string: str = "",
    ) -> None:
        """Keep only the error's name in Valkey: a trace may quote people's data."""
        error = sys.exception()
        reason = type(error).__name__ if error else exc_string
        super().handle_job_failure(job, queue, started_job_registry, reason)

    def subscribe(self) -> None:
        """Hear no commands: nothing sends any, and a thread less must survive a restart."""

    def _install_signal_handlers(self) -> None:
        """Leave the signals to `stopping_on_signals`."""


def _client(url: str) -> Redis:
    # RQ sets the socket's time-out to what its blocking pop needs. No retries: the library's ten
    # would keep us on a Valkey that hangs for four minutes.
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2)


def _known_name(job: Job) -> str:
    """Return the function's name, or one word for all we do not know: metrics keep every name."""
    try:
        name = str(job.func_name)
    except DeserializationError:
        return "unknown"
    return name if is_known(name) else "unknown"
