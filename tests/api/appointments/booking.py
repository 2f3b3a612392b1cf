"""How visits are asked for by API."""

from datetime import timedelta

from tests.api.clinics import offer

HOUR = timedelta(hours=1)


def wish(api, patient_id, start_at, *, who="any", **more):
    there = more.pop("there", None) or offer(api)
    return {
        "patient_id": str(patient_id),
        "hospital_id": str(there.hospital_id),
        "service_id": str(there.service_id),
        "practitioner_id": who if who == "any" else str(there.practitioner_ids[who]),
        "start_at": start_at,
        **more,
    }


def book(caller, api, patient_id, start_at, **more):
    answer = caller.post("/patients/appointments", wish(api, patient_id, start_at, **more))
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def rows(api, statement):
    with api.wiring.sessions() as session:
        return session.scalars(statement).all()
