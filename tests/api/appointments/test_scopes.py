"""Who sees which visits."""

import pytest

from crm.kit.permissions import Role
from tests.api.appointments.booking import book, wish
from tests.api.clinics import at


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
