"""The waiting list over the API."""

from crm.kit.permissions import Role
from tests.api.clinics import a_patient, at, offer
from workers import waitlist as job


def wait(caller, api, patient_id, **more):
    body = {"patient_id": str(patient_id), "service_id": str(offer(api, "Dental").service_id)}
    return caller.post("/waitlist", body | more)


def book(caller, api, patient_id, start_at):
    there = offer(api, "Dental")
    body = {
        "patient_id": str(patient_id),
        "hospital_id": str(there.hospital_id),
        "service_id": str(there.service_id),
        "start_at": start_at,
    }
    answer = caller.post("/patients/appointments", body)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def test_a_patient_waits_for_themselves_in_routine_order(api, desk, ada, musa):
    own = api.as_patient(ada)
    mine = wait(own, api, ada, priority=1, parts=["evening", "morning"], weekdays=[4, 1])
    assert mine.status_code == 201, mine.json
    entry = mine.json["data"]
    assert (entry["priority"], entry["parts"], entry["weekdays"]) == (
        3,
        ["morning", "evening"],
        [1, 4],
    )
    assert wait(own, api, musa).status_code == 404
    assert wait(own, api, ada).json["code"] == "already_waiting"
    urgent = wait(desk, api, musa, priority=1).json["data"]
    listed = desk.get("/waitlist", status="waiting").json["data"]
    assert [each["id"] for each in listed] == [urgent["id"], entry["id"]]
    assert own.get(f"/waitlist/{urgent['id']}").status_code == 404
    assert api.as_(Role.FRONT_DESK, hospital="WUS").get("/waitlist").json["data"] == []


def test_what_would_suit_is_changed_and_the_wait_is_left(api, desk, ada):
    entry = wait(desk, api, ada).json["data"]
    path = f"/waitlist/{entry['id']}"
    changed = desk.patch(path, {"version": 1, "priority": 1, "latest_on": "2026-11-30"})
    assert (changed.json["data"]["priority"], changed.json["data"]["version"]) == (1, 2)
    assert desk.patch(path, {"version": 1, "priority": 2}).status_code == 412
    backwards = desk.patch(path, {"version": 2, "latest_on": "2026-11-01"})
    assert backwards.json["errors"][0]["field"] == "latest_on"
    assert desk.delete(path).json["data"]["status"] == "left"
    over = desk.delete(path)
    assert (over.status_code, over.json["code"], over.json["stands"]) == (
        409,
        "not_waiting",
        "left",
    )


def test_a_time_that_becomes_free_is_offered_and_taken_by_the_patient(api, desk, ada, musa):
    wait(desk, api, ada, earliest_on="2026-11-24", latest_on="2026-11-24", parts=["morning"])
    own = api.as_patient(ada)
    assert job.offer_free(api.wiring)["offered"] == 1

    [entry] = own.get("/waitlist").json["data"]
    [made] = own.get(f"/waitlist/{entry['id']}").json["data"]["offers"]
    assert (made["status"], made["was_sent"]) == ("live", True)
    assert api.as_patient(musa).post(f"/waitlist/offers/{made['id']}/accept").status_code == 404
    taken = own.post(f"/waitlist/offers/{made['id']}/accept")
    assert taken.status_code == 200, taken.json
    assert taken.json["data"]["status"] == "accepted"
    visit = own.get(f"/appointments/{taken.json['data']['appointment_id']}").json["data"]
    assert (visit["start_at"], visit["points_awarded"]) == (made["start_at"], 10)
    again = own.post(f"/waitlist/offers/{made['id']}/accept")
    assert (again.status_code, again.json["code"]) == (409, "offer_over")


def test_passing_leaves_the_time_to_the_next(api, desk, ada, musa):
    for patient in (ada, musa):
        wait(desk, api, patient, earliest_on="2026-11-24", latest_on="2026-11-24")
    job.offer_free(api.wiring)
    own = api.as_patient(ada)
    [entry] = own.get("/waitlist").json["data"]
    [made] = own.get(f"/waitlist/{entry['id']}").json["data"]["offers"]
    passed = own.post(f"/waitlist/offers/{made['id']}/pass")
    assert passed.json["data"]["status"] == "passed"
    assert own.get(f"/waitlist/{entry['id']}").json["data"]["status"] == "waiting"


def test_the_desk_offers_a_free_time_by_hand(api, desk, ada):
    entry = wait(desk, api, ada).json["data"]
    path = f"/waitlist/{entry['id']}/offers"
    taken = book(desk, api, a_patient(api, "Bisi Ojo", "+2349140000003"), at(8))
    assert api.as_patient(ada).post(path, {"start_at": at(9, 30)}).status_code == 403
    refused = desk.post(path, {"start_at": taken["start_at"]})
    assert (refused.status_code, refused.json["code"]) == (409, "not_offered")
    made = desk.post(path, {"start_at": at(9, 30)})
    assert made.status_code == 201, made.json
    assert desk.post(path, {"start_at": at(10, 15)}).json["code"] == "not_offered"


def test_an_earlier_time_replaces_the_later_visit(api, desk, ada):
    later = book(desk, api, ada, "2026-12-08T09:30:00+01:00")
    wrong = wait(desk, api, ada, moving_id=str(later["patient_id"]))
    assert (wrong.status_code, wrong.json["code"]) == (422, "wrong_visit")
    entry = wait(desk, api, ada, moving_id=later["id"]).json["data"]
    job.offer_free(api.wiring)
    [made] = desk.get(f"/waitlist/{entry['id']}").json["data"]["offers"]
    assert made["start_at"] < later["start_at"]
    taken = desk.post(f"/waitlist/offers/{made['id']}/accept").json["data"]
    visit = desk.get(f"/appointments/{taken['appointment_id']}").json["data"]
    assert visit["previous_id"] == later["id"]
    assert desk.get(f"/appointments/{later['id']}").json["data"]["status"] == "cancelled"
