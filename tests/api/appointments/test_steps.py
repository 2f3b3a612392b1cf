"""A visit from check-in to its end."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from crm import users
from crm.kit.permissions import Role
from crm.models import AccountKind, Message, PointsTransaction, Reminder
from tests.api.appointments.booking import HOUR, book, rows, wish
from tests.api.caller import PASSWORD
from tests.api.clinics import at
from workers import appointments as job


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
