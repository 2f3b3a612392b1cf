"""Patients: who they are, and which addresses speak for them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from crm import consents
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from crm.models import AddressHolder, HolderRole, Patient, PatientStatus

BORN_ON = "patient_profiles.born_on"


def register(
    session: Session,
    *,
    address_id: UUID,
    full_name: str,
    born_on: date,
    now: datetime,
    state: str | None = None,
    home_hospital_id: UUID | None = None,
    language: str = "en",
    role: HolderRole = HolderRole.SELF,
    wording: str,
    source: str,
    proof_message_id: UUID | None = None,
) -> Patient:
    """Write down a patient, the address that speaks for them, and their consent to care."""
    vault: Vault = session.info["vault"]
    id_ = uuid7()
    patient = Patient(
        id=id_,
        full_name=full_name,
        born_on_sealed=vault.seal(born_on.isoformat(), where=BORN_ON, row=id_),
        state=state,
        home_hospital_id=home_hospital_id,
        language=language,
        created_at=now,
        updated_at=now,
    )
    session.add(patient)
    session.flush()
    session.add(AddressHolder(address_id=address_id, patient_id=id_, role=role, since=now))
    session.flush()
    consents.record(
        session,
        address_id=address_id,
        patient_id=id_,
        purpose="care",
        is_granted=True,
        wording=wording,
        language=language,
        source=source,
        proof_message_id=proof_message_id,
        now=now,
    )
    return patient


# Asked in many turns, so it is put together once.
_HELD_BY = (
    select(Patient, AddressHolder.role)
    .join(AddressHolder, AddressHolder.patient_id == Patient.id)
    .where(AddressHolder.address_id == bindparam("address_id"))
    .where(Patient.status == PatientStatus.ACTIVE)
    .order_by(AddressHolder.role.desc(), Patient.full_name)
)


def held_by(session: Session, address_id: UUID) -> Sequence[tuple[Patient, HolderRole]]:
    """The living patients an address speaks for, the phone's own person first, then by name."""
    rows = session.execute(_HELD_BY, {"address_id": address_id})
    return [(patient, role) for patient, role in rows]


def born_on(session: Session, patient: Patient) -> date | None:
    """The date of birth, opened."""
    if patient.born_on_sealed is None:
        return None
    vault: Vault = session.info["vault"]
    return date.fromisoformat(vault.open(patient.born_on_sealed, where=BORN_ON, row=patient.id))


def speak(session: Session, address_id: UUID, language: str) -> None:
    """Remember the language for the patients of this address."""
    for patient, _ in held_by(session, address_id):
        patient.language = language
    session.flush()
