"""No sealed column is forgotten when the key changes, when somebody exports or is erased."""

import re
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, text

from crm import reencryption
from crm.models import Base
from crm.privacy import LEFT_OUT, places

ROOT = Path(__file__).parents[2]
ENDINGS = ("_sealed", "_index", "_hash", "digest")


def test_every_column_of_bytes_says_by_its_name_what_it_is():
    odd = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary) and not column.name.endswith(ENDINGS)
    ]
    assert not odd


def test_every_sealed_column_is_in_a_table_whose_rows_have_an_id():
    assert all("id" in place.table.c for place in reencryption.register())


def test_no_sealed_column_is_in_a_table_that_refuses_change(session):
    fixed = set(
        session.scalars(
            text(
                "select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
                "join pg_proc p on p.oid = t.tgfoid where p.proname = 'refuse_change'"
            )
        )
    )
    assert "consents" in fixed
    assert not fixed & {place.table.name for place in reencryption.register()}


def test_every_name_the_code_seals_by_is_in_the_register():
    known = {place.where for place in reencryption.register()}
    assert not {name: file for name, file in names_of_fields() if name not in known | indexed()}


def names_of_fields():
    """Words like "messages.body" in files that know the vault; actions of the audit are none."""
    tables = {table.name for table in Base.metadata.sorted_tables}
    for path in ROOT.glob("crm/**/*.py"):
        source = path.read_text()
        if "vault" in source:
            for found in re.finditer(r'(?<!action=)"([a-z_]+)\.([a-z_0-9]+)"', source):
                if found[1] in tables:
                    yield f"{found[1]}.{found[2]}", path.name


def indexed() -> set[str]:
    """Fields that are found by a fingerprint and never opened."""
    return {
        f"{table.name}.{re.sub('_(index|hash)$', '', column.name)}"
        for table in Base.metadata.sorted_tables
        for column in table.c
        if column.name.endswith(("_index", "_hash"))
    }


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_an_export_leaves_out_exists_and_says_why(name):
    assert name in places()
    assert LEFT_OUT[name]
