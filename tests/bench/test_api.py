"""What the commonest requests ask of the database: counted, never timed."""

import pytest

from bot.app import create_app
from bot.embedded import Servers
from tests.bench import api_house, house
from tests.bench.api import KINDS, Asker

MOST = {
    "GET a patient's profile": 9,
    "GET patients by name": 4,
    "GET payouts": 6,
    "GET availability": 4,
    "POST an appointment": 24,
    "POST an award": 9,
}
"""Statements: who asks and the audit's row among them; for what is written, the key's two."""


@pytest.mark.servers
def test_no_request_asks_more_than_it_did(tmp_path):
    homes = [tmp_path / name for name in ("servers", "house")]
    for home in homes:
        home.mkdir()
    with Servers.running(homes[0], database="bench") as servers:
        wiring = house.build(servers, homes[1])
        world, app = api_house.fill(wiring, 60), create_app(wiring)
        asked = {kind.name: Asker(wiring, kind, world).statements(app) for kind in KINDS}
        wiring.disconnect()
    assert asked.keys() == MOST.keys()
    assert not {name: number for name, number in asked.items() if number > MOST[name]}, asked
