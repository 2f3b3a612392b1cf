"""Patients through the API: registered, found, shown by role, corrected, revealed."""

from uuid import UUID, uuid4

import pytest

from crm.kit.permissions import Role
from tests.api.caller import Api

BOLA = {
    "first_name": "Bola",
    "last_name": "Ade",
    "phone": "09140000031",
    "nin": None,
    "nhis_number": None,
}
BODY = {
    "first_name": "Zainab",
    "last_name": "Bello",
    "phone": "0914 000 0021",
    "date_of_birth": "1990-11-25",
    "gender": "female",
    "email": "Zainab@Example.com",
    "nin": "123 4567 8901",
    "nhis_number": "nh/1234-5",
    "address": {"line": "4 Allen Avenue", "city": "Ikeja", "lga": "Ikeja"},
    "state": "Lagos",
    "emergency_contact": {"name": "Musa Bello", "relation": "brother", "phone": "09140000022"},
    "hmo": {"provider": "Hygeia", "plan": "Gold", "policy_number": "HYG-998877"},
    "consents": [{"purpose": "care", "granted": True, "wording_version": "care-2026-11"}],
}


def register(api: Api, hospital: str = "IKJ", **more) -> dict:
    answer = api.as_(Role.FRONT_DESK, hospital=hospital).post("/patients/profile", BODY | more)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


# -- registering ----------------------------------------------------------------------------------


def test_the_desk_registers_and_gets_a_number_points_and_masks(api: Api):
    made = register(api)
    assert made["mrn"].startswith("IKJ-")
    assert made["phone"] == "+2349140000021"
    assert made["email"] == "zainab@example.com"
    assert made["nin_masked"] == "****8901"
    assert made["nhis_number_masked"] == "****34-5"
    assert made["loyalty"]["tier"]
    assert made["clinical"] is None
    assert made["age"] == 35
    assert made["home_hospital_id"] == str(api.hospitals["IKJ"])


def test_a_friends_code_is_heeded_and_a_wrong_one_refused(api: Api):
    code = register(api)["loyalty"]["referral_code"]
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    wrong = desk.post("/patients/profile", BODY | BOLA | {"referral_code": "NOSUCHCO"})
    assert wrong.status_code in {404, 409, 422}
    assert desk.get("/patients", q="bola").json["data"] == []
    assert register(api, **BOLA, referral_code=code)


def test_a_second_record_of_one_person_must_be_meant(api: Api):
    first = register(api)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    again = BODY | {"nin": None, "phone": "+234 914 000 0021"}
    refused = desk.post("/patients/profile", again)
    assert (refused.status_code, refused.json["code"]) == (409, "possible_duplicate")
    (candidate,) = refused.json["candidates"]
    assert candidate["id"] == first["id"]
    assert candidate["name"] == "Zainab B."
    assert candidate["phone"] == "091****0021"
    assert candidate["score"] >= 0.7
    assert "+2349140000021" not in refused.text

    meant = desk.post("/patients/profile", again | {"confirm_new": True})
    assert meant.status_code == 201
    assert meant.json["data"]["duplicates_ignored"][0]["id"] == first["id"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"nin": "12345678901"}, 409, "nin_taken"),
        ({"external_mrn": "F-1"}, 409, "mrn_taken"),
        ({"nin": "123"}, 422, "invalid"),
        ({"phone": "0803"}, 422, "invalid"),
        ({"first_name": "<b>"}, 422, "invalid"),
        ({"first_name": "Ada\x00"}, 422, "invalid"),
        ({"date_of_birth": "2027-01-01"}, 422, "invalid"),
        ({"date_of_birth": "1890-01-01"}, 422, "invalid"),
        ({"date_of_birth": None}, 422, "invalid"),
        ({"age_estimate": 30}, 422, "invalid"),
        ({"date_of_birth": "2015-01-01"}, 422, "invalid"),
        ({"consents": []}, 422, "invalid"),
        ({"state": "Texas"}, 422, "invalid"),
        ({"shoe_size": 43}, 422, "invalid"),
        ({"allergies": ["penicillin"]}, 403, "forbidden"),
        ({"guardian_id": str(uuid4())}, 404, "not_found"),
    ],
)
def test_what_does_not_hold_is_refused(api: Api, change, status, code):
    register(api, external_mrn="F-1")
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    answer = desk.post("/patients/profile", BODY | BOLA | change)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json


