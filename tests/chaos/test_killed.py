"""Whatever is killed while people write: each is answered, and once."""

import time

import pytest

from tests.chaos.house import House, people

# One helper has the house; it is asked for first, and waits where the other works.
pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("chaos")]

CARRIER_WAITS_S = 15
"""A webhook that takes longer is brought again (Twilio error 11205)."""


def test_a_worker_killed_while_it_sends_leaves_nobody_unanswered_and_nobody_answered_twice(
    house: House,
):
    writers = people(10, 30)
    # Accepted at once, answered long after or never; of some no receipt will ever tell.
    house.sandbox.faults.set("hang", 6.0)
    for person in writers[:3]:
        house.sandbox.faults.set("lost_response", "close", to=person)
    for person in writers[:12]:
        house.sandbox.faults.set("no_receipts", True, to=person)

    # All are waiting before it starts, so it claims more than it can have sent when it dies.
    house.kill("worker-urgent")
    house.all_say(writers, "hi", over_s=0.5).slowest_s()
    house.start("worker-urgent")
    house.until(lambda: len(house.heard(writers)) >= 8)
    house.kill("worker-urgent")
    house.sandbox.faults.clear()
    house.start("worker-urgent")

    house.until(lambda: len(house.heard(writers)) == 30)
    house.await_rest()
    assert set(house.heard(writers).values()) == {1}


def test_a_queue_killed_while_people_write_delays_answers_and_loses_none(house: House):
    writers = people(11, 30)
    crowd = house.all_say(writers, "hi", "1", over_s=3)
    time.sleep(0.5)
    house.kill_valkey()
    time.sleep(2)
    house.start_valkey()

    assert crowd.slowest_s() < CARRIER_WAITS_S
    house.until(lambda: house.heard(writers).total() >= 60)
    house.await_rest()
    assert set(house.heard(writers).values()) == {2}


def test_a_database_restarted_while_people_write_loses_none(house: House):
    writers = people(12, 30)
    crowd = house.all_say(writers, "hi", "1", over_s=3)
    time.sleep(0.5)
    house.restart_postgres()
    crowd.slowest_s()

    house.until(lambda: house.heard(writers).total() >= 60)
    house.await_rest()
    assert set(house.heard(writers).values()) == {2}


def test_a_scheduler_and_a_web_worker_killed_while_people_write_are_missed_by_none(house: House):
    writers = people(13, 30)
    crowd = house.all_say(writers, "hi", "1", over_s=3)
    time.sleep(0.5)
    house.kill("scheduler")
    house.kill_a_web_worker()
    time.sleep(1)
    house.start("scheduler")
    crowd.slowest_s()

    house.until(lambda: house.heard(writers).total() >= 60)
    house.await_rest()
    assert set(house.heard(writers).values()) == {2}


def test_web_processes_leave_with_the_one_that_started_them(house: House):
    servers = house.kill_alone("web")
    assert len(servers) == house.settings.web_concurrency
    house.until(lambda: not any(each.is_running() for each in servers))

    house.start("web")
    house.until(house.is_ready)
    [writer] = people(14, 1)
    house.say(writer, "hi")
    house.until(lambda: house.heard([writer]).total() == 1)
