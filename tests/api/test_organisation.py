"""Hospitals, services, practitioners, hours and closures over the API."""

from uuid import uuid4

import pytest

from crm.kit.permissions import Role
from tests.api.clinics import a_patient, a_session_clinic, at, offer


@pytest.fixture
def boss(api):
    return api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")


def service_body(api, **more):
    return {
        "hospital_id": str(api.hospitals["IKJ"]),
        "name": "Dialysis",
        "duration_min": 60,
        "price_kobo": 4_500_000,
        "synonyms": ["Kidney  wash", "dialysis"],
        **more,
    }


# -- hospitals ------------------------------------------------------------------------------------


def test_staff_see_their_hospitals_and_people_those_one_can_go_to(api, boss):
    ada = a_patient(api, "Ada Obi", "+2349140000001")
    assert [each["code"] for each in boss.get("/hospitals").json["data"]] == ["IKJ"]
    everywhere = api.as_(Role.ADMIN)
    assert len(everywhere.get("/hospitals").json["data"]) == 3
    closed = everywhere.delete(f"/hospitals/{api.hospitals['PHC']}")
    assert closed.json["data"]["is_active"] is False
    assert closed.json["meta"]["visits_ahead"] == 0

    seen = api.as_patient(ada).get("/hospitals").json["data"]
    assert [each["code"] for each in seen] == ["IKJ", "WUS"]
    assert all(each["desk_phone"] is None for each in seen)
    assert everywhere.get("/hospitals", q="wuse").json["data"][0]["code"] == "WUS"


def test_only_the_group_opens_a_hospital(api, boss):
    body = {
        "code": "ENU",
        "name": "GrandPro Enugu",
        "state": "Enugu",
        "address": "2 Ogui Road, Enugu",
        "phone": "0914 000 0400",
        "opens": "07:30",
        "closes": "18:00",
    }
    assert boss.post("/hospitals", body).status_code == 403
    admin = api.as_(Role.ADMIN)
    made = admin.post("/hospitals", body)
    assert made.status_code == 201, made.json
    assert made.json["data"]["phone"] == "+2349140000400"
    assert (made.json["data"]["opens"], made.json["data"]["version"]) == ("07:30", 1)
    assert admin.post("/hospitals", body).json["code"] == "code_taken"
    backwards = admin.post("/hospitals", body | {"code": "ENV", "closes": "06:00"})
    assert backwards.json["errors"][0]["field"] == "closes"


def test_a_hospital_is_changed_by_its_own_with_a_version(api, boss):
    path = f"/hospitals/{api.hospitals['IKJ']}"
    changed = boss.patch(path, {"version": 1, "directions_url": None, "closes": "18:00"})
    assert changed.status_code == 200, changed.json
    assert changed.json["data"]["directions_url"] is None
    assert changed.json["data"]["version"] == 2
    stale = boss.patch(path, {"name": "Other"}, headers={"If-Match": '"v1"'})
    assert (stale.status_code, stale.json["version"]) == (412, 2)
    emptied = boss.patch(path, {"version": 2, "name": None})
    assert emptied.json["errors"][0] == {
        "field": "name",
        "code": "empty",
        "message": "This may be changed, but not emptied.",
    }
    other = f"/hospitals/{api.hospitals['WUS']}"
    assert boss.patch(other, {"version": 1, "name": "Ours now"}).status_code == 404
    assert boss.delete(other).status_code == 404


# -- services -------------------------------------------------------------------------------------


def test_a_service_is_found_by_other_words(api, boss):
    made = boss.post("/services", service_body(api))
    assert made.status_code == 201, made.json
    assert made.json["data"]["synonyms"] == ["kidney wash", "dialysis"]
    assert made.json["data"]["price_kobo"] == 4_500_000
    for said in ("kidney", "DIALYSIS", "dial"):
        [found] = boss.get("/services", q=said).json["data"]
        assert found["name"] == "Dialysis"
    assert boss.get("/services", q="100%_").json["data"] == []
    assert boss.post("/services", service_body(api)).json["code"] == "name_taken"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"mode": "session"}, "capacity"),
        ({"min_age_years": 40, "max_age_years": 20}, "max_age_years"),
        ({"duration_min": 2}, "duration_min"),
        ({"price_kobo": -1}, "price_kobo"),
    ],
)
def test_a_service_that_makes_no_sense_is_refused(api, boss, more, field):
    answer = boss.post("/services", service_body(api, **more))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_nobody_offers_services_elsewhere(api, boss):
    there = service_body(api, hospital_id=str(api.hospitals["WUS"]))
    assert boss.post("/services", there).status_code == 404
    theirs = offer(api, hospital="WUS")
    assert boss.get(f"/services/{theirs.service_id}").status_code == 404
    assert boss.patch(f"/services/{theirs.service_id}", {"version": 1}).status_code == 404


