"""The clinic that tests of time and bookings happen in."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from tests.crm.clinic import Clinic, a_clinic


@pytest.fixture
def clinic(session: Session, now: datetime) -> Clinic:
    """Two doctors, and Ada and Musa to visit them."""
    return a_clinic(session, now=now)
