"""Changing the key: every phone number of the house is opened and sealed again with the new key.

The house holds both keys, the new one first, as when a key is changed without a pause. Each run
goes on from the key of the run before.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.embedded import Servers
from bot.wiring import Wiring
from crm.kit.crypto import Vault
from tests.bench import apart, house, people
from workers import privacy

NAME = "change of the key"
SIZES = (1_000, 10_000, 50_000)
"""Sealed values."""
_REPEATS = 3


def run(
    servers: Servers, sizes: Sequence[int] = SIZES, repeats: int = _REPEATS
) -> list[dict[str, Any]]:
    """A row for each number of sealed values."""
    return [_measure(servers, size, repeats) for size in sizes]


def _measure(servers: Servers, size: int, repeats: int) -> dict[str, Any]:
    with TemporaryDirectory() as home:
        wiring = house.build(servers, Path(home))
        people.fill(wiring, round(size / people.ADDRESSES_EACH), messages=0)
        number = people.seal_phones(wiring)
        people.settle(wiring)
        with apart.starting(servers, wiring) as worker:
            worker.warm_up(reseal, 1)
            turns = range(2, repeats + 2)
            runs = [worker.measure(reseal, turn, units=number) for turn in turns]
        wiring.disconnect()
    assert all(run["found"] == number for run in runs), [run["found"] for run in runs]
    return {"name": NAME, "size": number, **apart.middle(runs)}


def reseal(wiring: Wiring, turn: int) -> int:
    """Seal everything with the key of this turn; returns how many values."""
    settings = wiring.settings
    before = _key(turn - 1) if turn > 1 else settings.encryption_keys
    vault = Vault.from_settings(f"{_key(turn)},{before}", settings.secret_key)
    sealed, unreadable = privacy.reseal_all(replace(wiring, vault=vault))
    assert not unreadable, unreadable
    return sealed


def _key(turn: int) -> str:
    key = hashlib.sha256(f"bench {turn}".encode()).digest()
    return f"k{turn}:{base64.b64encode(key).decode()}"