def test_an_estimated_age_is_said_to_be_one(api: Api):
    made = register(api, date_of_birth=None, age_estimate=40)
    assert (made["is_birth_estimated"], made["birth_year"]) == (True, 1986)


def test_nobody_registers_at_another_hospital(api: Api):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    there = BODY | {"home_hospital_id": str(api.hospitals["WUS"])}
    assert desk.post("/patients/profile", there).status_code == 404
    everywhere = api.as_(Role.ADMIN)
    assert everywhere.post("/patients/profile", BODY).status_code == 422
    assert everywhere.post("/patients/profile", there).status_code == 201


# -- finding --------------------------------------------------------------------------------------


def test_people_are_found_by_name_number_and_what_they_can_show(api: Api):
    made = register(api)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    for query in ({"q": "bel zai"}, {"phone": "09140000021"}, {"mrn": made["mrn"]}):
        (row,) = desk.get("/patients", **query).json["data"]
        assert row["id"] == made["id"]
        assert row["phone"] == "091****0021"
    for body in ({"nin": "12345678901"}, {"nhis_number": "NH/1234-5"}, {"phone": "09140000021"}):
        (row,) = desk.post("/patients/search", body).json["data"]
        assert row["id"] == made["id"]
    assert desk.post("/patients/search", {}).status_code == 422
    assert desk.get("/patients", q="zainab", cursor="nonsense").status_code == 422


def test_another_hospital_finds_nothing_and_may_touch_nothing(api: Api):
    made = register(api)
    there = api.as_(Role.HOSPITAL_ADMIN, hospital="WUS")
    path = f"/patients/{made['id']}"
    assert there.get("/patients", q="zainab").json["data"] == []
    assert there.post("/patients/search", {"nin": "12345678901"}).json["data"] == []
    own = register(api, "WUS", **BOLA)
    reason = {"reason": "two of one person"}
    refused = [
        there.get(f"{path}/profile"),
        there.get(f"{path}/family"),
        there.get(f"{path}/consents"),
        there.get(f"{path}/preferences"),
        there.get(f"{path}/insurance"),
        there.patch(path, {"version": 1, "state": "Kano"}),
        there.patch(f"{path}/preferences", {"version": 1, "language": "ha"}),
        there.post(f"{path}/reveal", {"fields": ["nin"], "reason": "to see it"}),
        there.post(f"{path}/addresses", {"channel": "sms", "value": "09140000099"}),
        there.post(f"{path}/insurance", {"provider": "Hygeia"}),
        there.post(f"{path}/export"),
        there.post(f"{path}/erase", {"reason": "asked for it", "confirm_name": "Zainab Bello"}),
        there.post(f"{path}/data-requests", {"kind": "erase"}),
        there.post(f"{path}/merge", reason | {"duplicate_id": own["id"]}),
        there.post(f"/patients/{own['id']}/merge", reason | {"duplicate_id": made["id"]}),
        there.put(f"{path}/legal-hold", {"reason": "a court asked"}),
    ]
    assert {answer.status_code for answer in refused} == {404}


def test_no_id_but_a_real_one_opens_a_record(api: Api):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    assert desk.get(f"/patients/{uuid4()}/profile").status_code == 404
    assert desk.get("/patients/nonsense/profile").status_code == 404


# -- showing --------------------------------------------------------------------------------------


