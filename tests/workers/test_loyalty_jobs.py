"""Points by the clock, as the scheduler runs them."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crm import jobs, loyalty
from tests.crm.clinic import a_patient
from tests.crm.shop import a_reward, give
from workers import schedule


@pytest.fixture
def members(stack):
    with stack.wiring.transaction() as session:
        people = [a_patient(f"Person{n} Test") for n in range(5)]
        session.add_all(people)
        session.flush()
        reward = a_reward(session, now=stack.clock.now(), points_cost=10)
        for person in people:
            give(session, person, 50, now=stack.clock.now())
            loyalty.redeem(
                session, patient_id=person.id, reward_id=reward.id, now=stack.clock.now()
            )
    return people


def test_a_year_goes_by_and_the_books_are_right_each_night(stack, members):
    stack.clock.move(timedelta(days=100))
    assert schedule.run_now(stack.wiring, "codes") == {"codes": 5, "rewards": 0}
    stack.clock.move(timedelta(days=300))
    assert schedule.run_now(stack.wiring, "points") == {"accounts": 5, "points": 250}
    assert not any(schedule.run_now(stack.wiring, "points-check").values())
    with stack.wiring.transaction() as session:
        kept = jobs.last_run(session, "points-check")
    assert kept.counts == {f"I{n}": 0 for n in range(1, 11)}


def test_members_are_told_by_the_morning_job(stack, members):
    stack.clock.move(timedelta(days=360))
    assert schedule.run_now(stack.wiring, "points-notices") == {"members": 5, "told": 0}
    stack.clock.move(timedelta(seconds=1))
    assert schedule.run_now(stack.wiring, "points-notices") == {"members": 0, "told": 0}


def test_a_broken_book_is_an_error_in_the_log(stack, members, capsys):
    with stack.wiring.transaction() as session:
        session.execute(text("update loyalty_lots set remaining = 1"))
    assert schedule.run_now(stack.wiring, "points-check")["I2"] == 5
    assert "loyalty.rule_broken" in capsys.readouterr().out
