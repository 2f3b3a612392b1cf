"""The metronome, its slots and its runs."""

import os
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.build import bounded_redis
from crm import jobs
from crm.models.job import JobRun, RunStatus
from tests.patience import until
from tests.workers import probe
from tests.workers.probe import marks
from workers import schedule
from workers.schedule import Entry, Metronome, runs

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

BEAT = Entry("beat", 2, probe.MARK, "urgent", "a beat", ("beat",))
HOURLY = Entry("hourly", "0 * * * *", probe.MARK, "utility", "recorded", ("hour",))
NINE = Entry("nine", "0 9 * * *", probe.MARK, "utility", "recorded", ("nine",))
BROKEN = Entry("broken", 60, probe.FAIL, "utility", "recorded")


def beat(wiring, *entries):
    """One beat of a metronome that has just started and then ends."""
    metronome = Metronome(wiring, entries)
    assert metronome.enqueue_jobs()
    metronome.remove_lock()


def queued(wiring, lane="utility"):
    return wiring.jobs.queue(lane).get_job_ids()


def row(session, job="hourly"):
    return session.scalars(select(JobRun).where(JobRun.job == job)).one()


# -- slots


@pytest.mark.parametrize("zone", ["UTC", "Africa/Lagos", "America/New_York"])
def test_nine_in_lagos_is_eight_utc_wherever_the_process_thinks_it_is(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert NINE.after(NOON) == NOON.replace(day=24, hour=8)
        assert NINE.newest(NOON) == NOON.replace(hour=8)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("entry", [BEAT, HOURLY])
def test_a_slot_belongs_to_itself_and_the_next_comes_after_it(entry):
    assert entry.newest(NOON) == NOON
    assert entry.newest(NOON + timedelta(microseconds=5)) == NOON
    assert entry.after(NOON) > NOON
    assert entry.newest(entry.after(NOON)) == entry.after(NOON)


def test_daily_slots_follow_the_lagos_day():
    midnight = Entry("midnight", "0 0 * * *", probe.MARK, "utility", "")
    assert midnight.after(NOON) == NOON.replace(hour=23)


# -- the metronome


def test_an_entry_waits_for_its_first_slot_and_fires_it_once(wiring, at):
    beat(at(wiring, NOON - MINUTE), HOURLY)
    assert queued(wiring) == []
    for seconds in range(3):
        beat(at(wiring, NOON + timedelta(seconds=seconds)), HOURLY)
    assert queued(wiring) == ["cron-hourly-20261123T120000Z"]


def test_a_run_that_came_due_while_down_stays_due(wiring, at):
    beat(at(wiring, NOON - MINUTE), HOURLY)
    beat(at(wiring, NOON + 30 * MINUTE), HOURLY)
    assert queued(wiring) == ["cron-hourly-20261123T120000Z"]


def test_slots_missed_while_down_become_one_job(wiring, at):
    beat(at(wiring, NOON - MINUTE), HOURLY)
    for minutes in (300, 301):
        beat(at(wiring, NOON + minutes * MINUTE), HOURLY)
    assert queued(wiring) == ["cron-hourly-20261123T120000Z"]
    wiring.jobs.queue("utility").empty()
    beat(at(wiring, NOON + 360 * MINUTE), HOURLY)
    assert queued(wiring) == ["cron-hourly-20261123T180000Z"]


def test_slots_do_not_pile_up_while_a_worker_is_away(wiring, at):
    for seconds in range(0, 120, 2):
        beat(at(wiring, NOON + timedelta(seconds=seconds)), BEAT)
    assert len(queued(wiring, "urgent")) == 1


def test_a_job_stranded_by_a_dead_worker_does_not_hold_up_the_beat(wiring, at):
    beat(at(wiring, NOON), BEAT)
    beat(at(wiring, NOON + timedelta(seconds=2)), BEAT)
    wiring.redis.lmove("rq:queue:urgent", "rq:queue:urgent:intermediate")
    beat(at(wiring, NOON + timedelta(seconds=4)), BEAT)
    assert queued(wiring, "urgent") == ["cron-beat-20261123T120004Z"]


def test_a_leader_that_dies_between_firing_and_moving_on_fires_nothing_twice(wiring, at):
    beat(at(wiring, NOON - MINUTE), HOURLY)
    beat(at(wiring, NOON), HOURLY)
    wiring.redis.lpop("rq:queue:utility")
    wiring.redis.zadd(Metronome.scheduled_jobs_key, {HOURLY.id: NOON.timestamp()})
    beat(at(wiring, NOON + MINUTE), HOURLY)
    assert queued(wiring) == []


def test_a_flushed_valkey_is_filled_again_by_the_next_beat(wiring, at):
    beat(at(wiring, NOON), BEAT)
    wiring.redis.flushall()
    beat(at(wiring, NOON + timedelta(seconds=1)), BEAT)
    beat(at(wiring, NOON + timedelta(seconds=2)), BEAT)
    assert queued(wiring, "urgent") == ["cron-beat-20261123T120002Z"]


def test_the_store_follows_the_table(wiring, at):
    beat(at(wiring, NOON), BEAT, HOURLY)
    slower = Entry("hourly", "0 9 * * *", probe.MARK, "utility", "now daily")
    beat(at(wiring, NOON + 90 * MINUTE), slower)
    assert queued(wiring) == []
    assert wiring.redis.zrange(Metronome.scheduled_jobs_key, 0, -1, withscores=True) == [
        (b"cron-hourly", NOON.replace(day=24, hour=8).timestamp())
    ]


def test_a_clock_set_back_does_not_silence_an_entry(wiring, at):
    beat(at(wiring, NOON + timedelta(days=30)), BEAT)
    beat(at(wiring, NOON), BEAT)
    beat(at(wiring, NOON + timedelta(seconds=2)), BEAT)
    assert queued(wiring, "urgent") == ["cron-beat-20261123T120002Z"]


def test_poison_in_the_store_stops_no_entry(wiring, at):
    beat(at(wiring, NOON - MINUTE), BEAT, HOURLY)
    wiring.redis.zadd(Metronome.scheduled_jobs_key, {b"\xff\xfe": 1, "unknown": 1})
    wiring.redis.hset(f"rq:job:{HOURLY.id}", mapping={"data": b"\x80junk", "status": "?"})
    wiring.redis.set("rq:queue:urgent", "no list")
    beat(at(wiring, NOON), BEAT, HOURLY)
    assert queued(wiring) == ["cron-hourly-20261123T120000Z"]
    members = wiring.redis.zrange(Metronome.scheduled_jobs_key, 0, -1)
    assert set(members) == {b"cron-beat", b"cron-hourly"}


def test_what_is_stored_is_json(wiring, at):
    beat(at(wiring, NOON), BEAT)
    beat(at(wiring, NOON + timedelta(seconds=2)), BEAT)
    queue = wiring.jobs.queue("urgent")
    [fired] = queue.jobs
    assert fired.args == ["beat", "2026-11-23T12:00:02+00:00"]
    [entry] = Metronome(wiring, [BEAT]).get_jobs()
    assert (entry.func_name, entry.args) == (probe.MARK, ["beat"])


# -- one leader


def test_only_the_leader_beats(wiring):
    leader, other = Metronome(wiring, [BEAT]), Metronome(wiring, [BEAT])
    assert [leader.enqueue_jobs(), other.enqueue_jobs(), leader.enqueue_jobs()] == [
        True,
        False,
        True,
    ]
    other.remove_lock()
    assert schedule.scheduler_alive(wiring.redis)
    leader.remove_lock()
    assert not schedule.scheduler_alive(wiring.redis)
    assert other.enqueue_jobs()


def test_another_takes_over_from_a_killed_leader_when_its_lease_ends(wiring, redis_url, start):
    first = start(probe.beat, redis_url, (BEAT,), 2_000)
    until(lambda: schedule.scheduler_alive(wiring.redis))
    first_token = wiring.redis.get("scheduler:leader")
    start(probe.beat, redis_url, (BEAT,), 2_000)
    first.kill()
    until(lambda: wiring.redis.get("scheduler:leader") not in {None, first_token})


def test_a_leader_told_to_stop_leaves_at_once_and_gives_up_its_lease(wiring, redis_url, start):
    leader = start(probe.beat, redis_url, (BEAT,), 15_000)
    until(lambda: schedule.scheduler_alive(wiring.redis))
    os.kill(leader.pid, signal.SIGTERM)
    leader.join(10)
    assert leader.exitcode == 0
    assert not schedule.scheduler_alive(wiring.redis)


def test_the_metronome_waits_for_a_valkey_that_stands_still(wiring, redis_url):
    metronome = Metronome(replace(wiring, redis=bounded_redis(redis_url)), [BEAT])
    server = wiring.redis.info("server")["process_id"]
    os.kill(server, signal.SIGSTOP)
    threading.Timer(1.5, os.kill, (server, signal.SIGCONT)).start()
    assert metronome.enqueue_jobs()


def test_the_metronome_outlives_a_valkey_that_forgets_everything(wiring, redis_url, valkey, start):
    leader = start(probe.beat, redis_url, (BEAT,), 15_000)
    until(lambda: queued(wiring, "urgent"))
    valkey.stop()
    for file in valkey.data_dir.glob("appendonlydir/*"):
        file.unlink()
    time.sleep(1.5)
    valkey.start()
    until(lambda: queued(wiring, "urgent"))
    assert leader.is_alive()


# -- runs


def test_a_slot_fired_twice_runs_once(recorded):
    assert runs.run_entry(recorded, HOURLY, NOON) == {"marks": 1}
    assert runs.run_entry(recorded, HOURLY, NOON) == {}
    assert marks(recorded) == ["hour"]
    with recorded.transaction() as session:
        run = row(session)
    assert (run.slot, run.status, run.counts) == (NOON, RunStatus.DONE, {"marks": 1})
    assert run.finished_at is not None


def test_a_beat_leaves_no_row(recorded):
    runs.run_entry(recorded, BEAT, NOON)
    runs.run_entry(recorded, BEAT, NOON)
    assert marks(recorded) == ["beat", "beat"]
    with recorded.transaction() as session:
        assert session.scalars(select(JobRun)).all() == []


def test_a_failed_slot_is_recorded_and_may_run_again(recorded):
    with pytest.raises(ValueError, match="Ada"):
        runs.run_entry(recorded, BROKEN, NOON)
    with recorded.transaction() as session:
        run = row(session, "broken")
        assert (run.status, run.error) == (RunStatus.FAILED, "ValueError")
        assert jobs.begin(session, "broken", NOON, now=NOON)
        session.expire_all()
        assert row(session, "broken").error is None


def test_a_running_slot_is_left_alone_until_it_must_have_died(recorded):
    with recorded.transaction() as session:
        assert jobs.begin(session, "hourly", NOON, now=NOON)
        assert not jobs.begin(session, "hourly", NOON, now=NOON + 15 * MINUTE)
        assert jobs.begin(session, "hourly", NOON, now=NOON + 16 * MINUTE)


def test_a_slot_that_no_run_covers_is_asked_for_once(recorded, at):
    late = at(recorded, NOON + 2 * MINUTE)
    with recorded.transaction() as session:
        jobs.begin(session, "hourly", NOON - 60 * MINUTE, now=NOON - 60 * MINUTE)
        jobs.finish(session, "hourly", NOON - 60 * MINUTE, {}, now=NOON - 60 * MINUTE)
    assert runs.ask_for_missed(late, [HOURLY]) == 1
    assert runs.ask_for_missed(late, [HOURLY]) == 0
    assert queued(recorded) == ["again-cron-hourly-20261123T120000Z"]


def test_a_late_run_of_an_older_slot_covers_the_newer_ones(recorded, at):
    with recorded.transaction() as session:
        jobs.begin(session, "hourly", NOON - 60 * MINUTE, now=NOON + MINUTE)
        jobs.finish(session, "hourly", NOON - 60 * MINUTE, {}, now=NOON + MINUTE)
    assert runs.ask_for_missed(at(recorded, NOON + 5 * MINUTE), [HOURLY]) == 0


@pytest.mark.parametrize(("minutes", "asked"), [(14, 0), (16, 1)])
def test_a_run_that_died_is_asked_for_when_it_is_surely_dead(recorded, at, minutes, asked):
    with recorded.transaction() as session:
        jobs.begin(session, "hourly", NOON, now=NOON)
    assert runs.ask_for_missed(at(recorded, NOON + minutes * MINUTE), [HOURLY]) == asked


def test_a_job_that_never_ran_waits_for_its_first_slot(recorded, at):
    assert runs.ask_for_missed(at(recorded, NOON + 5 * MINUTE), [HOURLY]) == 0


def test_old_rows_go_but_the_last_of_each_job_stays(recorded):
    with recorded.transaction() as session:
        for days in (50, 40, 1):
            jobs.begin(session, "hourly", NOON - timedelta(days=days), now=NOON)
        jobs.begin(session, "nine", NOON - timedelta(days=60), now=NOON)
        assert jobs.purge(session, now=NOON) == 2
        last = jobs.last_run(session, "nine")
        assert last.slot == NOON - timedelta(days=60)


def test_the_table_runs_through_a_worker_and_unknown_names_are_told(recorded):
    runs.run_slot(recorded, "late", NOON.isoformat())
    with pytest.raises(schedule.UnknownJob, match="there are: deliver-urgent"):
        schedule.run_now(recorded, "nonsense")


def test_a_run_by_hand_says_what_it_would_do(recorded):
    entry = Entry("try", 60, probe.TRY, "utility", "")
    assert runs.try_entry(recorded, entry) == {"would": 3}
    with pytest.raises(schedule.NoDryRun):
        runs.try_entry(recorded, HOURLY)
    with recorded.transaction() as session:
        assert session.scalars(select(JobRun)).all() == []