def test_each_role_sees_what_it_may(api: Api):
    made = register(api)
    doctor = api.as_(Role.CLINICIAN, Role.FRONT_DESK, hospital="IKJ")
    changed = doctor.patch(
        f"/patients/{made['id']}",
        {"version": 1, "allergies": ["penicillin"], "genotype": "AS", "blood_group": "O+"},
    )
    assert changed.status_code == 200, changed.json
    path = f"/patients/{made['id']}/profile"

    def shown(*roles):
        return api.as_(*roles, hospital="IKJ").get(path).json["data"]

    assert shown(Role.CLINICIAN)["clinical"]["allergies"] == ["penicillin"]
    desk = shown(Role.FRONT_DESK)
    assert desk["clinical"] is None
    assert (desk["phone"], desk["date_of_birth"]) == ("+2349140000021", "1990-11-25")
    for role in (Role.COMMUNICATIONS, Role.AUDITOR):
        masked = shown(role)
        assert masked["phone"] == "091****0021"
        assert masked["email"] == "z****@example.com"
        assert masked["date_of_birth"] is None
        assert masked["address"] is None
        assert masked["emergency_contact"]["phone"] == "091****0022"
        assert masked["clinical"] is None
    assert api.as_(Role.FINANCE, hospital="IKJ").get(path).status_code == 403
    mine = api.as_patient(UUID(made["id"])).get(path).json["data"]
    assert mine["phone"] == "+2349140000021"
    assert mine["clinical"]["genotype"] == "AS"
    assert mine["nin_masked"] == "****8901"


def test_a_patient_sees_nobody_else(api: Api):
    zainab, bola = register(api), register(api, **BOLA)
    me = api.as_patient(UUID(zainab["id"]))
    assert me.get(f"/patients/{bola['id']}/profile").status_code == 404
    assert [row["id"] for row in me.get("/patients").json["data"]] == [zainab["id"]]
    assert me.post(f"/patients/{bola['id']}/export").status_code == 404


def test_what_is_asked_for_stands_beside_the_profile(api: Api):
    made = register(api)
    desk = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    path = f"/patients/{made['id']}/profile"
    parts = "appointments,loyalty,feedback,preferences,insurance,consents,family"
    found = desk.get(path, include=parts).json["data"]
    assert found["insurance"][0]["policy_number_masked"] == "****8877"
    assert found["consents"][0]["purpose"] == "care"
    assert found["preferences"]["channels"] == {"whatsapp": False, "sms": True, "email": True}
    assert found["counts"]["visits"] == 0
    assert found["feedback"]["answers"] == 0
    assert found["loyalty"]["available"] == 0
    assert found["appointments"] == found["family"] == []
    assert desk.get(path).json["data"]["insurance"] is None
    assert desk.get(path, include="everything").status_code == 422


def test_why_somebody_looks_is_asked_in_known_words(api: Api):
    made = register(api)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{made['id']}/profile"
    assert desk._send("GET", path, headers={"X-Purpose": "care"}).status_code == 200
    assert desk._send("GET", path, headers={"X-Purpose": "gossip"}).status_code == 422


def test_a_look_at_what_is_masked_needs_a_reason_and_is_written_down(api: Api):
    made = register(api)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{made['id']}/reveal"
    wanted = ["nin", "nhis_number", "policy_numbers", "contacts", "address", "date_of_birth"]
    assert desk.post(path, {"fields": wanted}).status_code == 422
    told = desk.post(path, {"fields": wanted, "reason": "the insurer asks"}).json["data"]
    assert told["fields"] == {
        "nin": "12345678901",
        "nhis_number": "NH/1234-5",
        "policy_numbers": ["HYG-998877"],
        "contacts": ["zainab@example.com", "+2349140000021"],
        "address": BODY["address"],
        "date_of_birth": "1990-11-25",
    }
    assert desk.post(path, {"fields": ["allergies"], "reason": "curious"}).status_code == 403
    assert api.as_(Role.AUDITOR).post(
        path, {"fields": ["nin"], "reason": "curious"}
    ).status_code == (403)
    events = api.as_(Role.AUDITOR).get("/audit", entity_id=made["id"]).json["data"]
    assert "the insurer asks" in {event["purpose"] for event in events}


# -- changing -------------------------------------------------------------------------------------


def test_a_record_is_corrected_by_one_editor_at_a_time(api: Api):
    made = register(api)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{made['id']}"
    new = {"version": 1, "first_name": "Zainab", "last_name": "Musa", "nin": None, "state": "Kano"}
    changed = desk.patch(path, new).json["data"]
    assert (changed["name"], changed["nin_masked"], changed["version"]) == ("Zainab Musa", None, 2)
    assert desk.patch(path, {"version": 1, "state": "Lagos"}).status_code == 412
    assert desk.patch(path, {"state": "Lagos"}).status_code == 422
    assert desk.patch(path, {"state": "Oyo"}, headers={"If-Match": '"v2"'}).status_code == 200
    assert desk.patch(path, {"version": 3, "language": None}).status_code == 422
    assert desk.patch(path, {"version": 3, "first_name": "Zee"}).status_code == 422
    assert desk.patch(path, {"version": 3, "status": "erased"}).status_code == 422


