"""The scripted carrier, and our client and carrier pointed at it."""

import socket
import threading
from collections.abc import Iterator

import pytest

from bot.channels.http import CarrierHttpClient
from bot.channels.twilio import TwilioCarrier
from tests.channels.scripted_carrier import ScriptedServer, carrier_over


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scripted = ScriptedServer(listener)
        threading.Thread(target=scripted.serve, daemon=True).start()
        yield scripted
        listener.shutdown(socket.SHUT_RDWR)
    scripted.hang_up()


@pytest.fixture
def http(server: ScriptedServer) -> Iterator[CarrierHttpClient]:
    client = CarrierHttpClient(rebase=server.url, read_s=0.3, connect_s=0.3)
    yield client
    client.close()


@pytest.fixture
def carrier(http: CarrierHttpClient) -> TwilioCarrier:
    return carrier_over(http)
