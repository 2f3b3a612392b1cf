"""One patient, and who may see whom."""

from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from crm.kit.errors import Gone, NotFound
from crm.kit.permissions import Scope
from crm.models import Appointment, Patient, PatientStatus


class Erased(Gone):
    """The person asked to be forgotten, and was."""

    code = "erased"


class Merged(Gone):
    """The record was one of two of the same person; `merged_into` is the one that stays."""

    code = "merged"


def visible(scope: Scope) -> ColumnElement[bool]:
    """The patients somebody may see: at home in a hospital of theirs, or with a visit there."""
    if scope.patient_id is not None:
        return Patient.id == scope.patient_id
    if scope.owner_id is not None:
        return false()
    if scope.hospitals is None:
        return true()
    # Not EXISTS, for which every visit of the hospital would be read before the first patient.
    visit = (
        select(Appointment.id)
        .where(Appointment.patient_id == Patient.id)
        .where(Appointment.hospital_id.in_(scope.hospitals))
        .limit(1)
        .scalar_subquery()
    )
    return or_(Patient.home_hospital_id.in_(scope.hospitals), visit.is_not(None))


def find(session: Session, patient_id: UUID, *, scope: Scope, lock: bool = False) -> Patient:
    """The patient, whatever became of the record. Raises NotFound, also outside the scope."""
    query = select(Patient).where(Patient.id == patient_id, visible(scope))
    if lock:
        query = query.with_for_update(of=Patient).execution_options(populate_existing=True)
    patient = session.scalars(query).one_or_none()
    if patient is None:
        raise NotFound("There is no such patient.")
    return patient


def get(session: Session, patient_id: UUID, *, scope: Scope, lock: bool = False) -> Patient:
    """The patient. Raises NotFound, also outside the scope; Erased; Merged."""
    patient = find(session, patient_id, scope=scope, lock=lock)
    if patient.status is PatientStatus.ERASED:
        raise Erased("This record was erased at the person's request.")
    if patient.status is PatientStatus.MERGED:
        raise Merged("This record was merged into another.", merged_into=str(patient.merged_into))
    return patient
