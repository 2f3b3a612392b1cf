"""Insurance: the covers of a patient."""

from datetime import date
from uuid import UUID

from crm import insurance, patients
from crm.api.kit import Body, Data, Door, Empty, call, needs
from crm.api.kit.fields import Code, Title
from crm.api.patients.bodies import PolicyBody
from crm.api.patients.parts import PolicyOut
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.models import Patient

door = Door("insurance", __name__)


class PolicyChange(Body):
    """What may change; a field left out stays, null empties it."""

    provider: Title | None = None
    plan: Title | None = None
    policy_number: Code | None = None
    expires_on: date | None = None


@door.get("/patients/<uuid:patient_id>/insurance")
@needs(Permission.PATIENTS_READ)
@door.output(Data[list[PolicyOut]])
def index(patient_id: UUID) -> Data[list[PolicyOut]]:
    """The patient's covers, the longest running first."""
    patient = _patient(patient_id)
    return Data(data=[PolicyOut.of(each) for each in insurance.of(call.session, patient.id)])


@door.post("/patients/<uuid:patient_id>/insurance")
@needs(Permission.PATIENTS_WRITE)
@door.input(PolicyBody)
@door.output(Data[PolicyOut], status_code=201)
def add(patient_id: UUID, json_data: PolicyBody) -> Data[PolicyOut]:
    """Write down a cover; one that has run out says so in the answer."""
    patient = _patient(patient_id)
    policy = insurance.add(call.session, patient.id, now=call.now, **json_data.model_dump())
    return Data(data=PolicyOut.of(policy))


@door.patch("/patients/<uuid:patient_id>/insurance/<uuid:policy_id>")
@needs(Permission.PATIENTS_WRITE)
@door.input(PolicyChange)
@door.output(Data[PolicyOut])
def change(patient_id: UUID, policy_id: UUID, json_data: PolicyChange) -> Data[PolicyOut]:
    """Correct a cover."""
    patient = _patient(patient_id)
    sent = json_data.model_dump(exclude_unset=True)
    if "provider" in sent and sent["provider"] is None:
        raise Invalid("provider", "This may be changed, but not emptied.", code="empty")
    policy = insurance.change(call.session, patient.id, policy_id, sent, now=call.now)
    return Data(data=PolicyOut.of(policy))


@door.delete("/patients/<uuid:patient_id>/insurance/<uuid:policy_id>")
@needs(Permission.PATIENTS_WRITE)
@door.output(Empty, status_code=204)
def remove(patient_id: UUID, policy_id: UUID) -> Empty:
    """Forget a cover that was written down by mistake."""
    insurance.remove(call.session, _patient(patient_id).id, policy_id)
    return Empty()


def _patient(patient_id: UUID) -> Patient:
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    return patient