def test_a_service_that_people_are_booked_for_keeps_its_way_of_coming(api, boss):
    ada = a_patient(api, "Ada Obi", "+2349140000001")
    there = offer(api)
    booked = boss.post(
        "/patients/appointments",
        {
            "patient_id": str(ada),
            "hospital_id": str(there.hospital_id),
            "service_id": str(there.service_id),
            "start_at": at(10),
        },
    )
    assert booked.status_code == 201
    path = f"/services/{there.service_id}"
    refused = boss.patch(path, {"version": 1, "mode": "session", "capacity": 30})
    assert (refused.status_code, refused.json["code"]) == (409, "mode_in_use")
    ended = boss.delete(path).json
    assert (ended["data"]["is_active"], ended["meta"]["visits_ahead"]) == (False, 1)
    assert boss.get("/availability", service_id=there.service_id).json["data"] == []


# -- practitioners and hours ----------------------------------------------------------------------


def test_a_new_doctor_gets_services_hours_and_patients(api, boss):
    there = offer(api, "Dental")
    made = boss.post(
        "/practitioners",
        {
            "hospital_id": str(there.hospital_id),
            "name": "Dr Zainab Musa",
            "service_ids": [str(there.service_id)],
        },
    )
    assert made.status_code == 201, made.json
    who = made.json["data"]
    assert [each["name"] for each in who["services"]] == ["Dental"]
    hours = boss.post(
        "/schedules",
        {"practitioner_id": who["id"], "weekday": 1, "starts": "18:00", "ends": "21:00"},
    )
    assert hours.status_code == 201, hours.json
    free = boss.get(
        "/availability",
        service_id=there.service_id,
        practitioner_id=who["id"],
        first="2026-11-24",
        last="2026-11-24",
    ).json["data"]
    assert [each["start_at"][11:16] for each in free] == ["17:00", "17:45", "18:30", "19:15"]
    left = boss.delete(f"/practitioners/{who['id']}")
    assert left.json["data"]["is_active"] is False
    assert boss.get("/practitioners", is_active=True, q="zainab").json["data"] == []


def test_a_doctor_offers_what_their_own_hospital_has(api, boss):
    mine, theirs = offer(api), offer(api, hospital="WUS")
    body = {"version": 1, "service_ids": [str(theirs.service_id)]}
    refused = boss.patch(f"/practitioners/{mine.practitioner_ids[0]}", body)
    assert refused.json["errors"][0]["code"] == "unknown_service"
    nobody = boss.patch(f"/practitioners/{theirs.practitioner_ids[0]}", body)
    assert nobody.status_code == 404


def test_hours_do_not_overlap(api, boss):
    doctor = str(offer(api).practitioner_ids[0])
    body = {"practitioner_id": doctor, "weekday": 1, "starts": "16:00", "ends": "19:00"}
    refused = boss.post("/schedules", body)
    assert (refused.status_code, refused.json["code"]) == (409, "hours_overlap")
    made = boss.post("/schedules", body | {"starts": "17:00"})
    assert made.status_code == 201
    hours = made.json["data"]
    path = f"/schedules/{hours['id']}"
    assert boss.patch(path, {"version": 1, "starts": "16:30"}).json["code"] == "hours_overlap"
    assert boss.patch(path, {"version": 1, "ends": "16:30"}).json["errors"][0]["field"] == "ends"
    assert boss.patch(path, {"version": 1, "ends": "20:00"}).json["data"]["ends"] == "20:00"
    ended = boss.delete(path).json["data"]
    assert ended["valid_to"] == "2026-11-22"
    assert (
        boss.get("/schedules", practitioner_id=doctor, on="2026-12-01").json["data"][0]["starts"]
        == "08:00"
    )
    other = offer(api, hospital="WUS").practitioner_ids[0]
    assert boss.post("/schedules", body | {"practitioner_id": str(other)}).status_code == 404


def test_wall_clock_times_have_no_offset(api, boss):
    doctor = str(offer(api).practitioner_ids[0])
    body = {"practitioner_id": doctor, "weekday": 6, "starts": "08:00Z", "ends": "12:00"}
    assert boss.post("/schedules", body).json["errors"][0]["field"] == "starts"


# -- closures -------------------------------------------------------------------------------------


