"""Several people and several runs at the same moment, with real connections and processes."""

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from crm import payouts
from crm.models import Payout, PayoutEvent, PayoutKind, PayoutRunStatus, PayoutStatus
from crm.payouts import Step, runs
from crm.payouts.refusals import RunInProgress
from tests.at_once import kinds, race
from tests.crm.payroll import OCTOBER, a_house, approved, earn, payout_of, run_month, take
from tests.databases import sqlalchemy_url

ROOT = Path(__file__).parents[2]


@pytest.fixture
def estate(crowd, now):
    with crowd.begin() as session:
        houses = [a_house(session, now=now, code=code) for code in ("IKJ", "WUS", "PHC")]
        for house in houses:
            earn(session, house.hospital, 333_333_333)
    return houses


def once_each(crowd) -> None:
    with crowd() as session:
        found = session.execute(
            select(Payout.contract_id, func.count()).group_by(Payout.contract_id)
        ).all()
        assert [row[1] for row in found] == [1, 1, 1]
        wrong = session.execute(
            text(
                "select count(*) from owner_payouts p where net_kobo <>"
                " (select sum(amount_kobo) from payout_lines l where l.payout_id = p.id)"
            )
        )
        assert wrong.scalar() == 0


def test_eight_runs_of_one_month_at_once_draft_each_contract_once(crowd, estate, now):
    outcomes = race(crowd, [lambda session: run_month(session, by=estate[0].ngozi, now=now)] * 8)
    assert set(kinds(outcomes)) <= {"PayoutRun", "RunInProgress"}
    assert kinds(outcomes)["PayoutRun"] >= 1
    once_each(crowd)


def test_a_run_finds_another_at_work_and_says_so(crowd, estate, now):
    with crowd() as first, crowd() as second:
        runs.begin(first, runs.Wish(), period=OCTOBER, by=estate[0].ngozi, now=now)
        with pytest.raises(RunInProgress) as refusal:
            runs.begin(second, runs.Wish(), period=OCTOBER, by=estate[0].ngozi, now=now)
        assert (refusal.value.code, refusal.value.status) == ("run_in_progress", 409)


def test_a_run_killed_in_the_middle_is_gone_on_with_and_nothing_is_doubled(
    crowd, database_url, estate, now
):
    url = sqlalchemy_url(database_url)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crm.dying_run", url, now.isoformat()],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert process.stdout.readline() == "waiting\n"
    with crowd() as session, pytest.raises(RunInProgress):
        run_month(session, by=estate[0].ngozi, now=now)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()

    with crowd() as session:
        assert session.scalar(select(func.count()).select_from(Payout)) == 1
        assert len(runs.unfinished(session, before=now.replace(year=2027))) == 1
        run = _run_when_free(session, estate[0].ngozi, now)
        session.commit()
        assert run.status is PayoutRunStatus.COMPLETED
        assert run.counts["created"] == 3
    once_each(crowd)


def _run_when_free(session, by, now):
    """The server needs a moment to notice that the other is dead."""
    for _ in range(100):
        try:
            return run_month(session, by=by, now=now)
        except RunInProgress:
            session.rollback()
            time.sleep(0.05)
    return run_month(session, by=by, now=now)


def test_two_who_approve_at_once_approve_once(crowd, estate, now):
    house = estate[0]
    with crowd.begin() as session:
        run_month(session, by=house.ngozi, now=now)
        payout = payout_of(session, house.contract)
        waiting = take(session, payout, PayoutStatus.PENDING_APPROVAL, by=house.ngozi, now=now)
    step = Step(to=PayoutStatus.APPROVED, version=waiting.version)
    outcomes = race(
        crowd,
        [
            lambda session, by=by: payouts.move(session, waiting.id, step, by=by, now=now)
            for by in (house.bayo, house.folake) * 4
        ],
    )
    assert kinds(outcomes) == {"Payout": 8}
    assert len({outcome.approved_by for outcome in outcomes}) == 1
    with crowd() as session:
        events = select(func.count()).where(PayoutEvent.status == PayoutStatus.APPROVED)
        assert session.scalar(events) == 1


def test_approval_and_refusal_at_once_leave_one_of_them(crowd, estate, now):
    house = estate[0]
    with crowd.begin() as session:
        run_month(session, by=house.ngozi, now=now)
        payout = payout_of(session, house.contract)
        waiting = take(session, payout, PayoutStatus.PENDING_APPROVAL, by=house.ngozi, now=now)
    steps = [
        Step(to=to, version=waiting.version, reason="for this test")
        for to in (PayoutStatus.APPROVED, PayoutStatus.REJECTED, PayoutStatus.ON_HOLD)
    ]
    outcomes = race(
        crowd,
        [
            lambda session, step=step: payouts.move(
                session, waiting.id, step, by=house.bayo, now=now
            )
            for step in steps
        ],
    )
    assert kinds(outcomes) == {"Payout": 1, "StaleVersion": 2}


def test_a_rest_goes_into_one_of_two_months_that_are_drafted_race(crowd, estate, now):
    house = estate[0]
    with crowd.begin() as session:
        back = payouts.Order(
            owner_id=house.owner.id,
            contract_id=house.contract.id,
            kind=PayoutKind.ADJUSTMENT,
            period_start=OCTOBER,
            period_end=OCTOBER,
            amount_kobo=-7_000,
        )
        debt = payouts.draft(session, back, by=house.ngozi, now=now)
        approved(session, house, debt, now=now)
    months = [OCTOBER, date(2026, 9, 1), date(2026, 8, 1)]
    race(
        crowd,
        [
            lambda session, month=month: run_month(session, by=house.ngozi, now=now, period=month)
            for month in months
        ],
    )
    with crowd() as session:
        carried = select(func.sum(Payout.carry_in_kobo))
        assert session.scalar(carried) == -7_000


def test_two_bank_files_at_once_carry_a_payout_once(crowd, estate, now):
    house = estate[0]
    with crowd.begin() as session:
        run = run_month(session, by=house.ngozi, now=now)
        approved(session, house, payout_of(session, house.contract), now=now)
    outcomes = race(
        crowd,
        [lambda session: payouts.bank_files.make(session, run_id=run.id, by=house.ngozi, now=now)]
        * 4,
    )
    assert kinds(outcomes) == {"BankFile": 1, "NothingToPay": 3}
