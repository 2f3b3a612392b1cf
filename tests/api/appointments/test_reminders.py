"""Reminders sent by hand."""

from datetime import timedelta

from sqlalchemy import select

from crm import consents
from crm.kit.permissions import Role
from crm.models import Address
from tests.api.appointments.booking import book
from tests.api.clinics import at


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
