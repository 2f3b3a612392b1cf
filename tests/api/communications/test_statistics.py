"""How messages fared, counted."""

import pytest

from crm.kit.permissions import Role
from crm.models import (
    Message,
    MessageStatus,
)
from tests.api.caller import Api
from tests.api.communications.sent import HELLO, messages


def test_statistics_count_what_was_sent_and_never_tests(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    for _ in range(4):
        desk.post(f"/patients/{ada.patient_id}/communications", HELLO)
    for message, status in zip(messages(api), ("delivered", "read", "failed"), strict=False):
        with api.wiring.transaction() as session:
            row = session.get(Message, message.id)
            row.status, row.error_code = (
                MessageStatus(status),
                30003 if status == "failed" else None,
            )
    with api.wiring.transaction() as session:
        tested = session.get(Message, messages(api)[3].id)
        tested.is_test = True

    seen = api.as_(Role.COMMUNICATIONS, hospital="IKJ").get("/communications/statistics").json
    other = api.as_(Role.COMMUNICATIONS, hospital="WUS").get("/communications/statistics").json

    data = seen["data"]
    assert (data["totals"]["requested"], data["totals"]["delivered"]) == (3, 2)
    rate = data["rates"]["delivered"]
    assert (rate["numerator"], rate["denominator"]) == (2, 3)
    assert rate["interval"]["low"] < rate["rate"] < rate["interval"]["high"]
    assert data["top_errors"] == [
        {"code": 30003, "n": 1, "meaning": "the phone is off or out of reach"}
    ]
    assert (data["cost_kobo"], data["series"][0]["key"]) == (1_800, "2026-11-22")
    assert other["data"]["totals"]["requested"] == 0


@pytest.mark.parametrize("group", ["hour", "day", "channel", "template", "error_code"])
def test_statistics_group_by_anything_they_name(api: Api, ada, group):
    api.as_(Role.FRONT_DESK).post(f"/patients/{ada.patient_id}/communications", HELLO)
    seen = api.as_(Role.AUDITOR).get("/communications/statistics", group_by=group)
    assert seen.json["data"]["series"][0]["totals"]["requested"] == 1


def test_statistics_of_a_span_too_long_are_refused(api: Api):
    officer = api.as_(Role.COMMUNICATIONS)
    span = {"since": "2020-01-01", "until": "2026-01-01"}
    assert officer.get("/communications/statistics", **span).status_code == 422
