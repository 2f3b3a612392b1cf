"""The API as its callers see it: signed in by role, at one hospital or at all."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from bot.build import build_wiring
from crm.kit.permissions import Role
from tests import once
from tests.api.caller import Api, Caller
from tests.api.clinics import a_patient
from tests.stack import SUNDAY_MORNING, TestClock, settings_for


@pytest.fixture
def api(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Api]:
    """The web application over a database of its own, without carrier or workers."""
    settings = settings_for(
        database_url, redis_url, tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:1"
    )
    wiring = build_wiring(settings)
    wiring.clock, wiring.engine = TestClock(SUNDAY_MORNING), once.engine(settings)
    yield Api(once.app(wiring), wiring)
    wiring.disconnect()
    wiring.redis.close()


@pytest.fixture
def ada(api: Api) -> UUID:
    """A patient with a phone."""
    return a_patient(api, "Ada Obi", "+2349140000001")


@pytest.fixture
def musa(api: Api) -> UUID:
    """Another."""
    return a_patient(api, "Musa Bello", "+2349140000002")


@pytest.fixture
def desk(api: Api) -> Caller:
    """Who answers the door at Ikeja."""
    return api.as_(Role.FRONT_DESK, hospital="IKJ")
