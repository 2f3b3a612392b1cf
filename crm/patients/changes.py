"""Changes to a patient's record, one editor at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm import hospitals
from crm.kit.errors import Denied, StaleVersion
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import Patient
from crm.patients import facts, people, registering, sealed
from crm.patients.refusals import spoken

CLINICAL = frozenset({"blood_group", "genotype", "allergies", "clinical_notes"})


def change(
    session: Session,
    patient_id: UUID,
    changes: Mapping[str, Any],
    *,
    version: int,
    scope: Scope,
    by: Actor,
    now: datetime,
) -> Patient:
    """Set fields by their names in the record. Raises StaleVersion, Denied for clinical ones."""
    require_clinical(by, changes)
    patient = people.get(session, patient_id, scope=scope, lock=True)
    check_version(patient, version)
    _check(session, patient, changes, scope=scope, now=now)
    with spoken(session):
        for name, value in changes.items():
            if name in sealed.SEALED:
                sealed.write(session, patient, name, value)
            else:
                setattr(patient, name, value)
        patient.version += 1
        patient.updated_at = now
    return patient


def require_clinical(by: Actor, changes: Mapping[str, Any]) -> None:
    """Only those who treat write what treatment rests on. Raises Denied."""
    clinical = sorted(CLINICAL & {name for name, value in changes.items() if value})
    if clinical and not by.may(Permission.CLINICAL_WRITE):
        raise Denied("Only clinical staff may write this.", fields=clinical)


def check_version(patient: Patient, version: int) -> None:
    """Raise StaleVersion when somebody else was faster."""
    if patient.version != version:
        raise StaleVersion(
            "Somebody changed this record since you read it.", version=patient.version
        )


def _check(
    session: Session, patient: Patient, changes: Mapping[str, Any], *, scope: Scope, now: datetime
) -> None:
    hospital_id = changes.get("home_hospital_id")
    if hospital_id is not None:
        hospitals.get(session, hospital_id, scope=scope)
    if {"born_on", "guardian_id"} & set(changes):
        registering.check_guardian(
            session,
            changes.get("guardian_id", patient.guardian_id),
            born=changes.get("born_on") or facts.born_on(session, patient),
            child_id=patient.id,
            scope=scope,
            now=now,
        )
