"""Finding patients: by the beginnings of their names, or by a number they can show."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from crm import addresses
from crm.kit.crypto import Vault
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import Address, AddressHolder, Patient, PatientStatus
from crm.patients import sealed
from crm.patients.people import visible

_MOST_WORDS = 6
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile("['’ʼ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is known of somebody; every part that is given must fit."""

    name: str | None = None
    """Beginnings of names in any order: "ob ada" finds Ada Obi."""
    address: str | None = None
    """E.164 or an e-mail, whole."""
    nin: str | None = None
    nhis: str | None = None
    mrn: str | None = None
    hospital_id: UUID | None = None
    status: PatientStatus | None = None
    """Everybody but the merged and the erased, unless said."""


def search(session: Session, wanted: Wanted, *, scope: Scope, page: PageRequest) -> Found[Patient]:
    """The patients in scope who fit, by name."""
    vault: Vault = session.info["vault"]
    found = select(Patient).where(visible(scope), *_conditions(vault, wanted))
    return keyset(session, found, page, Patient.name_folded, Patient.id)


def _conditions(vault: Vault, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.name:
        words = _words(wanted.name)[:_MOST_WORDS]
        yield and_(*map(_begins_with, words)) if words else false()
    if wanted.address:
        yield Patient.id.in_(_holders(addresses.index_of(vault, wanted.address)))
    if wanted.nin:
        yield Patient.nin_index == sealed.index_of(vault, "nin", wanted.nin)
    if wanted.nhis:
        yield Patient.nhis_index == sealed.index_of(vault, "nhis", wanted.nhis)
    if wanted.mrn:
        yield Patient.mrn == wanted.mrn
    if wanted.hospital_id:
        yield Patient.home_hospital_id == wanted.hospital_id
    gone = (PatientStatus.MERGED, PatientStatus.ERASED)
    yield Patient.status == wanted.status if wanted.status else Patient.status.not_in(gone)


def _words(name: str) -> list[str]:
    """Words of letters and digits alone, so that nothing in them is a wildcard."""
    spread = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", name))
    return _WORD.findall("".join(c for c in spread if not unicodedata.combining(c)))


def _begins_with(word: str) -> ColumnElement[bool]:
    folded = func.fold_name(word)
    return or_(
        Patient.name_folded.like(folded + "%"),
        Patient.name_folded.like("% " + folded + "%"),
        Patient.name_folded.like("%-" + folded + "%"),
    )


def _holders(index: bytes) -> Select[UUID]:
    return (
        select(AddressHolder.patient_id)
        .join(Address, Address.id == AddressHolder.address_id)
        .where(Address.value_index == index)
    )
