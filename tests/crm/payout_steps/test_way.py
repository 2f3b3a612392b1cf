"""A payout from draft to paid."""

from datetime import UTC, datetime

import pytest

from crm import payouts
from crm.kit.errors import Invalid, StaleVersion
from crm.payouts import DEAD, MOVES
from crm.payouts.refusals import InvalidTransition
from tests.crm.payout_steps.orders import S
from tests.crm.payroll import (
    approved,
    paid,
    take,
)


def test_a_payout_goes_from_draft_to_paid_and_remembers_each_step(session, house, payout, now):
    done = paid(session, house, payout, now=now)
    assert (done.provider_reference, done.paid_at, done.version) == ("TRF-1", now, 5)
    told = [(e.status.value, e.actor_name) for e in payouts.history(session, payout.id)]
    assert told == [
        ("draft", "Ngozi"),
        ("pending_approval", "Ngozi"),
        ("approved", "Bayo"),
        ("processing", "Ngozi"),
        ("completed", "Ngozi"),
    ]


def test_a_step_that_does_not_begin_here_is_refused_with_those_that_do(session, house, payout, now):
    with pytest.raises(InvalidTransition) as refusal:
        take(session, payout, S.COMPLETED, by=house.ngozi, now=now)
    assert refusal.value.facts == {"from": "draft", "allowed": ["pending_approval", "cancelled"]}


def test_every_status_says_where_it_leads():
    assert set(MOVES) == set(S)
    assert not any(MOVES[status] for status in DEAD)


@pytest.mark.parametrize("to", [S.REJECTED, S.ON_HOLD])
def test_a_refusal_says_why(session, house, waiting, now, to):
    with pytest.raises(Invalid) as refusal:
        take(session, waiting, to, by=house.bayo, now=now, reason="no")
    assert refusal.value.field == "reason"


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("provider_reference", {"provider_reference": None}),
        ("paid_at", {"paid_at": None}),
        ("paid_at", {"paid_at": datetime(2026, 11, 23, tzinfo=UTC)}),
    ],
)
def test_paid_is_what_the_bank_has_a_reference_for(session, house, payout, field, more):
    now = house.now
    approved(session, house, payout, now=now)
    take(session, payout, S.PROCESSING, by=house.ngozi, now=now)
    with pytest.raises(Invalid) as refusal:
        take(session, payout, S.COMPLETED, by=house.ngozi, now=now, **more)
    assert refusal.value.field == field


def test_the_same_step_again_changes_nothing_and_another_reference_is_refused(
    session, house, payout, now
):
    done = paid(session, house, payout, now=now)
    again = take(session, done, S.COMPLETED, by=house.ngozi, now=now, version=1)
    assert again.version == 5
    assert len(payouts.history(session, done.id)) == 5
    with pytest.raises(InvalidTransition):
        take(session, done, S.COMPLETED, by=house.ngozi, now=now, provider_reference="TRF-2")


def test_who_read_an_older_version_is_told(session, house, waiting, now):
    with pytest.raises(StaleVersion) as refusal:
        take(session, waiting, S.APPROVED, by=house.bayo, now=now, version=1)
    assert refusal.value.facts == {"version": 2}
