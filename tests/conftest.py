"""What every test stands on: one PostgreSQL and one Valkey for the run, a database for each test.

The servers are started by the process that runs the tests and shared by its helpers; a test's
database is a copy of one that was migrated and seeded once.
"""

import gc
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from bot import logs, shared_metrics
from bot.embedded import Servers
from crm.kit.crypto import Vault
from crm.kit.unit_of_work import UnitOfWork
from tests import once, transcript
from tests import stack as stacks
from tests.databases import Databases, make_template, roomy_memory, sqlalchemy_url
from tests.databases import vault as test_vault
from tests.stack import SUNDAY_MORNING, Stack

# No test measures time: a machine may be busy.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

_SERVERS = pytest.StashKey[Servers]()
_HOME = pytest.StashKey[TemporaryDirectory]()
_DATABASE_URL = "GRANDPRO_TEST_DATABASE_URL"
_REDIS_URL = "GRANDPRO_TEST_REDIS_URL"


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that runs the tests."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    os.environ.setdefault("WALK_SEED", str(secrets.randbelow(2**32)))
    home = TemporaryDirectory(prefix="grandpro-tests-", dir=roomy_memory())
    config.stash[_HOME] = home
    config.stash[_SERVERS] = servers = Servers.start(Path(home.name))
    os.environ[_DATABASE_URL] = servers.database_url
    os.environ[_REDIS_URL] = servers.redis_url
    make_template(servers.database_url)


def pytest_collection_finish() -> None:
    """Five thousand tests stay until the end; the collector need not walk them again and again."""
    gc.freeze()


def pytest_report_header() -> str:
    """The seed by which the same walks can be walked again (tests/conversations/walks)."""
    return f"WALK_SEED={os.environ.get('WALK_SEED', '')}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop them again."""
    if _SERVERS in config.stash:
        config.stash[_SERVERS].stop()
        config.stash[_HOME].cleanup()


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


@pytest.fixture(scope="session")
def copies(server_url: str) -> Iterator[Databases]:
    """The databases of this process."""
    databases = Databases(server_url)
    yield databases
    once.close()
    databases.close()


@pytest.fixture
def databases(copies: Databases) -> Callable[[], AbstractContextManager[str]]:
    """Makes databases with the demo's hospitals in them and nobody else."""
    return copies.new


@pytest.fixture
def database_url(copies: Databases) -> Iterator[str]:
    """A database of its own."""
    with copies.new() as url:
        yield url


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
def engine(request: pytest.FixtureRequest, copies: Databases) -> Iterator[Engine]:
    """An engine on the test's own database, or on one that the tests before left as it was."""
    if "database_url" in request.fixturenames:
        engine = create_engine(sqlalchemy_url(request.getfixturevalue("database_url")))
        yield engine
        engine.dispose()
    else:
        with copies.unwritten() as engine:
            yield engine


@pytest.fixture
def vault() -> Vault:
    """The vault that sealed the seeded rows."""
    return test_vault()


@pytest.fixture
def sessions(engine: Engine, vault: Vault) -> sessionmaker[UnitOfWork]:
    """Sessions like those of the wiring."""
    return sessionmaker(engine, class_=UnitOfWork, expire_on_commit=False, info={"vault": vault})


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
