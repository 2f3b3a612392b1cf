"""A hospital with a contract, and a payout of its own."""

import pytest

from tests.crm.payout_steps.orders import S
from tests.crm.payroll import (
    a_house,
    earn,
    payout_of,
    run_month,
    take,
)


@pytest.fixture
def house(session, now):
    return a_house(session, now=now)


@pytest.fixture
def payout(session, house, now):
    """October's, of 300,000 naira."""
    earn(session, house.hospital, 333_333_333)
    run_month(session, by=house.ngozi, now=now)
    return payout_of(session, house.contract)


@pytest.fixture
def waiting(session, house, payout, now):
    """The same, submitted."""
    return take(session, payout, S.PENDING_APPROVAL, by=house.ngozi, now=now)
