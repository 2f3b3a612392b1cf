"""What tests of the records stand on: a clinic, a crowd, two hospitals and an owner."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session, sessionmaker

from crm.kit.crypto import Vault
from crm.models import Hospital, Owner
from tests.crm.clinic import Clinic, a_clinic
from tests.crm.estate import an_owner, hospital
from tests.databases import sqlalchemy_url


@pytest.fixture
def clinic(request: pytest.FixtureRequest, now: datetime) -> Clinic:
    """Two doctors, and Ada and Musa to visit them; everybody sees it where there is a crowd."""
    if "crowd" in request.fixturenames:
        with request.getfixturevalue("crowd").begin() as session:
            return a_clinic(session, now=now)
    return a_clinic(request.getfixturevalue("session"), now=now)


@pytest.fixture
def crowd(database_url: str, vault: Vault) -> Iterator[sessionmaker[Session]]:
    """Sessions without a pool: as many connections as people."""
    crowd = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    yield sessionmaker(crowd, expire_on_commit=False, info={"vault": vault})
    crowd.dispose()


@pytest.fixture
def ikeja(session: Session) -> Hospital:
    """One hospital of the group."""
    return hospital(session, "IKJ")


@pytest.fixture
def wuse(session: Session) -> Hospital:
    """Another."""
    return hospital(session, "WUS")


@pytest.fixture
def alhaji(session: Session, ikeja: Hospital, now: datetime) -> Owner:
    """Who owns something at Ikeja."""
    return an_owner(session, at=ikeja, now=now)