def test_a_phone_more_and_one_less(api: Api):
    made = register(api)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{made['id']}/addresses"
    added = desk.post(path, {"channel": "whatsapp", "value": "0914 000 0044"})
    assert (added.status_code, added.json["data"]["value"]) == (201, "+2349140000044")
    assert desk.post(path, {"channel": "email", "value": "no"}).status_code == 422
    assert desk.post(path, {"channel": "sms", "value": "12345"}).status_code == 422
    for contact in desk.get(f"/patients/{made['id']}/profile").json["data"]["contacts"][:2]:
        assert desk.delete(f"{path}/{contact['id']}").status_code == 204
    last = desk.delete(f"{path}/{added.json['data']['id']}")
    assert (last.status_code, last.json["code"]) == (409, "last_address")


def test_covers_are_kept_corrected_and_removed(api: Api):
    made = register(api, hmo=None)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{made['id']}/insurance"
    old = {"provider": "Reliance", "policy_number": "RL-12345", "expires_on": "2026-11-21"}
    added = desk.post(path, old).json["data"]
    assert added["is_expired"]
    changed = desk.patch(f"{path}/{added['id']}", {"expires_on": "2026-11-22"}).json["data"]
    assert not changed["is_expired"]
    assert changed["policy_number_masked"] == "****2345"
    assert desk.patch(f"{path}/{added['id']}", {"provider": None}).status_code == 422
    assert desk.delete(f"{path}/{added['id']}").status_code == 204
    assert desk.get(path).json["data"] == []
    assert desk.delete(f"{path}/{added['id']}").status_code == 404


def test_preferences_are_changed_by_the_patient_and_the_desk(api: Api):
    made = register(api)
    me = api.as_patient(UUID(made["id"]))
    path = f"/patients/{made['id']}/preferences"
    wish = {
        "version": 1,
        "language": "ha",
        "preferred_channel": "sms",
        "quiet_hours": {"start": "21:00", "end": "07:00"},
        "purposes": {"marketing": True},
    }
    changed = me.patch(path, wish).json["data"]
    assert changed["quiet_hours"] == {"start": "21:00", "end": "07:00"}
    assert {event["purpose"] for event in changed["consent_events"]} == {"marketing"}
    assert {event["source"] for event in changed["consent_events"]} == {"patient"}
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    off = {"version": 2, "channels": {"sms": False, "email": False}, "preferred_channel": None}
    refused = desk.patch(path, off)
    assert (refused.status_code, refused.json["code"]) == (422, "acknowledge_risk")
    assert desk.get(path).json["data"]["channels"]["sms"]
    assert desk.patch(path, off | {"acknowledge_risk": True}).status_code == 200
    assert desk.patch(path, {"version": 3, "purposes": {"bingo": True}}).status_code == 422
    assert desk.patch(path, {"version": 3, "channels": {"fax": True}}).status_code == 422
    assert desk.patch(path, {"version": 2, "language": "en"}).status_code == 412


def test_a_file_is_tried_then_taken(api: Api):
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    body = {
        "csv": "first_name,last_name,phone,consent\nBola,Ade,09140000031,yes\nX,Y,123,no\n",
        "dry_run": True,
    }
    tried = admin.post("/patients/import", body).json["data"]
    assert (tried["rows"], tried["created"], tried["is_dry_run"]) == (2, 1, True)
    assert tried["errors"][0]["field"] == "phone"
    assert admin.get("/patients", q="bola").json["data"] == []
    taken = admin.post("/patients/import", body | {"dry_run": False}).json["data"]
    assert taken["created"] == 1
    assert len(admin.get("/patients", q="bola").json["data"]) == 1
    assert api.as_(Role.FRONT_DESK, hospital="IKJ").post("/patients/import", body).status_code == (
        403
    )
