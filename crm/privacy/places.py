"""Where a person's facts lie: read from the schema, so that a new table cannot be forgotten.

A table is a person's when a column of it names the patient, or when it refers to a row that is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast
from uuid import UUID

from sqlalchemy import BindParameter, Column, ColumnElement, Table, and_, bindparam, or_, select

from crm.models import Base, CampaignRecipient, Patient, PersonKind

_PATIENTS = cast("Table", Patient.__table__)
_IDS: BindParameter[Sequence[UUID]] = bindparam("patient_ids", expanding=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A table with rows of a person, and the condition (over :patient_ids) that finds them."""

    table: Table
    is_theirs: ColumnElement[bool]

    @property
    def sealed(self) -> list[Column[bytes]]:
        """Its sealed columns."""
        return [column for column in self.table.c if column.name.endswith("_sealed")]

    @property
    def indexes(self) -> list[Column[bytes]]:
        """The blind indexes beside them."""
        return [column for column in self.table.c if column.name.endswith("_index")]


@cache
def places() -> dict[str, Place]:
    """Every table with rows of a person, by name; parents before children."""
    found = {table.name: Place(table, rule) for table, rule in _direct()}
    for table in Base.metadata.sorted_tables:
        if table.name not in found and (rules := list(_through(table, found))):
            found[table.name] = Place(table, or_(*rules))
    return found


def naming_columns() -> Iterator[tuple[Table, Column[UUID]]]:
    """Every column that names a patient, but those of the patients' own table."""
    for table in Base.metadata.sorted_tables:
        for column in table.c:
            refers = any(key.column.table is _PATIENTS for key in column.foreign_keys)
            if table is not _PATIENTS and (refers or column.name == "patient_id"):
                yield table, column


def _direct() -> Iterator[tuple[Table, ColumnElement[bool]]]:
    yield _PATIENTS, _PATIENTS.c.id.in_(_IDS)
    columns: dict[Table, list[Column[UUID]]] = {}
    for table, column in naming_columns():
        columns.setdefault(table, []).append(column)
    for table, naming in columns.items():
        yield table, or_(*(column.in_(_IDS) for column in naming))
    yield (
        cast("Table", CampaignRecipient.__table__),
        and_(
            CampaignRecipient.person_kind == PersonKind.PATIENT,
            CampaignRecipient.person_id.in_(_IDS),
        ),
    )


def _through(table: Table, known: dict[str, Place]) -> Iterator[ColumnElement[bool]]:
    """What makes rows theirs because they refer to a row that is."""
    for column in table.c:
        for key in column.foreign_keys:
            parent = key.column.table
            if parent.name in known and parent is not _PATIENTS and key.column.name == "id":
                theirs = select(parent.c.id).where(known[parent.name].is_theirs)
                yield column.in_(theirs)
