"""What people and carriers knock at without the rest of the product."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.app import create_app
from bot.wiring import Wiring
from tests.outbox import VAULT, wired


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session that sees what the doors wrote."""
    with Session(engine, info={"vault": VAULT}) as session:
        yield session


@pytest.fixture
def wiring(engine: Engine) -> Wiring:
    """Records alone: no queue, no carrier."""
    return wired(engine, "redis://127.0.0.1:1", carrier=None)


@pytest.fixture
def client(wiring: Wiring) -> FlaskClient:
    """The web application over them."""
    return create_app(wiring).test_client()
