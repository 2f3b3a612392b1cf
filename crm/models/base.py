"""The floor all tables stand on: naming, shared column types, words with a CHECK."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Enum,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crm.kit.ids import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
    "ex": "ex_%(table_name)s_%(constraint_name)s",
}


class Base(DeclarativeBase):
    """Every table. Relationships are declared `lazy="raise"`: a query says what it loads."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy reads this name from the class
        datetime: TIMESTAMP(timezone=True),
        UUID: Uuid(),
        str: Text(),
        bytes: LargeBinary(),
        int: BigInteger(),
        dict[str, Any]: JSONB(),
    }


class Identified:
    """A row with an id that carries its time."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class Dated:
    """A row that knows when it was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


Small = SmallInteger


def words(kind: type[StrEnum]) -> Enum:
    """A text column that holds only the words of the enum; the CHECK bears the enum's name."""
    return Enum(
        kind,
        name=kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=24,
        values_callable=lambda members: [member.value for member in members],
    )
