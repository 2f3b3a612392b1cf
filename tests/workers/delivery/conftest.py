"""A carrier that does as told, a lane to post in, and eyes on what became of it."""

from uuid import UUID

import pytest

from bot.channels.carrier import Channel
from tests.outbox import (
    ScriptedCarrier,
    attempts,
    message,
    somebody,
    wired,
    write,
)


@pytest.fixture
def carrier():
    return ScriptedCarrier()


@pytest.fixture
def wiring(engine, redis_url, carrier):
    return wired(engine, redis_url, carrier)


@pytest.fixture
def post(wiring):
    """Post a message to somebody new, and commit."""

    def post_one(*, channel=Channel.SMS, heard_at=None, agreed="care", **changes) -> UUID:
        with wiring.sessions.begin() as session:
            to = somebody(session, channel=channel, heard_at=heard_at, agreed=agreed)
            return write(session, to, **changes)

    return post_one


@pytest.fixture
def look(wiring):
    """The message as it lies in the table now."""

    def look_at(id_):
        with wiring.sessions() as session:
            return message(session, id_)

    return look_at


@pytest.fixture
def tried(wiring):
    def ends_of(id_):
        with wiring.sessions() as session:
            return attempts(session, id_)

    return ends_of
