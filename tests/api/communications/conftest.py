"""A patient and an owner who can be written to."""

import pytest

from crm.models import (
    Hospital,
    Patient,
)
from tests.api.caller import Api
from tests.crm.estate import an_owner
from tests.crm.senders import reached
from tests.stack import SUNDAY_MORNING


@pytest.fixture
def ada(api: Api):
    """A patient of Ikeja."""
    with api.wiring.transaction() as session:
        person = reached(session)
        patient = session.get(Patient, person.patient_id)
        patient.home_hospital_id = api.hospitals["IKJ"]
    return person


@pytest.fixture
def alhaji(api: Api):
    """An owner of Ikeja."""
    with api.wiring.transaction() as session:
        ikeja = session.get(Hospital, api.hospitals["IKJ"])
        return an_owner(session, at=ikeja, now=SUNDAY_MORNING)