def test_a_closed_day_has_nothing_free_until_it_is_opened_again(api, boss):
    there = offer(api)
    day = {"service_id": there.service_id, "first": "2026-11-24", "last": "2026-11-24"}
    before = len(boss.get("/availability", **day).json["data"])
    closed = boss.post(
        "/closures",
        {
            "hospital_id": str(there.hospital_id),
            "starts_at": at(0),
            "ends_at": at(23),
            "reason": "Water is off",
        },
    )
    assert closed.status_code == 201, closed.json
    assert closed.json["meta"]["visits_within"] == 0
    assert boss.get("/availability", **day).json["data"] == []
    path = f"/closures/{closed.json['data']['id']}"
    later = boss.patch(path, {"version": 1, "starts_at": at(12)})
    assert later.status_code == 200, later.json
    assert 0 < len(boss.get("/availability", **day).json["data"]) < before
    assert boss.delete(path).status_code == 204
    assert len(boss.get("/availability", **day).json["data"]) == before


def test_the_groups_closures_are_seen_by_all_and_changed_by_the_group(api, boss):
    seen = boss.get("/closures").json["data"]
    assert seen
    assert all(each["hospital_id"] is None for each in seen)
    path = f"/closures/{seen[0]['id']}"
    assert boss.patch(path, {"version": 1, "reason": "No longer"}).status_code == 403
    assert boss.delete(path).status_code == 403
    body = {"starts_at": at(8), "ends_at": at(9), "reason": "A minute of silence"}
    assert boss.post("/closures", body).status_code == 403
    theirs = body | {"hospital_id": str(api.hospitals["WUS"])}
    assert boss.post("/closures", theirs).status_code == 404
    mine = body | {"practitioner_id": str(offer(api).practitioner_ids[0])}
    leave = boss.post("/closures", mine)
    assert leave.json["data"]["hospital_id"] == str(api.hospitals["IKJ"])
    other = api.as_(Role.HOSPITAL_ADMIN, hospital="WUS")
    assert other.get(f"/closures/{leave.json['data']['id']}").status_code == 404


def test_holidays_are_told_with_how_sure_they_are(api, boss):
    days = boss.get("/holidays", first="2026-12-01", last="2026-12-31").json["data"]
    assert {"2026-12-25", "2026-12-26"} <= {each["on"] for each in days}
    assert boss.get("/holidays", first="2026-12-31", last="2026-12-01").status_code == 422


# -- availability and sessions --------------------------------------------------------------------


def test_free_days_and_times_are_open_to_patients(api):
    ada = api.as_patient(a_patient(api, "Ada Obi", "+2349140000001"))
    there = offer(api)
    days = ada.get("/availability/days", service_id=there.service_id, limit=3).json["data"]
    assert [each["on"] for each in days] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    morning = ada.get(
        "/availability",
        service_id=there.service_id,
        first="2026-11-24",
        last="2026-11-24",
        earliest="09:00",
        latest="10:00",
    ).json["data"]
    assert [each["start_at"][11:16] for each in morning] == ["08:00", "08:30"]
    assert ada.get("/availability", service_id=uuid4()).status_code == 404
    far = ada.get("/availability", service_id=there.service_id, last="2027-12-31")
    assert far.json["errors"][0]["field"] == "last"


def test_one_session_takes_fewer_people_or_none(api, boss):
    clinic = a_session_clinic(api, capacity=30)
    body = {
        "service_id": str(clinic.service_id),
        "practitioner_id": str(clinic.practitioner_ids[0]),
        "start_at": at(18),
    }
    made = boss.post("/clinic-sessions", body)
    assert made.status_code == 201, made.json
    path = f"/clinic-sessions/{made.json['data']['id']}"
    assert boss.post("/clinic-sessions", body).json["data"]["id"] == made.json["data"]["id"]
    fewer = boss.patch(path, {"version": 1, "capacity": 5})
    assert fewer.json["data"]["capacity"] == 5
    day = {"service_id": clinic.service_id, "first": "2026-11-24", "last": "2026-11-24"}
    assert boss.get("/availability", **day).json["data"][0]["places_left"] == 5
    boss.patch(path, {"version": 2, "is_closed": True})
    assert boss.get("/availability", **day).json["data"] == []
    none = boss.post("/clinic-sessions", body | {"start_at": at(19)})
    assert (none.status_code, none.json["code"]) == (422, "no_session")


@pytest.mark.parametrize(
    "role", [Role.FRONT_DESK, Role.CLINICIAN, Role.AUDITOR, Role.SERVICE, Role.FINANCE]
)
def test_those_who_do_not_run_a_hospital_only_look(api, role):
    caller, there = api.as_(role, hospital="IKJ"), offer(api)
    assert caller.get("/services").status_code == 200
    assert caller.post("/services", service_body(api)).status_code == 403
    assert caller.delete(f"/practitioners/{there.practitioner_ids[0]}").status_code == 403
    assert caller.patch(f"/hospitals/{there.hospital_id}", {"version": 1}).status_code == 403
