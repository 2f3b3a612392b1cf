"""What every test stands on: one PostgreSQL and one Valkey for the run, a database for each test.

The servers are started by the process that runs the tests and shared by its helpers; a test's
database is a copy of one that was migrated and seeded once.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ObjectInUse
from redis import Redis
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from bot import logs, shared_metrics
from bot.embedded import Servers
from crm import seed
from crm.kit.crypto import Vault
from crm.migrations import run as migrations
from tests import stack as stacks
from tests import transcript
from tests.stack import SUNDAY_MORNING, Stack

Databases = Callable[[], AbstractContextManager[str]]

_SERVERS = pytest.StashKey[Servers]()
_HOME = pytest.StashKey[TemporaryDirectory]()
_TEMPLATE = "template_seeded"
_ROOM = 2 * 1024**3
_DATABASE_URL = "GRANDPRO_TEST_DATABASE_URL"
_REDIS_URL = "GRANDPRO_TEST_REDIS_URL"


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that runs the tests."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    os.environ.setdefault("WALK_SEED", str(secrets.randbelow(2**32)))
    home = TemporaryDirectory(prefix="grandpro-tests-", dir=_roomy_memory())
    config.stash[_HOME] = home
    config.stash[_SERVERS] = servers = Servers.start(Path(home.name))
    os.environ[_DATABASE_URL] = servers.database_url
    os.environ[_REDIS_URL] = servers.redis_url
    _make_template(servers.database_url)


def pytest_report_header() -> str:
    """The seed by which the same walks can be walked again (tests/conversations/walk.py)."""
    return f"WALK_SEED={os.environ.get('WALK_SEED', '')}"


def _roomy_memory() -> str | None:
    """A folder in memory, where making and dropping a database costs nothing; if there is room."""
    memory = Path("/dev/shm")
    is_roomy = memory.is_dir() and disk_usage(memory).free > _ROOM
    return str(memory) if is_roomy else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop them again."""
    if _SERVERS in config.stash:
        config.stash[_SERVERS].stop()
        config.stash[_HOME].cleanup()


def _make_template(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {_TEMPLATE}")
    template = sqlalchemy_url(named(url, _TEMPLATE))
    migrations.upgrade(template)
    engine = create_engine(template)
    with Session(engine, info={"vault": _vault()}) as session:
        seed.demo(session, now=SUNDAY_MORNING)
        session.commit()
    engine.dispose()


def named(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return url.replace("/grandpro?", f"/{database}?")


def sqlalchemy_url(url: str) -> str:
    """The URL as SQLAlchemy reads it."""
    return url.replace("postgresql:", "postgresql+psycopg:")


def _vault() -> Vault:
    return Vault.from_settings(
        "t1:" + "dHR0" * 10 + "dHQ=", "test-secret-that-is-long-enough-for-the-vault"
    )


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    """Log as in production: plain lines, people's data masked."""
    logs.configure("WARNING")


@pytest.fixture(autouse=True)
def _counts_of_its_own() -> Iterator[None]:
    """A command run inside a test shares its figures; the next test does not."""
    yield
    os.environ.pop(shared_metrics.VARIABLE, None)


@pytest.fixture(scope="session")
def server_url() -> str:
    """The PostgreSQL of this run."""
    return os.environ[_DATABASE_URL]


@pytest.fixture
def databases(server_url: str) -> Databases:
    """Makes databases with the demo's hospitals in them and nobody else."""

    @contextmanager
    def database() -> Iterator[str]:
        name = f"t_{uuid4().hex[:12]}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"create database {name} template {_TEMPLATE}")
            yield named(server_url, name)
            _drop(connection, name)

    return database


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of its own."""
    with databases() as url:
        yield url


def _drop(connection: psycopg.Connection, name: str) -> None:
    """Drop a test's database; the vacuum may be in it, and only a superuser could turn it out."""
    for _ in range(50):
        try:
            connection.execute(f"drop database {name} with (force)")
        except (InsufficientPrivilege, ObjectInUse):
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Valkey database for this helper alone, emptied."""
    helper = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = f"{os.environ[_REDIS_URL]}?db={int(helper) + 1}"
    client = Redis.from_url(url)
    client.flushdb()
    yield url
    client.close()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's own database."""
    engine = create_engine(sqlalchemy_url(database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def vault() -> Vault:
    """The vault that sealed the seeded rows."""
    return _vault()


@pytest.fixture
def sessions(engine: Engine, vault: Vault) -> sessionmaker[Session]:
    """Sessions like those of the wiring."""
    return sessionmaker(engine, expire_on_commit=False, info={"vault": vault})


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One session, rolled back."""
    with sessions() as session:
        yield session
        session.rollback()


@pytest.fixture
def now() -> datetime:
    """Sunday 22 November 2026, ten in the morning in Lagos."""
    return SUNDAY_MORNING.astimezone(UTC)


@pytest.fixture
def stack(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stack]:
    """The whole product."""
    with stacks.running(database_url, redis_url, tmp_path) as running:
        yield running


@pytest.fixture
def talk(stack: Stack) -> Callable[[str], None]:
    """Play a talk through the whole product."""
    return lambda words: transcript.play(stack, words)
