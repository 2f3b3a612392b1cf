"""Legal holds: records that a court or an investigation needs as they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm import patients
from crm.kit.permissions import Scope
from crm.models import Patient


def place_legal_hold(
    session: Session, patient_id: UUID, reason: str | None, *, scope: Scope, now: datetime
) -> Patient:
    """Keep the record from being erased or merged away; None lifts the hold."""
    patient = patients.get(session, patient_id, scope=scope, lock=True)
    patient.legal_hold = reason
    patient.version += 1
    patient.updated_at = now
    session.flush()
    return patient
