"""What these tests begin with."""

import pytest

from tests.crm.clinic import a_patient


@pytest.fixture
def twice(session, clinic, now):
    """Ada a second time."""
    ada = a_patient("Ada Obi-Nwosu")
    ada.home_hospital_id = clinic.ada.home_hospital_id = clinic.hospital.id
    session.add(ada)
    session.flush()
    return ada
