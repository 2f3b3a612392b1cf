"""The records are what the models say, and every model says what it is."""

from uuid import uuid4

import psycopg
import pytest
from alembic import command
from sqlalchemy import Enum, create_engine, inspect

from crm.migrations import run as migrations
from crm.models import Base
from tests.databases import named, sqlalchemy_url

_CHECKS = """
    select row(conrelid::regclass::text, conname),
           string_to_array(substring(pg_get_constraintdef(oid) from '\\{(.*)\\}'), ',')
    from pg_constraint where contype = 'c' and conrelid <> 0
"""


@pytest.fixture
def empty_url(server_url):
    """A database with nothing in it."""
    name = f"t_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield sqlalchemy_url(named(server_url, name))
        connection.execute(f"drop database {name} with (force)")


def test_the_migrations_make_what_the_models_say(database_url):
    command.check(migrations.config(sqlalchemy_url(database_url)))


def test_migrations_go_up_down_to_nothing_and_up_again(empty_url):
    migrations.upgrade(empty_url)
    tables = tables_of(empty_url)
    migrations.downgrade(empty_url, "base")
    assert tables_of(empty_url) == {"alembic_version"}
    migrations.upgrade(empty_url)

    assert migrations.check(empty_url)
    assert tables_of(empty_url) == tables >= set(Base.metadata.tables)


def test_every_column_of_words_takes_exactly_the_words_of_its_enum(database_url):
    with psycopg.connect(database_url) as connection:
        checks = dict(connection.execute(_CHECKS).fetchall())
    said, kept = {}, {}
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Enum):
                name = f"ck_{table.name}_{column.type.name}"
                said[name] = set(column.type.enums)
                kept[name] = set(checks[table.name, name])
    assert kept == said


def test_every_model_says_what_it_is():
    silent = [mapper.class_.__name__ for mapper in Base.registry.mappers if not doc(mapper.class_)]
    assert not silent


def doc(kind: type) -> str:
    """Its own docstring; an inherited one says nothing of it."""
    return (vars(kind).get("__doc__") or "").strip()


def tables_of(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found
