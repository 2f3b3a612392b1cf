"""Workers under restarts, broken jobs and strangers who can write to the queue."""

import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

from prometheus_client import REGISTRY
from rq import Callback, Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from tests.databases import cut_connections
from tests.patience import PATIENCE_S, until
from tests.workers import probe
from tests.workers.probe import marks
from workers import runtime

ROOT = Path(__file__).parents[2]


def ask(wiring, name, *args, **options):
    return wiring.jobs.queue("urgent").enqueue(name, *args, **options)


def empty_lane(wiring):
    runtime.work(wiring, "urgent", burst=True)


def failed(wiring):
    """Why each failed job failed."""
    queue = wiring.jobs.queue("urgent")
    ids = queue.failed_job_registry.get_job_ids()
    jobs = Job.fetch_many(ids, wiring.redis, serializer=JSONSerializer)
    return sorted(job.latest_result().exc_string for job in jobs)


def test_a_job_gets_the_wiring_and_its_arguments(wiring):
    ask(wiring, probe.MARK, "Ada")
    empty_lane(wiring)
    assert marks(wiring) == ["Ada"]


def test_functions_that_are_no_jobs_of_ours_are_refused(wiring, tmp_path):
    trap = tmp_path / "trap"
    for name in (
        "os.system",
        "workers.runtime.os.system",
        "workers.calls.import_module",
        "workers.delivery.nothing",
        "workersmith.run",
        "workers",
    ):
        ask(wiring, name, f"touch {trap}")
    ask(wiring, probe.MARK, "after")
    empty_lane(wiring)
    assert failed(wiring) == ["JobRefused"] * 6
    assert not trap.exists()
    assert marks(wiring) == ["after"]


def test_a_job_names_no_callback(wiring):
    ask(wiring, probe.MARK, "Ada", on_success=Callback("os.remove"))
    ask(wiring, probe.FAIL, on_failure=Callback("os.remove"))
    empty_lane(wiring)
    assert marks(wiring) == ["Ada"]
    assert failed(wiring) == ["ValueError"]


class Trap:
    """What a pickle runs when it is read."""

    def __reduce__(self):
        return os.mkdir, (os.environ["TRAP"],)


