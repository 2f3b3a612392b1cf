"""What is said of patients, masked by who asks.

Numbers are shown by their last digits to everybody; `reveal` opens them for a reason. Phones,
e-mails and birthdays are shown to those who may reveal and to the patients themselves; what
treatment rests on, to clinical staff and to the patients themselves.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from bot.channels.carrier import Channel
from crm import addresses, patients
from crm.api.kit import Out, call
from crm.kit import phones
from crm.kit.clock import lagos_day
from crm.kit.permissions import Permission
from crm.models import (
    Address,
    BloodGroup,
    Gender,
    Genotype,
    HolderRole,
    Patient,
    PatientStatus,
)
from crm.patients import Candidate

_SHOWN_DIGITS = 4


class PatientAddressOut(Out):
    """A way to reach the patient."""

    id: UUID
    channel: Channel
    value: str
    role: HolderRole | None = None


class PatientRowOut(Out):
    """A patient in a list; the phone is always masked."""

    id: UUID
    mrn: str | None
    name: str
    gender: Gender | None
    birth_year: int | None
    phone: str | None
    language: str
    home_hospital_id: UUID | None
    status: PatientStatus

    @classmethod
    def of(cls, patient: Patient, held: Sequence[Address]) -> "PatientRowOut":
        """The row of a patient with these addresses."""
        born = patients.born_on(call.session, patient)
        phone = next((each for each in held if each.channel is not Channel.EMAIL), None)
        return cls(
            id=patient.id,
            mrn=patient.mrn,
            name=patient.full_name,
            gender=patient.gender,
            birth_year=born.year if born else None,
            phone=phones.mask(addresses.value_of(call.session, phone)) if phone else None,
            language=patient.language,
            home_hospital_id=patient.home_hospital_id,
            status=patient.status,
        )


class ClinicalOut(Out):
    """What treatment rests on."""

    blood_group: BloodGroup | None
    genotype: Genotype | None
    allergies: list[str]
    notes: str | None


class PatientOut(Out):
    """A patient's record."""

    id: UUID
    mrn: str | None
    name: str
    first_name: str
    last_name: str
    date_of_birth: date | None
    birth_year: int | None
    age: int | None
    is_birth_estimated: bool
    is_minor: bool
    gender: Gender | None
    phone: str | None
    email: str | None
    contacts: list[PatientAddressOut]
    nin_masked: str | None
    nhis_number_masked: str | None
    address: dict[str, Any] | None
    state: str | None
    emergency_contact: dict[str, Any] | None
    clinical: ClinicalOut | None
    """None to those who do not treat."""
    guardian_id: UUID | None
    language: str
    preferred_channel: Channel | None
    home_hospital_id: UUID | None
    status: PatientStatus
    is_on_legal_hold: bool
    version: int
    created_at: datetime

    @classmethod
    def of(cls, patient: Patient) -> "PatientOut":
        """The record as the caller may see it."""
        session, opened = call.session, may_see_contacts(patient)
        born = patients.born_on(session, patient)
        contacts = [contact(a, role, opened) for a, role in _held(patient)]
        return cls(
            id=patient.id,
            mrn=patient.mrn,
            name=patient.full_name,
            first_name=patient.first_name,
            last_name=patient.last_name,
            date_of_birth=born if opened else None,
            birth_year=born.year if born else None,
            age=patients.age(born, on=lagos_day(call.now)) if born else None,
            is_birth_estimated=patient.is_birth_estimated,
            is_minor=patients.is_minor(born, now=call.now),
            gender=patient.gender,
            phone=_first(contacts, Channel.WHATSAPP, Channel.SMS),
            email=_first(contacts, Channel.EMAIL),
            contacts=contacts,
            nin_masked=last_digits(patients.read(session, patient, "nin")),
            nhis_number_masked=last_digits(patients.read(session, patient, "nhis")),
            address=patients.read(session, patient, "home") if opened else None,
            state=patient.state,
            emergency_contact=_emergency(patient, opened),
            clinical=_clinical(patient),
            guardian_id=patient.guardian_id,
            language=patient.language,
            preferred_channel=patient.preferred_channel,
            home_hospital_id=patient.home_hospital_id,
            status=patient.status,
            is_on_legal_hold=patient.legal_hold is not None,
            version=patient.version,
            created_at=patient.created_at,
        )


class CandidateOut(Out):
    """Somebody the new patient may be, said so that a stranger learns little."""

    id: UUID
    name: str
    mrn: str | None
    birth_year: int | None
    phone: str | None
    score: float
    reasons: list[str]

    @classmethod
    def of(cls, candidate: Candidate) -> "CandidateOut":
        """The first name and an initial, a masked phone, the year."""
        patient = candidate.patient
        held = patients.addresses_of_many(call.session, [patient.id])[patient.id]
        row = PatientRowOut.of(patient, held)
        initial = f" {patient.last_name[:1]}." if patient.last_name else ""
        return cls(
            id=patient.id,
            name=patient.first_name + initial,
            mrn=patient.mrn,
            birth_year=row.birth_year,
            phone=row.phone,
            score=candidate.score,
            reasons=list(candidate.reasons),
        )


def may_see_contacts(patient: Patient) -> bool:
    """Those who may reveal, and the patient."""
    return call.may(Permission.PATIENTS_REVEAL) or call.actor.patient_id == patient.id


def contact(address: Address, role: HolderRole, opened: bool) -> PatientAddressOut:  # noqa: FBT001 -- a fact of the caller
    """An address, masked unless opened."""
    value = addresses.value_of(call.session, address)
    shown = value if opened else masked(value)
    return PatientAddressOut(id=address.id, channel=address.channel, value=shown, role=role)


def masked(value: str) -> str:
    """A phone as 080****1234, an e-mail by its first letter and its house."""
    if "@" in value:
        name, _, house = value.rpartition("@")
        return f"{name[:1]}****@{house}"
    return phones.mask(value)


def last_digits(number: str | None) -> str | None:
    """A number by its last four."""
    return number and "****" + number[-_SHOWN_DIGITS:]


def _held(patient: Patient) -> Sequence[tuple[Address, HolderRole]]:
    return patients.addresses_of(call.session, patient.id)


def _first(contacts: Sequence[PatientAddressOut], *channels: Channel) -> str | None:
    return next((c.value for channel in channels for c in contacts if c.channel is channel), None)


def _emergency(patient: Patient, opened: bool) -> dict[str, Any] | None:  # noqa: FBT001 -- as above
    said: dict[str, Any] | None = patients.read(call.session, patient, "emergency_contact")
    if said is None or opened:
        return said
    return said | {"phone": phones.mask(said["phone"])}


def _clinical(patient: Patient) -> ClinicalOut | None:
    if not (call.may(Permission.CLINICAL_READ) or call.actor.patient_id == patient.id):
        return None
    return ClinicalOut(
        blood_group=patient.blood_group,
        genotype=patient.genotype,
        allergies=patients.read(call.session, patient, "allergies") or [],
        notes=patients.read(call.session, patient, "clinical_notes"),
    )
