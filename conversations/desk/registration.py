"""What registration asks of the house."""

from datetime import date
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from conversations.desk.appointments import recognise
from crm import hospitals, patients
from crm.models import HolderRole


def find_hospitals(desk: Desk, answers: Answers) -> Outcome:
    """Where they may be seen, those of their own state first."""
    known = hospitals.active(desk.session)
    ordered = sorted(known, key=lambda hospital: hospital.state != answers.get("state"))
    rows = [[str(hospital.id), hospital.name, hospital.address] for hospital in ordered]
    return ("one", rows[0]) if len(rows) == 1 else ("several", rows)


def register(desk: Desk, answers: Answers) -> Outcome:
    """Write the patient down with their consent; the phone now speaks for them."""
    is_first = not desk.held()
    patient = patients.register(
        desk.session,
        address_id=desk.talk.address_id,
        full_name=answers["name"],
        born_on=date.fromisoformat(answers["born_on"]),
        state=answers["state"],
        home_hospital_id=UUID(answers["hospital"]),
        language=desk.language,
        role=HolderRole.SELF if is_first else HolderRole.FAMILY,
        wording=answers.get("consent", "family-2026-11"),
        source=desk.channel.value,
        proof_message_id=desk.message_id,
        now=desk.now,
    )
    desk.known.clear()
    desk.talk.patient_id = patient.id
    recognise(desk, [*map(UUID, desk.talk.context.get("known", ())), patient.id])
    return "registered", [str(patient.id), patient.first_name]
