"""The API as its callers see it: signed in by role, at one hospital or at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.build import build_wiring
from tests import once
from tests.api.caller import Api
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
    wiring.engine.dispose()
    wiring.redis.close()
