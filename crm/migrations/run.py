"""Migrations from code: up to the newest, and where a database stands."""

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.orm import Session

from crm import partitions

_HERE = Path(__file__).parent


def config(database_url: str) -> Config:
    """Alembic's settings for this database."""
    settings = Config()
    settings.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    settings.attributes["database_url"] = database_url
    return settings


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database up to the newest schema, or to the revision named; make partitions."""
    command.upgrade(config(database_url), revision)
    engine = create_engine(database_url)
    with Session(engine) as session:
        partitions.ensure(session, now=datetime.now(UTC))
        session.commit()
    engine.dispose()


def downgrade(database_url: str, revision: str) -> None:
    """Take the database back to a revision ("base" for an empty one)."""
    command.downgrade(config(database_url), revision)


def is_current(connection: Connection) -> bool:
    """True when every migration this code knows has been applied."""
    applied = MigrationContext.configure(connection).get_current_heads()
    return set(applied) == set(ScriptDirectory(str(_HERE)).get_heads())


def check(database_url: str) -> bool:
    """The same, from a URL."""
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return is_current(connection)
    finally:
        engine.dispose()
