"""Is this person in the books already? Likeness of names, birthday, phone and NHIS number, scored.

A score is the sum of what speaks for one person: the name as far as it is alike (0.6 at most), the
same birthday (0.25), the same phone (0.15), the same NHIS number (0.5); a different birthday speaks
against (0.35). From 0.7 on a person must look. So a father and a son of one name on one phone are
two, twins are two, and one woman whose name is spelt two ways on her own phone is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, Select, func, select, text, union
from sqlalchemy.orm import Session

from crm import addresses
from crm.kit.errors import DomainError
from crm.kit.permissions import Scope
from crm.models import Address, AddressHolder, Patient, PatientStatus
from crm.patients import sealed
from crm.patients.facts import born_on as birthday
from crm.patients.people import visible

ENOUGH = 0.7
_LOOKED_AT = 30
_NAMES_ALIKE = 0.5
_ALIKE = "set local pg_trgm.similarity_threshold = 0.5"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody this may be; the score is from 0 to 1."""

    patient: Patient
    score: float
    reasons: tuple[str, ...]


class PossibleDuplicate(DomainError):
    """Somebody in the books is very like this person; say `confirm_new` when it is another."""

    code = "possible_duplicate"

    def __init__(self, found: Sequence[Candidate]) -> None:
        """Keep the candidates; those who show them mask them."""
        super().__init__("This person may be in the books already.")
        self.candidates = found


def candidates(
    session: Session,
    *,
    full_name: str,
    scope: Scope,
    born_on: date | None = None,
    phone: str | None = None,
    nhis: str | None = None,
) -> list[Candidate]:
    """Those in scope this person may be, likeliest first."""
    session.execute(text(_ALIKE))
    vault = session.info["vault"]
    phone_index = addresses.index_of(vault, phone) if phone else b""
    nhis_index = sealed.index_of(vault, "nhis", nhis) if nhis else b""
    rows = session.execute(_like(full_name, phone_index, nhis_index, scope)).all()
    scored = [_scored(session, row, born_on) for row in rows]
    found = [each for each in scored if each.score >= ENOUGH]
    return sorted(found, key=lambda each: -each.score)


def _like(
    full_name: str, phone: bytes, nhis: bytes, scope: Scope
) -> Select[Patient, float, bool, bool]:
    folded = func.fold_name(full_name)
    likeness = func.similarity(Patient.name_folded, folded)
    holders = (
        select(AddressHolder.patient_id)
        .join(Address, Address.id == AddressHolder.address_id)
        .where(Address.value_index == phone)
    )
    # Each part by its own index.
    near = union(
        holders,
        select(Patient.id).where(Patient.nhis_index == nhis),
        select(Patient.id).where(Patient.name_folded.op("%")(folded)),
    )
    return (
        select(
            Patient,
            likeness.label("likeness"),
            Patient.id.in_(holders).label("same_phone"),
            func.coalesce(Patient.nhis_index == nhis, False).label("same_nhis"),
        )
        .where(Patient.id.in_(near), visible(scope))
        .where(Patient.status.not_in((PatientStatus.MERGED, PatientStatus.ERASED)))
        .order_by(text("same_nhis desc, same_phone desc, likeness desc"))
        .limit(_LOOKED_AT)
    )


def _scored(session: Session, row: Row[Patient, float, bool, bool], born: date | None) -> Candidate:
    patient, likeness, same_phone, same_nhis = row
    known = birthday(session, patient)
    same_day = born is not None and known == born
    other_day = born is not None and known is not None and known != born
    score = 0.6 * likeness + 0.25 * same_day - 0.35 * other_day + 0.15 * same_phone
    said = {
        "name": likeness >= _NAMES_ALIKE,
        "date_of_birth": same_day,
        "phone": same_phone,
        "nhis_number": same_nhis,
    }
    reasons = tuple(reason for reason, is_so in said.items() if is_so)
    return Candidate(patient, round(max(0.0, min(1.0, score + 0.5 * same_nhis)), 2), reasons)
