"""The reports, for those who may read them and of their own hospitals."""

import pytest

from crm.kit.permissions import Role
from tests.api.caller import Api
from tests.crm.clinic import a_clinic
from tests.crm.visits import HOUR, a_visit

REPORTS = ("owners", "patients", "system")
READERS = (
    Role.COMMUNICATIONS,
    Role.FINANCE,
    Role.FINANCE_APPROVER,
    Role.HOSPITAL_ADMIN,
    Role.ADMIN,
    Role.AUDITOR,
)


@pytest.fixture
def clinic(api: Api):
    """A hospital of its own, where somebody came yesterday."""
    now = api.wiring.now()
    with api.wiring.transaction() as session:
        made = a_clinic(session, now=now)
        a_visit(session, made, made.ada, over_at=now - 24 * HOUR)
    api.hospitals["TST"] = made.hospital.id
    return made


@pytest.mark.parametrize("role", READERS)
def test_reports_are_read_by_those_who_may(api: Api, clinic, role):
    caller = api.as_(role, hospital="TST")
    for report in REPORTS:
        answer = caller.get(f"/analytics/{report}")
        assert answer.status_code == 200, answer.json
        assert answer.json["data"]["as_of"].startswith("2026-11-22T09:00:00")


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CLINICIAN, Role.SERVICE])
def test_and_by_nobody_else(api: Api, clinic, role):
    callers = [api.as_(role), api.as_patient(clinic.ada.id)]
    for caller in callers:
        for report in REPORTS:
            assert caller.get(f"/analytics/{report}").status_code == 403


def test_every_rate_says_what_it_counts(api: Api, clinic):
    found = api.as_(Role.ADMIN).get("/analytics/patients").json["data"]
    assert found["attendance"] == {
        "numerator": 1,
        "denominator": 1,
        "rate": 1.0,
        "interval": {"low": pytest.approx(0.2065, abs=1e-4), "high": 1.0},
        "excluded": {},
        "as_of": found["as_of"],
    }
    assert found["feedback_response"]["rate"] is None
    assert found["points"]["redeemed"]["interval"] is None


def test_a_hospital_counts_its_own(api: Api, clinic):
    here, elsewhere = (api.as_(Role.HOSPITAL_ADMIN, hospital=code) for code in ("TST", "IKJ"))
    path = "/analytics/patients"
    assert here.get(path).json["data"]["attendance"]["denominator"] == 1
    assert elsewhere.get(path).json["data"]["attendance"]["denominator"] == 0
    asked = elsewhere.get(path, hospital_id=str(clinic.hospital.id)).json["data"]
    assert asked["attendance"]["denominator"] == 0


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize(
    "query",
    [
        {"from": "2024-01-01"},
        {"to": "yesterday"},
        {"since": "x"},
        {"to": "9999-12-31"},
        {"from": "0001-01-01", "to": "0001-01-02"},
    ],
)
def test_days_that_cannot_be_are_refused(api: Api, report, query):
    assert api.as_(Role.ADMIN).get(f"/analytics/{report}", **query).status_code == 422