def test_a_pickle_is_never_read(wiring, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAP", str(tmp_path / "trap"))
    Queue("urgent", connection=wiring.redis).enqueue(probe.MARK, Trap())
    ask(wiring, probe.MARK, "after")
    empty_lane(wiring)
    assert not (tmp_path / "trap").exists()
    assert marks(wiring) == ["after"]


def test_a_job_that_cannot_be_read_stops_no_other(wiring):
    broken = ask(wiring, probe.MARK, "broken")
    wiring.redis.hset(broken.key, "status", "no such word")
    ask(wiring, probe.MARK, "after")
    empty_lane(wiring)
    assert marks(wiring) == ["after"]


def test_a_failed_job_keeps_no_personal_data_in_valkey(wiring):
    before = _counted("failed", probe.FAIL)
    broken = ask(wiring, probe.FAIL)
    empty_lane(wiring)
    assert failed(wiring) == ["ValueError"]
    assert b"0803" not in b"".join(wiring.redis.hgetall(broken.key).values())
    assert _counted("failed", probe.FAIL) == before + 1


def test_a_done_job_is_counted_and_soon_forgotten(wiring):
    before = _counted("done", probe.MARK)
    wiring.jobs.enqueue("urgent", probe.MARK, "Ada")
    empty_lane(wiring)
    assert _counted("done", probe.MARK) == before + 1
    left = [wiring.redis.ttl(key) for key in wiring.redis.scan_iter("rq:job:*")]
    assert left
    assert all(0 < ttl <= 60 for ttl in left)


def test_a_database_that_cuts_its_connections_fails_one_job_only(recorded, database_url):
    ask(recorded, probe.ASK_DATABASE)
    empty_lane(recorded)
    cut_connections(database_url)
    ask(recorded, probe.ASK_DATABASE)
    ask(recorded, probe.ASK_DATABASE)
    empty_lane(recorded)
    assert failed(recorded) == ["OperationalError"]
    assert marks(recorded) == ["asked", "asked"]


def test_no_job_is_lost_over_thirty_rolling_restarts(wiring, redis_url, start):
    """Takes some seconds: a stop races with a pop, and RQ's own stop strands one job in fifty.

    One may run twice: a Valkey that answers late, its disk being slow, is asked again.
    """
    workers = [start(probe.work, redis_url) for _ in range(2)]
    numbers = iter(range(600))
    for _ in range(30):
        for number in islice(numbers, 20):
            time.sleep(0.004)
            ask(wiring, probe.MARK, str(number), result_ttl=5)
        leaver = workers.pop(0)
        os.kill(leaver.pid, signal.SIGTERM)
        workers.append(start(probe.work, redis_url))
        leaver.join(PATIENCE_S)
        assert leaver.exitcode == 0
    until(lambda: len(set(marks(wiring))) == 600)
    stranded = wiring.jobs.queue("urgent").intermediate_queue
    until(lambda: stranded.get_job_ids() == [])


def test_a_worker_outlives_a_restart_of_valkey(wiring, redis_url, valkey, start):
    worker = start(probe.work, redis_url)
    ask(wiring, probe.MARK, "before")
    until(lambda: marks(wiring) == ["before"])
    _restart(valkey, away_s=1.5)
    ask(wiring, probe.MARK, "after")
    until(lambda: marks(wiring) == ["before", "after"])
    assert worker.is_alive()


def test_a_worker_outlives_a_valkey_that_leaves_in_mid_job(wiring, redis_url, valkey, start):
    worker = start(probe.work, redis_url)
    ask(wiring, probe.SLOW, 1.0)
    queue = wiring.jobs.queue("urgent")
    until(lambda: queue.started_job_registry.count == 1)
    _restart(valkey, away_s=2)
    ask(wiring, probe.MARK, "after")
    until(lambda: "after" in marks(wiring))
    assert worker.is_alive()


def test_a_worker_that_has_lost_its_valkey_can_still_be_stopped(wiring, redis_url, valkey, start):
    worker = start(probe.work, redis_url)
    ask(wiring, probe.MARK, "before")
    until(lambda: marks(wiring) == ["before"])
    valkey.stop()
    time.sleep(1.5)
    worker.terminate()
    worker.join(PATIENCE_S)
    valkey.start()
    assert worker.exitcode == 0


def test_a_worn_worker_starts_afresh_under_its_own_pid(wiring, redis_url):
    command = [sys.executable, "-m", "tests.workers.probe", redis_url, "3"]
    with subprocess.Popen(command, cwd=ROOT) as worker:
        for _ in range(7):
            ask(wiring, probe.INCARNATION)
        until(lambda: len(marks(wiring)) == 7)
        worker.terminate()
    pids, incarnations = zip(*(mark.split() for mark in marks(wiring)), strict=True)
    assert set(pids) == {str(worker.pid)}
    assert [incarnations.count(one) for one in dict.fromkeys(incarnations)] == [3, 3, 1]


def test_each_lane_tells_whether_a_worker_is_there(wiring, redis_url, start):
    assert runtime.workers_alive(wiring.redis) == {"urgent": False, "utility": False, "bulk": False}
    worker = start(probe.work, redis_url)
    until(lambda: runtime.workers_alive(wiring.redis)["urgent"])
    assert not runtime.workers_alive(wiring.redis)["bulk"]
    worker.terminate()
    worker.join(PATIENCE_S)
    assert not runtime.workers_alive(wiring.redis)["urgent"]


def test_asking_who_is_there_leaves_the_client_bounded(wiring, redis_url, start):
    start(probe.work, redis_url)
    until(lambda: runtime.workers_alive(wiring.redis)["urgent"])
    assert wiring.redis.connection_pool.connection_kwargs["socket_timeout"] == 5


def _counted(outcome, name):
    return REGISTRY.get_sample_value("jobs_total", {"job": name, "outcome": outcome}) or 0


def _restart(valkey, away_s):
    valkey.stop()
    time.sleep(away_s)
    valkey.start()
