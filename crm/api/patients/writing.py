"""Registering and changing patients, and the addresses that speak for them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from bot.channels.carrier import Channel
from crm import hospitals, insurance, loyalty, patients, referrals
from crm.api.kit import Body, Data, Empty, call, expected_version, needs
from crm.api.kit.fields import Email, PhoneText
from crm.api.patients.answers import (
    CandidateOut,
    PatientAddressOut,
    PatientOut,
    contact,
    may_see_contacts,
)
from crm.api.patients.bodies import PatientAddressBody, PatientChange, ProfileBody
from crm.api.patients.door import door
from crm.api.patients.parts import PointsInShort, RegisteredOut
from crm.kit.clock import lagos_day
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.patients import Agreement, PossibleDuplicate, Registration
from crm.preferences import PURPOSES

_EARLIEST = date(1900, 1, 1)
_WORDS = {"care": "care", **PURPOSES}
_RENAMED = {
    "date_of_birth": "born_on",
    "nhis_number": "nhis",
    "address": "home",
    "external_mrn": "mrn",
}
_NEVER_EMPTY = ("first_name", "date_of_birth", "language", "status", "home_hospital_id")


@door.post("/patients/profile")
@needs(Permission.PATIENTS_WRITE)
@door.input(ProfileBody)
@door.output(Data[RegisteredOut], status_code=201)
def register(json_data: ProfileBody) -> Data[RegisteredOut]:
    """Register a patient with what they agreed to.

    409 possible_duplicate names candidates; send `confirm_new` when it is another person.
    """
    new = _registration(json_data)
    patients.require_clinical(call.actor, json_data.model_dump(exclude_none=True))
    try:
        patient, passed_over = patients.enrol(
            call.session,
            new,
            scope=call.scope,
            source="staff",
            is_confirmed_new=json_data.confirm_new,
            now=call.now,
        )
    except PossibleDuplicate as error:
        found = [CandidateOut.of(each).model_dump(mode="json") for each in error.candidates]
        error.facts["candidates"] = found
        raise
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    if json_data.hmo:
        insurance.add(call.session, patient.id, now=call.now, **json_data.hmo.model_dump())
    if json_data.referral_code:
        code = json_data.referral_code
        referrals.join(call.session, code=code, friend_id=patient.id, now=call.now)
    account = loyalty.enrol(call.session, patient.id, now=call.now)
    return Data(
        data=RegisteredOut(
            **PatientOut.of(patient).model_dump(),
            loyalty=PointsInShort.model_validate(account),
            duplicates_ignored=[CandidateOut.of(each) for each in passed_over],
        )
    )


@door.patch("/patients/<uuid:patient_id>")
@needs(Permission.PATIENTS_WRITE)
@door.input(PatientChange)
@door.output(Data[PatientOut])
def change(patient_id: UUID, json_data: PatientChange) -> Data[PatientOut]:
    """Correct a record; a field left out stays, null empties it."""
    patient = patients.change(
        call.session,
        patient_id,
        _changes(json_data),
        version=expected_version(json_data.version),
        scope=call.scope,
        by=call.actor,
        now=call.now,
    )
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    return Data(data=PatientOut.of(patient))


@door.post("/patients/<uuid:patient_id>/addresses")
@needs(Permission.PATIENTS_WRITE)
@door.input(PatientAddressBody)
@door.output(Data[PatientAddressOut], status_code=201)
def add_address(patient_id: UUID, json_data: PatientAddressBody) -> Data[PatientAddressOut]:
    """Let a number or an e-mail speak for the patient; it may speak for others too."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    value = _address_value(json_data.channel, json_data.value)
    held = patients.hold(
        call.session, patient.id, json_data.channel, value, role=json_data.role, now=call.now
    )
    return Data(data=contact(held, json_data.role, may_see_contacts(patient)))


@door.delete("/patients/<uuid:patient_id>/addresses/<uuid:address_id>")
@needs(Permission.PATIENTS_WRITE)
@door.output(Empty, status_code=204)
def remove_address(patient_id: UUID, address_id: UUID) -> Empty:
    """Let it speak for the patient no more; the last one stays."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    patients.release(call.session, patient.id, address_id)
    return Empty()


def home(hospital_id: UUID | None) -> UUID:
    """The hospital named, or the caller's only one. Raises NotFound, Invalid."""
    if hospital_id is not None:
        return hospitals.get(call.session, hospital_id, scope=call.scope).id
    mine = call.scope.hospitals or frozenset()
    if len(mine) != 1:
        raise Invalid("home_hospital_id", "Say which hospital.", code="missing")
    return next(iter(mine))


def _registration(body: ProfileBody) -> Registration:
    born, is_estimated = _born(body.date_of_birth, body.age_estimate)
    return Registration(
        full_name=f"{body.first_name} {body.last_name}",
        phone=body.phone,
        agreements=[
            Agreement(_WORDS[c.purpose], c.granted, c.wording_version, c.channel)
            for c in body.consents
        ],
        born_on=born,
        is_birth_estimated=is_estimated,
        nhis=body.nhis_number,
        home=_said(body.address),
        emergency_contact=_said(body.emergency_contact),
        allergies=body.allergies or (),
        home_hospital_id=home(body.home_hospital_id),
        mrn=body.external_mrn,
        **{name: getattr(body, name) for name in _AS_THEY_ARE},
    )


def _said(part: Body | None) -> dict[str, str] | None:
    """What was filled in of a part of the form."""
    return part.model_dump(exclude_none=True) if part else None


_AS_THEY_ARE = (
    "email",
    "gender",
    "nin",
    "state",
    "language",
    "blood_group",
    "genotype",
    "clinical_notes",
    "guardian_id",
    "preferred_channel",
)


def _born(day: date | None, age: int | None) -> tuple[date | None, bool]:
    """The birthday, or the first of July of the year that an estimate points to."""
    today = lagos_day(call.now)
    if age is not None:
        return date(today.year - age, 7, 1) if age else today, True
    if day is not None and not _EARLIEST <= day <= today:
        raise Invalid("date_of_birth", "It lies between 1900 and today.", code="date")
    return day, False


def _changes(body: PatientChange) -> Mapping[str, Any]:
    """What was sent, by the record's own names."""
    sent = body.model_dump(exclude_unset=True, exclude={"version"})
    empty = next((name for name in _NEVER_EMPTY if name in sent and sent[name] is None), None)
    if empty:
        raise Invalid(empty, "This may be changed, but not emptied.", code="empty")
    first, last = sent.pop("first_name", None), sent.pop("last_name", None)
    if first:
        sent["full_name"] = f"{first} {last}"
    if "date_of_birth" in sent:
        sent["date_of_birth"], sent["is_birth_estimated"] = _born(sent["date_of_birth"], None)
    for name in ("address", "emergency_contact"):
        if sent.get(name):
            sent[name] = {key: value for key, value in sent[name].items() if value is not None}
    return {_RENAMED.get(name, name): value for name, value in sent.items()}


def _address_value(channel: Channel, value: str) -> str:
    kind: Any = Email if channel is Channel.EMAIL else PhoneText
    try:
        read: str = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Invalid("value", said, code="address") from None
    return read
