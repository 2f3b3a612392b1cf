"""Finding and showing patients."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import func, select

from crm import consents, insurance, patients, preferences
from crm.api.kit import Data, Page, call, needs
from crm.api.patients.answers import PatientOut, PatientRowOut
from crm.api.patients.bodies import PatientFilter, PatientSearch, ProfileParts
from crm.api.patients.door import door
from crm.api.patients.parts import (
    ConsentOut,
    FamilyOut,
    FeedbackInShort,
    PatientCountsOut,
    PatientVisitOut,
    PointsInShort,
    PolicyOut,
    ProfileOut,
)
from crm.api.preferences import PreferencesOut
from crm.kit.errors import Invalid
from crm.kit.paging import Found, PageRequest
from crm.kit.permissions import Permission
from crm.models import LoyaltyAccount, Patient, PatientFeedback
from crm.patients import Wanted

PURPOSES = ("care", "operations", "support", "audit")
"""What somebody may look at a record for, in the header X-Purpose."""


@door.get("/patients")
@needs(Permission.PATIENTS_READ)
@door.input(PatientFilter, location="query")
@door.output(Page[PatientRowOut])
def index(query_data: PatientFilter) -> Page[PatientRowOut]:
    """The patients of one's hospitals by name, or those whose names begin so."""
    wanted = Wanted(
        name=query_data.q,
        address=query_data.phone,
        mrn=query_data.mrn,
        hospital_id=query_data.hospital_id,
        status=query_data.status,
    )
    found = patients.search(call.session, wanted, scope=call.scope, page=query_data.page())
    return _rows(found)


@door.post("/patients/search")
@needs(Permission.PATIENTS_READ)
@door.input(PatientSearch)
@door.output(Page[PatientRowOut])
def search(json_data: PatientSearch) -> Page[PatientRowOut]:
    """Find by a whole NIN, NHIS/NHIA number, phone or e-mail, which belong in no address line."""
    wanted = Wanted(
        name=json_data.q,
        address=json_data.phone or json_data.email,
        nin=json_data.nin,
        nhis=json_data.nhis_number,
        mrn=json_data.mrn,
    )
    page = PageRequest(json_data.limit, json_data.cursor)
    return _rows(patients.search(call.session, wanted, scope=call.scope, page=page))


@door.get("/patients/<uuid:patient_id>/profile")
@needs(Permission.PATIENTS_READ)
@door.input(ProfileParts, location="query")
@door.output(Data[ProfileOut])
def profile(patient_id: UUID, query_data: ProfileParts) -> Data[ProfileOut]:
    """One record, masked by role, with what is asked for beside it.

    The header X-Purpose says what for: care, operations, support or audit. An erased record is
    410; a merged one too, and names the record it went into.
    """
    if request.headers.get("X-Purpose", PURPOSES[1]) not in PURPOSES:
        raise Invalid("X-Purpose", f"Say one of {', '.join(PURPOSES)}.")
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    parts = {part: _PARTS[part](patient) for part in query_data.include}
    counts = patients.counts(call.session, patient, scope=call.scope, now=call.now)
    shown = PatientOut.of(patient).model_dump()
    return Data(data=ProfileOut(**shown, counts=PatientCountsOut.model_validate(counts), **parts))


@door.get("/patients/<uuid:patient_id>/family")
@needs(Permission.PATIENTS_READ)
@door.output(Data[list[FamilyOut]])
def family(patient_id: UUID) -> Data[list[FamilyOut]]:
    """Those who share a phone with the patient."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    return Data(data=_family(patient))


@door.get("/patients/<uuid:patient_id>/consents")
@needs(Permission.PATIENTS_READ)
@door.output(Data[list[ConsentOut]])
def consent_history(patient_id: UUID) -> Data[list[ConsentOut]]:
    """Every act of agreeing or withdrawing, oldest first."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    return Data(data=_consents(patient))


def _rows(found: Found[Patient]) -> Page[PatientRowOut]:
    held = patients.addresses_of_many(call.session, [patient.id for patient in found.items])
    return Page[PatientRowOut].of(
        found, lambda patient: PatientRowOut.of(patient, held[patient.id])
    )


# -- the parts of a profile -----------------------------------------------------------------------


def _appointments(patient: Patient) -> list[PatientVisitOut]:
    found = patients.visits(call.session, patient, scope=call.scope)
    return [PatientVisitOut.model_validate(visit) for visit in found]


def _loyalty(patient: Patient) -> PointsInShort | None:
    call.require(Permission.LOYALTY_READ)
    account = call.session.scalars(
        select(LoyaltyAccount).where(LoyaltyAccount.patient_id == patient.id)
    ).one_or_none()
    return PointsInShort.model_validate(account) if account else None


def _feedback(patient: Patient) -> FeedbackInShort:
    mine = PatientFeedback.patient_id == patient.id
    if call.scope.is_staff:
        mine &= call.require(Permission.FEEDBACK_READ).where(PatientFeedback.hospital_id)
    answers, average, last_at = call.session.execute(
        select(
            func.count(), func.avg(PatientFeedback.rating), func.max(PatientFeedback.said_at)
        ).where(mine)
    ).one()
    shown = None if average is None else round(float(average), 2)
    return FeedbackInShort(answers=answers, average=shown, last_at=last_at)


def _preferences(patient: Patient) -> dict[str, Any]:
    return PreferencesOut.of(preferences.of(call.session, patient)).model_dump()


def _insurance(patient: Patient) -> list[PolicyOut]:
    return [PolicyOut.of(policy) for policy in insurance.of(call.session, patient.id)]


def _consents(patient: Patient) -> list[ConsentOut]:
    return [ConsentOut.of(each) for each in consents.history(call.session, patient.id)]


def _family(patient: Patient) -> list[FamilyOut]:
    return [
        FamilyOut(
            id=each.id, name=each.full_name, mrn=each.mrn, is_ward=each.guardian_id == patient.id
        )
        for each in patients.family(call.session, patient, scope=call.scope)
    ]


_PARTS: Mapping[str, Callable[[Patient], Any]] = {
    "appointments": _appointments,
    "loyalty": _loyalty,
    "feedback": _feedback,
    "preferences": _preferences,
    "insurance": _insurance,
    "consents": _consents,
    "family": _family,
}
