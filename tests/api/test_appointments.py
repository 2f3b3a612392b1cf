"""Visits over the API: what each may book, see and change."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from crm import consents, users
from crm.kit.permissions import Role
from crm.models import AccountKind, Address, Message, PointsTransaction, Reminder, Service
from tests.api.caller import PASSWORD
from tests.api.clinics import a_patient, a_session_clinic, at, offer
from workers import appointments as job

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


# -- booking --------------------------------------------------------------------------------------


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


# -- who sees what --------------------------------------------------------------------------------


def test_a_patient_books_sees_and_cancels_their_own_alone(api, desk, ada, musa):
    own = api.as_patient(ada)
    visit, other = book(own, api, ada, at(10)), book(desk, api, musa, at(11))

    assert [each["id"] for each in own.get("/appointments").json["data"]] == [visit["id"]]
    assert visit["source"] == "web"
    for answer in (
        own.get(f"/appointments/{other['id']}"),
        own.post(f"/appointments/{other['id']}/cancel", {"reason": "mine now"}),
        own.post(f"/appointments/{other['id']}/confirm"),
        own.post("/patients/appointments", wish(api, musa, at(12))),
    ):
        assert answer.status_code == 404
    assert own.post(f"/appointments/{visit['id']}/check-in").status_code == 403
    cancelled = own.post(f"/appointments/{visit['id']}/cancel", {"reason": "feeling better"})
    assert cancelled.json["data"]["status"] == "cancelled"


def test_another_hospital_finds_nothing(api, desk, ada):
    visit = book(desk, api, ada, at(10))
    other = api.as_(Role.FRONT_DESK, hospital="WUS")

    assert other.get("/appointments").json["data"] == []
    assert other.get(f"/appointments/{visit['id']}").status_code == 404
    for step in ("confirm", "check-in", "arrive", "fulfil", "no-show"):
        assert other.post(f"/appointments/{visit['id']}/{step}").status_code == 404
    assert other.post("/patients/appointments", wish(api, ada, at(12))).status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (Role.FRONT_DESK, 200, 201),
        (Role.CLINICIAN, 200, 201),
        (Role.HOSPITAL_ADMIN, 200, 201),
        (Role.SERVICE, 200, 201),
        (Role.AUDITOR, 200, 403),
        (Role.FINANCE, 403, 403),
        (Role.COMMUNICATIONS, 403, 403),
    ],
)
def test_roles_read_and_write_what_they_may(api, ada, role, reads, writes):
    caller = api.as_(role, hospital="IKJ")
    assert caller.get("/appointments").status_code == reads
    answer = caller.post("/patients/appointments", wish(api, ada, at(10)))
    assert answer.status_code == writes


def test_nobody_who_is_not_signed_in_sees_visits(api):
    assert api.as_nobody().get("/appointments").status_code == 401


def test_the_board_is_a_day_and_pages_by_time(api, desk, ada, musa):
    book(desk, api, ada, at(11))
    book(desk, api, musa, at(9))
    book(desk, api, musa, at(14))

    first = desk.get("/appointments", day="2026-11-24", limit=2).json
    rest = desk.get(
        "/appointments", day="2026-11-24", limit=2, cursor=first["meta"]["next_cursor"]
    ).json
    starts = [each["start_at"] for each in first["data"] + rest["data"]]
    assert starts == ["2026-11-24T08:00:00Z", "2026-11-24T10:00:00Z", "2026-11-24T13:00:00Z"]
    assert rest["meta"]["next_cursor"] is None
    assert desk.get("/appointments", day="2026-11-25").json["data"] == []
    theirs = desk.get("/appointments", patient_id=musa, status=["booked"], sort="-start_at").json
    assert [each["start_at"][11:13] for each in theirs["data"]] == ["13", "08"]
    assert desk.get("/appointments", status="cancelled").json["data"] == []


# -- the life of a visit --------------------------------------------------------------------------


def test_a_visit_goes_from_the_desk_to_the_doctor_and_out(api, desk, ada):
    visit = book(desk, api, ada, at(10))
    early = desk.post(f"/appointments/{visit['id']}/check-in")
    assert (early.status_code, early.json["code"]) == (409, "not_today")
    assert desk.post(f"/appointments/{visit['id']}/confirm").json["data"]["is_confirmed"]

    api.wiring.clock.move(timedelta(days=2) - HOUR / 2)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    seen = [
        desk.post(f"/appointments/{visit['id']}/{step}").json["data"]["status"]
        for step in ("check-in", "arrive", "fulfil")
    ]
    assert seen == ["checked-in", "arrived", "fulfilled"]
    again = desk.post(f"/appointments/{visit['id']}/fulfil")
    assert (again.status_code, again.json["code"]) == (409, "visit_closed")


def test_who_did_not_come_is_marked_by_the_job(api, desk, ada, musa):
    missed, seen = book(desk, api, ada, at(10)), book(desk, api, musa, at(9))
    api.wiring.clock.move(timedelta(days=2, minutes=-60))
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    desk.post(f"/appointments/{seen['id']}/check-in")
    api.wiring.clock.move(timedelta(minutes=90))

    assert job.judge_unattended(api.wiring, dry_run=True) == {"due": 1}
    assert job.judge_unattended(api.wiring) == {"noshow": 1}
    assert job.judge_unattended(api.wiring) == {}
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    [found] = desk.get("/appointments", status="noshow").json["data"]
    assert found["id"] == missed["id"]


def test_two_who_change_one_visit_are_told(api, desk, ada):
    visit = book(desk, api, ada, at(10))
    desk.post(f"/appointments/{visit['id']}/confirm", {"version": visit["version"]})
    late = desk.post(
        f"/appointments/{visit['id']}/cancel",
        {"reason": "by phone", "version": visit["version"]},
    )
    assert (late.status_code, late.json["code"]) == (412, "stale_version")


def test_what_was_said_is_changed_with_a_version(api, desk, ada):
    visit = book(desk, api, ada, at(10), internal_notes="Old")
    path = f"/appointments/{visit['id']}"
    changed = desk.patch(path, {"version": visit["version"], "internal_notes": "New"})
    assert changed.json["data"]["internal_notes"] == "New"
    assert desk.patch(path, {"internal_notes": "Late"}).status_code == 422
    stale = desk.patch(path, {"internal_notes": "Late"}, headers={"If-Match": '"v1"'})
    assert stale.status_code == 412


def test_moving_keeps_points_notes_and_the_calendar_entry(api, desk, ada):
    visit = book(desk, api, ada, at(10), internal_notes="Wheelchair")
    moved = desk.post(f"/appointments/{visit['id']}/move", {"start_at": at(15)})

    assert moved.status_code == 201, moved.json
    new = moved.json["data"]
    assert (new["previous_id"], new["moves"]) == (visit["id"], 1)
    assert new["internal_notes"] == "Wheelchair"
    assert new["points_awarded"] == 10
    old = desk.get(f"/appointments/{visit['id']}").json["data"]
    assert (old["status"], old["cancel_reason"]) == ("cancelled", "rescheduled")
    file = desk.get(f"/appointments/{new['id']}/calendar")
    assert file.content_type.startswith("text/calendar")
    assert f"UID:{visit['id']}@" in file.text
    assert "SEQUENCE:2" in file.text
    assert len(rows(api, select(PointsTransaction))) == 1


def test_patients_move_and_cancel_until_two_hours_before(api, desk, ada):
    visit = book(api.as_patient(ada), api, ada, at(10))
    api.wiring.clock.move(timedelta(days=1, hours=22, minutes=30))
    own, desk = api.as_patient(ada), api.as_(Role.FRONT_DESK, hospital="IKJ")

    late = own.post(f"/appointments/{visit['id']}/cancel", {"reason": "overslept"})
    assert (late.status_code, late.json["code"]) == (409, "too_late")
    moved = own.post(f"/appointments/{visit['id']}/move", {"start_at": at(15)})
    assert moved.json["code"] == "too_late"
    assert desk.post(f"/appointments/{visit['id']}/move", {"start_at": at(15)}).status_code == 201


@pytest.mark.parametrize(("by", "left"), [("patient", 0), ("hospital", 10)])
def test_points_go_back_when_the_patient_cancels_and_stay_when_we_do(api, desk, ada, by, left):
    visit = book(desk, api, ada, at(10))
    body = {"reason": "by phone", "cancelled_by": by}
    assert desk.post(f"/appointments/{visit['id']}/cancel", body).status_code == 200

    points = [(each.kind, each.balance_after) for each in rows(api, select(PointsTransaction))]
    assert points[-1][1] == left
    pending = rows(api, select(Reminder).where(Reminder.status == "pending"))
    assert pending == []
    told = rows(api, select(Message).where(Message.about_id == UUID(visit["id"])))
    assert len(told) == 2, "booked, and cancelled"


def test_only_administrators_strike_a_visit_from_the_books(api, desk, ada, musa):
    visit = book(desk, api, ada, at(10), who=0)
    body = {"reason": "Booked for the wrong Ada"}
    assert desk.post(f"/appointments/{visit['id']}/enter-in-error", body).status_code == 403
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    struck = admin.post(f"/appointments/{visit['id']}/enter-in-error", body)
    assert struck.json["data"]["status"] == "entered-in-error"
    assert desk.get("/appointments").json["data"] == []
    book(desk, api, musa, at(10), who=0)


def test_what_one_may_elsewhere_gives_nothing_here(api, ada):
    """Desk at Ikeja and administrator at Wuse are not administrator at Ikeja."""
    with api.wiring.transaction() as session:
        user = users.create(
            session,
            api.wiring.passwords,
            name="Two hats",
            email="two@example.com",
            password=PASSWORD,
            grants=[
                (Role.FRONT_DESK, api.hospitals["IKJ"]),
                (Role.CLINICIAN, api.hospitals["WUS"]),
                (Role.HOSPITAL_ADMIN, api.hospitals["WUS"]),
            ],
            now=api.wiring.now(),
        )
    both = api._signed_in(AccountKind.USER, user.id)
    visit = book(both, api, ada, at(10), reason="A cough")
    assert visit["reason"] is None
    struck = both.post(
        f"/appointments/{visit['id']}/enter-in-error", {"reason": "I would rather not"}
    )
    assert struck.status_code == 403
    body = wish(api, ada, at(10), override={"reason": "I would rather so"})
    assert both.post("/patients/appointments", body).status_code == 403


# -- reminders by hand ----------------------------------------------------------------------------


def test_reminders_are_run_for_one_hospital(api, desk, ada):
    book(desk, api, ada, at(10))
    api.wiring.clock.move(timedelta(days=1, hours=1))
    there = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    other = api.as_(Role.HOSPITAL_ADMIN, hospital="WUS")
    path = "/patients/appointments/reminders/process"

    assert other.post(path).json["data"]["due"] == 0
    counted = there.post(path, {"dry_run": True}).json["data"]
    assert (counted["due"], counted["claimed"], counted["dry_run"]) == (1, 0, True)
    assert counted["oldest_due_age_s"] == 3600
    done = there.post(path, {"kinds": ["day-before"], "limit": 10}).json["data"]
    assert (done["due"], done["claimed"], done["sent"], done["skipped"]) == (1, 1, 1, 0)
    assert there.post(path).json["data"]["due"] == 0
    outside = there.post(path, {"hospital_id": str(api.hospitals["WUS"])})
    assert outside.status_code == 404
    assert api.as_(Role.FRONT_DESK, hospital="IKJ").post(path).status_code == 403


def test_a_run_says_whom_the_gate_stopped_and_why(api, desk, ada):
    book(desk, api, ada, at(10))
    with api.wiring.transaction() as session:
        address = session.scalars(select(Address)).one()
        consents.record(
            session,
            address_id=address.id,
            patient_id=ada,
            purpose="all",
            is_granted=False,
            wording="stop",
            language="en",
            source="test",
            now=api.wiring.now(),
        )
    api.wiring.clock.move(timedelta(days=1, hours=1))
    service = api.as_(Role.SERVICE)
    done = service.post("/patients/appointments/reminders/process").json["data"]
    assert (done["claimed"], done["sent"]) == (1, 0)
    assert sum(done["suppressed"].values()) == 1
