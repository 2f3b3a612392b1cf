"""The sealed fields of a patient: each has its column, its spelling and, for some, an index."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from crm.kit.crypto import Vault
from crm.models import Patient


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a value lies under its seal."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]


class Record(Protocol):
    """What has sealed fields: a patient, or the part of one that a talk needs."""

    @property
    def id(self) -> UUID:
        """The patient's id, which the seals are bound to."""


_TEXT = Spelling(str, str)
_DAY = Spelling(date.isoformat, date.fromisoformat)
_JSON = Spelling(lambda value: json.dumps(value, ensure_ascii=False), json.loads)

SEALED: Mapping[str, Spelling] = {
    "born_on": _DAY,
    "nin": _TEXT,
    "nhis": _TEXT,
    "home": _JSON,
    "emergency_contact": _JSON,
    "allergies": _JSON,
    "clinical_notes": _TEXT,
}
INDEXED = frozenset({"nin", "nhis"})


def write(session: Session, patient: Patient, field: str, value: Any) -> None:
    """Seal a field; None, or nothing in it, empties it."""
    sealed = index = None
    if value not in (None, "", [], {}):
        vault: Vault = session.info["vault"]
        spelt = SEALED[field].write(value)
        sealed = vault.seal(spelt, where=where(field), row=patient.id)
        index = index_of(vault, field, spelt) if field in INDEXED else None
    setattr(patient, f"{field}_sealed", sealed)
    if field in INDEXED:
        setattr(patient, f"{field}_index", index)
    if field == "born_on":
        patient.birth_year = value.year if value else None


def read(session: Session, patient: Record, field: str) -> Any:
    """Open a field; None when it is empty."""
    sealed: bytes | None = getattr(patient, f"{field}_sealed")
    if sealed is None:
        return None
    vault: Vault = session.info["vault"]
    return SEALED[field].read(vault.open(sealed, where=where(field), row=patient.id))


def index_of(vault: Vault, field: str, value: str) -> bytes:
    """The blind index of a NIN or an NHIS number."""
    return vault.index(value, domain=where(field))


def where(field: str) -> str:
    """What a field is sealed as."""
    return f"patient_profiles.{field}"
