"""Jobs that leave a mark in Valkey, lent a name under `workers.`, and processes that run them."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, text

from bot.channels.carrier import Carrier
from bot.config import Settings
from bot.demo_values import ACCOUNT_SID
from bot.wiring import Wiring
from crm.kit.clock import SystemClock
from crm.kit.crypto import Vault
from workers import runtime, schedule
from workers.runtime import Counts, job

_INCARNATION = uuid4().hex
_NO_DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"


def wiring_for(redis_url: str, database_url: str = _NO_DATABASE) -> Wiring:
    """A wiring as the roof would build it: bounded client, no carrier."""
    settings = Settings(
        environment="test",
        database_url=database_url,
        direct_url=database_url,
        redis_url=redis_url,
        public_base_url="http://127.0.0.1:8000",
        sandbox_port=8001,
        secret_key="s" * 32,
        encryption_keys="k1:" + "A" * 43 + "=",
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token="t",
        twilio_phone_number="+12025550101",
        twilio_whatsapp_number="+12025550102",
        sendgrid_api_key="k",
        sendgrid_from_email="care@grandpro.example",
    )
    return Wiring(
        settings=settings,
        engine=create_engine(settings.sqlalchemy_url()),
        redis=Redis.from_url(
            redis_url,
            retry=Retry(NoBackoff(), 1),
            socket_connect_timeout=2,
            socket_timeout=5,
        ),
        carrier=cast("Carrier", None),
        vault=Vault({"k1": b"k" * 32}, b"i" * 32),
        clock=SystemClock(),
    )


def _lent(function: Callable[..., Any]) -> str:
    function.__module__ = "workers.probe"
    job(function)
    return f"workers.probe.{function.__qualname__}"


def _mark(wiring: Wiring, word: str) -> Counts:
    wiring.redis.rpush("marks", word)
    return {"marks": 1}


def _incarnation(wiring: Wiring) -> None:
    wiring.redis.rpush("marks", f"{os.getpid()} {_INCARNATION}")


def _slow(wiring: Wiring, seconds: float) -> None:
    time.sleep(seconds)
    wiring.redis.rpush("marks", "slow")


def _fail(_wiring: Wiring) -> None:
    raise ValueError("Ada's number is 0803 000 0000")


def _ask_database(wiring: Wiring) -> None:
    with wiring.engine.connect() as connection:
        connection.execute(text("select 1"))
    wiring.redis.rpush("marks", "asked")


def _try(_wiring: Wiring, *, dry_run: bool = False) -> Counts:
    return {"would": 3} if dry_run else {"did": 3}


MARK, INCARNATION, SLOW, FAIL, ASK_DATABASE, TRY = map(
    _lent, (_mark, _incarnation, _slow, _fail, _ask_database, _try)
)


def marks(wiring: Wiring) -> list[str]:
    """What the jobs left, in order."""
    return [mark.decode() for mark in wiring.redis.lrange("marks", 0, -1)]


def work(redis_url: str, database_url: str = _NO_DATABASE, max_jobs: int = 5_000) -> None:
    """A worker of the urgent lane."""
    runtime.work(wiring_for(redis_url, database_url), "urgent", max_jobs=max_jobs)


def beat(redis_url: str, entries: tuple[schedule.Entry, ...], lease_ms: int) -> None:
    """A metronome with a table of its own."""
    with runtime.stopping_on_signals() as stop:
        schedule.Metronome(wiring_for(redis_url), entries, lease_ms=lease_ms).run(stop)


if __name__ == "__main__":
    work(sys.argv[1], max_jobs=int(sys.argv[2]))
