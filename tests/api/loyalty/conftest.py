"""A member with points, a reward, and a ledger whose rules hold after each test."""

import pytest

from crm import loyalty
from crm.models import Patient
from tests.api.caller import Api
from tests.crm.clinic import a_patient, a_phone
from tests.crm.shop import a_reward, give


@pytest.fixture
def ada(api: Api) -> Patient:
    """A member at Ikeja with 300 points and a phone."""
    with api.wiring.transaction() as session:
        ada = a_patient("Ada Obi")
        ada.home_hospital_id = api.hospitals["IKJ"]
        session.add(ada)
        session.flush()
        a_phone(session, ada, "+2349140000001", now=api.wiring.now())
        give(session, ada, 300, now=api.wiring.now())
    return ada


@pytest.fixture
def reward(api: Api):
    with api.wiring.transaction() as session:
        return a_reward(session, now=api.wiring.now(), points_cost=100, stock=5)


@pytest.fixture(autouse=True)
def _books(api: Api):
    """After each of these tests the ledger's rules hold."""
    yield
    with api.wiring.transaction() as session:
        assert not loyalty.invariants.broken(session)
