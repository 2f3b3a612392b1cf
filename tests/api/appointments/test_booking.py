"""Visits booked by API, with every check."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from crm.kit.permissions import Role
from crm.models import Message, Service
from tests.api.appointments.booking import book, rows, wish
from tests.api.clinics import a_patient, a_session_clinic, at, offer


def test_a_booking_comes_with_reminders_points_calendar_and_a_confirmation(api, desk, ada):
    visit = book(desk, api, ada, at(10), reason="A cough", internal_notes="Came with her son")

    assert visit["status"] == "booked"
    assert visit["reference"].startswith("IKJ-")
    assert visit["start_at"] == "2026-11-24T09:00:00Z"
    assert [each["kind"] for each in visit["reminders"]] == ["day-before", "same-day"]
    assert visit["points_awarded"] == 10
    assert visit["ics_url"].endswith(".ics")
    assert visit["internal_notes"] == "Came with her son"
    assert visit["reason"] is None, "the desk does not read why she comes"
    assert visit["cancellation_policy"]["moves_left"] == 3
    [notice] = rows(api, select(Message).where(Message.about_id == UUID(visit["id"])))
    assert (notice.purpose, notice.patient_id) == ("notice", ada)


def test_why_she_comes_is_read_by_her_and_the_doctor(api, desk, ada):
    visit = book(desk, api, ada, at(10), reason="A cough", internal_notes="Prefers Igbo")

    doctor = api.as_(Role.CLINICIAN, hospital="IKJ").get(f"/appointments/{visit['id']}").json
    own = api.as_patient(ada).get(f"/appointments/{visit['id']}").json
    assert doctor["data"]["reason"] == own["data"]["reason"] == "A cough"
    assert own["data"]["internal_notes"] is None


def test_a_taken_time_is_refused_with_three_others(api, desk, ada, musa):
    book(desk, api, ada, at(10), who=0)
    answer = desk.post("/patients/appointments", wish(api, musa, at(10), who=0))

    assert (answer.status_code, answer.json["code"]) == (409, "slot_taken")
    others = answer.json["alternatives"]
    assert len(others) == 3
    assert set(others[0]) >= {"practitioner_id", "practitioner", "start_at", "end_at"}


def test_anybody_is_whoever_is_free(api, desk, ada, musa):
    first, second = book(desk, api, ada, at(10)), book(desk, api, musa, at(10))

    assert first["practitioner_id"] != second["practitioner_id"]


def test_a_full_time_is_waited_for_when_asked(api, desk, ada, musa):
    book(desk, api, ada, at(10), who=0)
    answer = desk.post("/patients/appointments", wish(api, musa, at(10), who=0, join_waitlist=True))

    assert answer.status_code == 202
    assert answer.json["data"]["status"] == "waiting"
    assert desk.get("/waitlist").json["data"][0]["patient"] == "Musa Bello"


def test_the_same_key_books_once(api, desk, ada):
    body = wish(api, ada, at(10))
    first = desk.post("/patients/appointments", body, key="walk-in-7")
    again = desk.post("/patients/appointments", body, key="walk-in-7")

    assert first.json == again.json
    assert len(desk.get("/appointments").json["data"]) == 1
    other = desk.post("/patients/appointments", wish(api, ada, at(11)), key="walk-in-7")
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start_at": at(22)}, "outside_hours"),
        ({"start_at": "2026-11-22T10:15:00+01:00"}, "too_soon"),
        ({"start_at": "2027-06-22T10:00:00+01:00"}, "too_far"),
    ],
)
def test_the_rules_of_times_are_kept(api, desk, ada, change, code):
    answer = desk.post("/patients/appointments", wish(api, ada, at(10)) | change)
    assert (answer.status_code, answer.json["code"]) == (422, code)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start_at": "2026-11-24T10:00:00"}, "start_at"),
        ({"start_at": None}, "start_at"),
        ({"practitioner_id": str(uuid4())}, "practitioner_id"),
        ({"hospital_id": str(uuid4())}, "service_id"),
        ({"session_id": str(uuid4())}, "session_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_body_that_makes_no_sense_names_its_field(api, desk, ada, change, field):
    answer = desk.post("/patients/appointments", wish(api, ada, at(10)) | change)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].split(".")[0] == field


def test_a_patient_has_three_visits_to_come_at_most(api, ada):
    own = api.as_patient(ada)
    for hour in (8, 10, 12):
        book(own, api, ada, at(hour))
    answer = own.post("/patients/appointments", wish(api, ada, at(14)))
    assert (answer.status_code, answer.json["code"]) == (422, "booking_limit")


def test_a_service_for_children_is_for_children(api, desk, ada):
    with api.wiring.transaction() as session:
        session.get(Service, offer(api, "Child health").service_id).max_age_years = 17
    grown = desk.post(
        "/patients/appointments", wish(api, ada, at(10), there=offer(api, "Child health"))
    )
    assert (grown.status_code, grown.json["code"]) == (422, "not_eligible")
    assert grown.json["reason"] == "age"


def test_who_may_override_books_beside_another_and_says_why(api, desk, ada, musa):
    book(desk, api, ada, at(10), who=0)
    body = wish(api, musa, at(10), who=0, override={"reason": "A child with a fever"})

    assert desk.post("/patients/appointments", body).status_code == 403
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    beside = admin.post("/patients/appointments", body)
    assert beside.status_code == 201
    assert beside.json["data"]["override_reason"] == "A child with a fever"
    elsewhere = api.as_(Role.HOSPITAL_ADMIN, hospital="WUS")
    assert elsewhere.post("/patients/appointments", body).status_code == 404


def test_a_held_time_is_booked_by_its_hold(api, desk, ada, musa):
    held = desk.post("/appointments/holds", wish(api, ada, at(10), who=0))
    assert held.status_code == 201, held.json
    hold_id = held.json["data"]["hold_id"]
    taken = desk.post("/patients/appointments", wish(api, musa, at(10), who=0))
    assert taken.json["code"] == "slot_taken"

    visit = book(desk, api, ada, at(10), who=0, hold_id=hold_id)
    assert visit["id"] == hold_id


def test_a_hold_is_given_back(api, desk, ada, musa):
    held = desk.post("/appointments/holds", wish(api, ada, at(10), who=0)).json["data"]
    assert desk.delete(f"/appointments/holds/{held['hold_id']}").status_code == 204
    book(desk, api, musa, at(10), who=0)


def test_a_session_gives_numbers_until_it_is_full(api, desk, ada, musa):
    clinic = a_session_clinic(api, capacity=2)
    bisi = a_patient(api, "Bisi Ojo", "+2349140000003")
    first = book(desk, api, ada, at(18), there=clinic)
    second = book(desk, api, musa, None, there=clinic, session_id=first["session_id"])

    assert (first["queue_number"], second["queue_number"]) == (1, 2)
    full = desk.post("/patients/appointments", wish(api, bisi, at(18), there=clinic))
    assert full.json["code"] == "slot_taken"
    [session] = desk.get("/clinic-sessions").json["data"]
    assert (session["booked"], session["capacity"], session["last_number"]) == (2, 2, 2)
