"""What concerns a whole person: revealing, merging, exporting, erasing, holding; and files."""

from typing import Any
from uuid import UUID

from crm import imports, patients, privacy
from crm.api.kit import Data, Out, call, needs
from crm.api.patients.answers import PatientOut
from crm.api.patients.bodies import (
    EraseBody,
    LegalHoldBody,
    MergeBody,
    PatientImportBody,
    RevealBody,
)
from crm.api.patients.door import door
from crm.api.patients.writing import home
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission

_INSIDE = {
    "date_of_birth": "born_on",
    "nhis_number": "nhis",
    "address": "home",
    "contacts": "addresses",
}


class RevealedOut(Out):
    """The fields asked for, in full."""

    fields: dict[str, Any]


class ErasedOut(Out):
    """How many rows lost their words, by table."""

    rows: dict[str, int]


class PersonExportOut(Out):
    """Everything about a person."""

    exported_at: str
    exported_by: dict[str, Any]
    person: dict[str, Any]
    addresses: list[dict[str, Any]]
    family: list[dict[str, Any]]
    records: dict[str, list[dict[str, Any]]]
    looked_at: list[dict[str, Any]]


class PatientRowErrorOut(Out):
    """What is wrong in a line of the file; the header is line 1."""

    line: int
    field: str
    code: str
    message: str


class PatientsImportedOut(Out):
    """What became of the rows; a dry run says the same and keeps nothing."""

    rows: int
    created: int
    is_dry_run: bool
    errors: list[PatientRowErrorOut]


@door.post("/patients/<uuid:patient_id>/reveal")
@needs(Permission.PATIENTS_REVEAL)
@door.input(RevealBody)
@door.output(Data[RevealedOut])
def reveal(patient_id: UUID, json_data: RevealBody) -> Data[RevealedOut]:
    """Show masked fields in full; the reason is written into the audit."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    inside = {name: _INSIDE.get(name, name) for name in json_data.fields}
    opened = dict(
        patients.reveal(
            call.session,
            patient,
            list(inside.values()),
            reason=json_data.reason,
            by=call.actor,
            now=call.now,
        )
    )
    return Data(data=RevealedOut(fields={name: opened[key] for name, key in inside.items()}))


@door.post("/patients/<uuid:patient_id>/merge")
@needs(Permission.PATIENTS_MERGE)
@door.input(MergeBody)
@door.output(Data[PatientOut])
def merge(patient_id: UUID, json_data: MergeBody) -> Data[PatientOut]:
    """Move all that the duplicate has to this record; the duplicate then points here."""
    kept = privacy.merge(
        call.session,
        patient_id,
        json_data.duplicate_id,
        reason=json_data.reason,
        scope=call.scope,
        by=call.actor,
        now=call.now,
    )
    call.concerns("patient", kept.id, hospital_id=kept.home_hospital_id)
    return Data(data=PatientOut.of(kept))


@door.post("/patients/<uuid:patient_id>/export")
@needs(Permission.PATIENTS_EXPORT)
@door.output(Data[PersonExportOut])
def export(patient_id: UUID) -> Data[PersonExportOut]:
    """Everything we hold about the person, and who looked at it; the request is written down."""
    made = privacy.export(call.session, patient_id, scope=call.scope, by=call.actor, now=call.now)
    return Data(data=PersonExportOut.model_validate(made))


@door.post("/patients/<uuid:patient_id>/erase")
@needs(Permission.PATIENTS_ERASE)
@door.input(EraseBody)
@door.output(Data[ErasedOut])
def erase(patient_id: UUID, json_data: EraseBody) -> Data[ErasedOut]:
    """Forget who the person is; money and audit stay. It cannot be undone."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    if json_data.confirm_name.casefold() != patient.full_name.casefold():
        raise Invalid("confirm_name", "This is not the name of the record.", code="other_name")
    rows = privacy.erase(call.session, patient_id, scope=call.scope, by=call.actor, now=call.now)
    return Data(data=ErasedOut(rows=rows))


@door.put("/patients/<uuid:patient_id>/legal-hold")
@needs(Permission.PATIENTS_ERASE)
@door.input(LegalHoldBody)
@door.output(Data[PatientOut])
def place_hold(patient_id: UUID, json_data: LegalHoldBody) -> Data[PatientOut]:
    """Keep the record from being erased, for a court or an investigation."""
    return _held(patient_id, json_data.reason)


@door.delete("/patients/<uuid:patient_id>/legal-hold")
@needs(Permission.PATIENTS_ERASE)
@door.output(Data[PatientOut])
def lift_hold(patient_id: UUID) -> Data[PatientOut]:
    """The hold is over."""
    return _held(patient_id, None)


@door.post("/patients/import")
@needs(Permission.PATIENTS_IMPORT)
@door.input(PatientImportBody)
@door.output(Data[PatientsImportedOut])
def import_file(json_data: PatientImportBody) -> Data[PatientsImportedOut]:
    """Register patients from CSV text, at most 1,000 rows; good rows count, bad ones are named."""
    done = imports.from_csv(
        call.session,
        json_data.csv,
        hospital_id=home(json_data.hospital_id),
        scope=call.scope,
        is_dry_run=json_data.dry_run,
        now=call.now,
    )
    return Data(
        data=PatientsImportedOut(
            rows=done.rows,
            created=len(done.created),
            is_dry_run=json_data.dry_run,
            errors=[PatientRowErrorOut.model_validate(error) for error in done.errors],
        )
    )


def _held(patient_id: UUID, reason: str | None) -> Data[PatientOut]:
    patient = privacy.place_legal_hold(
        call.session, patient_id, reason, scope=call.scope, now=call.now
    )
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    return Data(data=PatientOut.of(patient))
