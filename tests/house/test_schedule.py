"""What the table of schedules names must exist."""

import inspect

import pytest

from crm.models.message import Lane
from workers import runtime
from workers.schedule import SCHEDULE, Entry


@pytest.mark.parametrize("entry", SCHEDULE, ids=lambda entry: entry.name)
def test_every_scheduled_job_exists_and_takes_what_it_is_given(entry: Entry) -> None:
    signature = inspect.signature(runtime.find(entry.job))
    signature.bind("the wiring", *entry.args)


@pytest.mark.parametrize("entry", SCHEDULE, ids=lambda entry: entry.name)
def test_every_scheduled_job_has_a_lane_that_a_worker_serves(entry: Entry) -> None:
    assert entry.lane in set(Lane)


def test_every_entry_has_a_name_of_its_own() -> None:
    assert len({entry.name for entry in SCHEDULE}) == len(SCHEDULE)
