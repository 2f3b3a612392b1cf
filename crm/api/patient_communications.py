"""Messages to patients, and what was said with them so far."""

from uuid import UUID

from sqlalchemy import select

from crm import appointments, communications, patients
from crm.api.kit import Data, Door, Page, call, idempotent, needs
from crm.api.line_shapes import LineOut, LineQuery
from crm.api.message_shapes import (
    MessageOut,
    WordsBody,
    narrowed,
    send_one,
)
from crm.communications import To
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.models import Patient, PersonKind

door = Door("patient_communications", __name__)


class PatientMessageBody(WordsBody):
    """A message to a patient, which may be about a visit of theirs."""

    appointment_id: UUID | None = None


@door.post("/patients/<uuid:patient_id>/communications")
@needs(Permission.MESSAGES_SEND)
@idempotent
@door.input(PatientMessageBody)
@door.output(Data[MessageOut], status_code=202)
def send(patient_id: UUID, json_data: PatientMessageBody) -> Data[MessageOut]:
    """Send a patient a message, now or later, past the gate; a minor's goes to the guardian."""
    scope = narrowed(Permission.PATIENTS_READ)
    patient = patients.get(call.session, patient_id, scope=scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    wish = json_data.wish(To.patient(patient_id), about_id=_visit(patient_id, json_data))
    return Data(data=send_one(wish))


@door.get("/patients/<uuid:patient_id>/communications")
@needs(Permission.MESSAGES_READ)
@door.input(LineQuery, location="query")
@door.output(Page[LineOut])
def index(patient_id: UUID, query_data: LineQuery) -> Page[LineOut]:
    """What was said with a patient, newest first; words for themselves and those who answer."""
    scope = narrowed(Permission.PATIENTS_READ)
    patient = patients.get(call.session, patient_id, scope=scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    found = communications.search(
        call.session,
        PersonKind.PATIENT,
        patient_id,
        query_data.wanted(),
        scope=scope,
        page=query_data.page(),
        opens_bodies=_may_open(patient_id),
    )
    sent = communications.timelines(call.session, [line.row.id for line in found.items])
    return Page[LineOut].of(found, lambda line: LineOut.of(line, sent.get(line.row.id)))


def _may_open(patient_id: UUID) -> bool:
    """Themselves, and whoever answers such people's messages."""
    if call.scope.patient_id == patient_id:
        return True
    answers = call.actor.scope(Permission.CONVERSATIONS_WRITE)
    query = select(Patient.id).where(Patient.id == patient_id, patients.visible(answers))
    return call.session.scalar(query) is not None


def _visit(patient_id: UUID, given: PatientMessageBody) -> UUID | None:
    if given.appointment_id is None:
        return None
    visit = appointments.get_in_scope(call.session, given.appointment_id, scope=call.scope)
    if visit.patient_id != patient_id:
        raise Invalid("appointment_id", "This visit is somebody else's.")
    return visit.id
