"""Looking at what is masked: a reason is asked, and the look is written down."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from crm import addresses, audit, insurance
from crm.audit import Act
from crm.kit.errors import Denied
from crm.kit.permissions import Actor, Permission
from crm.models import Patient
from crm.patients import families, sealed
from crm.patients.changes import CLINICAL

ADDRESSES = "addresses"
"""Every number and e-mail of the patient."""
POLICY_NUMBERS = "policy_numbers"
"""The number of every cover."""


def reveal(
    session: Session,
    patient: Patient,
    fields: Sequence[str],
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> Mapping[str, Any]:
    """The sealed fields asked for, in full. Raises Denied for clinical ones to others."""
    if CLINICAL & set(fields) and not by.may(Permission.CLINICAL_READ):
        raise Denied("Only clinical staff may read this.", fields=sorted(CLINICAL & set(fields)))
    audit.record(
        session,
        Act(
            actor=by,
            action="patients.reveal",
            entity="patient",
            entity_id=patient.id,
            hospital_id=patient.home_hospital_id,
            fields=sorted(fields),
            purpose=reason,
        ),
        now=now,
    )
    return {name: _open(session, patient, name) for name in fields}


def _open(session: Session, patient: Patient, name: str) -> Any:
    if name == ADDRESSES:
        held = families.addresses_of(session, patient.id)
        return [addresses.value_of(session, address) for address, _ in held]
    if name == POLICY_NUMBERS:
        return [insurance.number_of(session, each) for each in insurance.of(session, patient.id)]
    return sealed.read(session, patient, name)
