"""The monthly run as the clock and the API start it, by real workers."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from crm.kit.permissions import Role
from crm.models import JobRun, Payout, PayoutRun, PayoutRunStatus
from tests.api.caller import Api
from tests.bench.payouts import fill
from tests.crm.payroll import a_house, earn
from workers import payouts, schedule

FIRST_OF_NOVEMBER = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
"""Midnight in Lagos."""


@pytest.fixture
def wiring(stack):
    return stack.wiring


@pytest.fixture
def house(wiring):
    with wiring.transaction() as session:
        house = a_house(session, now=wiring.now())
        earn(session, house.hospital, 3_000_000)
    return house


def count(wiring, *conditions) -> int:
    with wiring.sessions() as session:
        return session.scalar(select(func.count()).select_from(Payout).where(*conditions))


def test_the_clock_strikes_on_the_first_at_midnight_in_lagos():
    [entry] = [each for each in schedule.SCHEDULE if each.name == "payouts"]
    assert entry.has_slot(FIRST_OF_NOVEMBER)
    assert entry.after(FIRST_OF_NOVEMBER) == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def test_the_job_drafts_the_month_before_and_a_second_time_changes_nothing(stack, wiring, house):
    stack.clock.at = FIRST_OF_NOVEMBER
    tried = schedule.run_now(wiring, "payouts", dry_run=True)
    assert (tried, count(wiring)) == ({"draftable": 1}, 0)
    first = schedule.run_now(wiring, "payouts")
    assert first == {"contracts": 1, "created": 1, "existing": 0, "failed": 0}
    assert payouts.draft_month(wiring) == first
    assert count(wiring, Payout.created_by.is_(None), Payout.gross_kobo == 3_000_000) == 1
    with wiring.sessions() as session:
        assert session.scalar(select(JobRun.status).where(JobRun.job == "payouts")) == "done"


def test_a_large_month_is_begun_by_the_request_and_finished_by_a_worker(stack, wiring):
    fill(wiring, 600, entries_each=1)
    ngozi = Api(stack.app, wiring).as_(Role.FINANCE)
    asked = {"auto_submit": True}
    begun = ngozi.post("/owners/payouts/process-monthly", asked)
    assert (begun.status_code, begun.json["data"]["status"]) == (202, "running")
    assert count(wiring) == 500

    stack.work()

    run = ngozi.get(f"/owners/payouts/runs/{begun.json['data']['id']}").json["data"]
    assert run["status"] == "completed"
    assert run["counts"]["created"] == 600
    assert count(wiring, Payout.created_by == ngozi.id, Payout.status == "pending_approval") == 600
    again = ngozi.post("/owners/payouts/process-monthly", asked)
    assert (again.status_code, again.json["data"]["status"]) == (200, "completed")


def test_a_run_that_was_cut_off_is_finished_for_the_one_who_began_it(stack, wiring, house):
    ngozi = Api(stack.app, wiring).as_(Role.FINANCE)
    ngozi.post("/owners/payouts/process-monthly")
    with wiring.transaction() as session:
        cut_off = {"status": PayoutRunStatus.RUNNING, "updated_at": wiring.now()}
        session.execute(update(PayoutRun).values(cut_off))
    assert payouts.finish_runs(wiring) == {"finished": 0}
    stack.clock.move(payouts.GIVEN_UP * 2)
    assert payouts.finish_runs(wiring) == {"finished": 1}
    with wiring.sessions() as session:
        run = session.scalars(select(PayoutRun)).one()
        assert (run.status, run.started_by) == (PayoutRunStatus.COMPLETED, ngozi.id)
