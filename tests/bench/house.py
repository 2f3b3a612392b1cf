"""The house of a benchmark: a database of its own, web processes, other people's past."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy import text

from bot.build import build_wiring
from bot.config import Settings
from bot.embedded import Servers
from bot.wiring import Wiring
from crm import seed
from crm.migrations.run import upgrade

_READY_S = 20.0


def build(
    servers: Servers, home: Path, *, carrier_url: str = "http://127.0.0.1:9", **more: str
) -> Wiring:
    """A wiring on a fresh database with the demo's hospitals in it; `more` are settings."""
    database = Servers.start(servers.home, database=f"bench_{home.name.lower()}")
    port = str(_free_port())
    given = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database.database_url,
        "REDIS_URL": servers.redis_url,
        "PORT": port,
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "TWILIO_BASE_URL": carrier_url,
        "GRANDPRO_HOME": str(home),
        **more,
    }
    settings = Settings.from_env(given)
    upgrade(settings.sqlalchemy_url(direct=True))
    wiring = build_wiring(settings)
    wiring.redis.flushdb()
    with wiring.transaction() as session:
        seed.demo(session, now=wiring.now())
    return wiring


@contextmanager
def serving(wiring: Wiring) -> Iterator[subprocess.Popen[bytes]]:
    """The web processes as the Procfile starts them."""
    command = [sys.executable, "-m", "bot", "web"]
    log = wiring.settings.home / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environ(wiring), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _await(f"{wiring.settings.public_base_url}/healthz", log)
        yield process
    finally:
        process.terminate()
        process.wait()


def environ(wiring: Wiring) -> dict[str, str]:
    """What a process of this house finds in its environment."""
    return {"PATH": os.environ["PATH"]} | wiring.settings.environ()


# A past is: an address, a conversation, a patient it speaks for, and four messages.
_PAST = """
with people as (
    select n, uuidv7() as address_id, uuidv7() as talk_id, uuidv7() as patient_id
    from generate_series(1, :number) as n
), a as (
    insert into addresses (id, channel, value_sealed, value_index)
    select address_id, 'whatsapp', sha256(n::text::bytea), substr(sha256(n::text::bytea), 1, 16)
    from people
), p as (
    insert into patient_profiles (id, full_name)
    select patient_id, 'Someone ' || n from people
), h as (
    insert into address_holders (address_id, patient_id) select address_id, patient_id from people
), c as (
    insert into conversations (id, address_id, patient_id, language, heard_at)
    select talk_id, address_id, patient_id, 'en', now() from people
), w as (
    insert into consents (id, address_id, patient_id, purpose, is_granted, wording, language,
                          source, at)
    select uuidv7(), address_id, patient_id, 'care', true, 'past', 'en', 'past', now() from people
), k as (
    insert into inbound_keys (provider, provider_id, message_id, received_at)
    select 'past', n::text, talk_id, now() from people
)
insert into messages (id, direction, channel, purpose, lane, status, address_id, conversation_id,
                      patient_id, turn, body_sealed, due_at, status_at)
select uuidv7(), case when part % 2 = 1 then 'in' else 'out' end, 'whatsapp', 'reply', 'urgent',
       case when part % 2 = 1 then 'answered' else 'read' end, address_id, talk_id, patient_id,
       part, sha256(n::text::bytea), now(), now()
from people, generate_series(1, 4) as part
"""


_FILLED = """
addresses, patient_profiles, address_holders, conversations, consents, inbound_keys, messages
"""


def fill(wiring: Wiring, number: int) -> None:
    """Give the house a past: so many people who have talked with it before.

    Tables that stay empty are left as the migrations leave them: the planner would believe the
    figures of empty tables while they grow.
    """
    if not number:
        return
    with wiring.engine.begin() as connection:
        connection.exec_driver_sql("set constraints all deferred")
        connection.execute(text(_PAST), {"number": number})
    with wiring.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"vacuum analyze {_FILLED}"))


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _await(url: str, log: Path) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        try:
            with urlopen(url):
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(log.read_text()[-2000:])
