"""One house of real processes for the run; each test breaks it and leaves it whole."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.chaos.house import House, running
from tests.databases import roomy_memory


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """Web, workers, scheduler, database and queue, ready to be killed."""
    folder = TemporaryDirectory(prefix="grandpro-chaos-", dir=roomy_memory())
    with folder as home, running(Path(home)) as house:
        yield house
