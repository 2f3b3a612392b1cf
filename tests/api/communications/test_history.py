"""What was said to somebody, and by whom it may be read."""

from crm.kit.permissions import Role
from tests.api.caller import Api
from tests.api.communications.sent import HELLO
from tests.crm.senders import reached


def test_bodies_are_for_those_who_answer_and_for_oneself(api: Api, ada):
    path = f"/patients/{ada.patient_id}/communications"
    api.as_(Role.FRONT_DESK, hospital="IKJ").post(path, HELLO)

    shown = {
        role: api.as_(role, hospital="IKJ").get(path).json["data"][0]["text"]
        for role in (Role.FRONT_DESK, Role.COMMUNICATIONS, Role.CLINICIAN, Role.AUDITOR)
    }
    own = api.as_patient(ada.patient_id).get(path).json["data"][0]

    assert shown == {
        Role.FRONT_DESK: HELLO["body"],
        Role.COMMUNICATIONS: HELLO["body"],
        Role.CLINICIAN: None,
        Role.AUDITOR: None,
    }
    assert (own["text"], own["status"], own["purpose"]) == (HELLO["body"], "queued", "care")


def test_nobody_reads_what_was_said_to_somebody_else(api: Api, ada, alhaji):
    with api.wiring.transaction() as session:
        other = reached(session, name="Musa Bello")

    path = f"/patients/{ada.patient_id}/communications"
    assert api.as_patient(other.patient_id).get(path).status_code == 404
    assert api.as_owner(alhaji.id).get(path).status_code == 403
    assert api.as_(Role.FINANCE).get(path).status_code == 403


def test_the_list_is_filtered_and_paged(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{ada.patient_id}/communications"
    for number in range(3):
        desk.post(path, {**HELLO, "body": f"Message {number}"})

    first = desk.get(path, limit=2).json
    rest = desk.get(path, limit=2, cursor=first["meta"]["next_cursor"]).json

    assert [each["text"] for each in first["data"]] == ["Message 2", "Message 1"]
    assert [each["text"] for each in rest["data"]] == ["Message 0"]
    assert desk.get(path, channel="whatsapp").json["data"] == []
    assert desk.get(path, status="queued", purpose="care").json["meta"]["next_cursor"] is None
