"""One message by API: whom it reaches, and why not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import suppressions
from crm.kit.permissions import Role
from crm.models import (
    AuditEvent,
    Purpose,
    SuppressionReason,
)
from tests.api.caller import Api
from tests.api.communications.sent import HELLO, messages, words, written
from tests.stack import SUNDAY_MORNING


def test_the_desk_writes_to_a_patient_and_the_answer_says_what_it_costs(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")

    answer = desk.post(f"/patients/{ada.patient_id}/communications", HELLO)

    assert answer.status_code == 202
    data = answer.json["data"]
    assert (data["status"], data["segments"], data["cost_estimate_kobo"]) == ("queued", 1, 600)
    (message,) = messages(api)
    assert (str(message.id), message.sent_by) == (data["id"], desk.id)
    assert words(api, message) == HELLO["body"]


def test_the_same_key_is_the_same_message(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{ada.patient_id}/communications"

    first, second = (desk.post(path, HELLO, key="k1") for _ in range(2))

    assert first.json == second.json
    assert len(messages(api)) == 1


def test_a_patient_of_another_hospital_does_not_exist(api: Api, ada, alhaji):
    elsewhere = api.as_(Role.COMMUNICATIONS, hospital="WUS")

    for path in (
        f"/patients/{ada.patient_id}/communications",
        f"/owners/{alhaji.id}/communications",
    ):
        assert elsewhere.post(path, HELLO).status_code == 404
        assert elsewhere.get(path).status_code == 404
    sent = elsewhere.post("/communications/send", {**HELLO, "to": {"patient_id": ada.patient_id}})
    assert sent.status_code == 404
    who = {"patient_id": ada.patient_id, "purpose": "care"}
    assert elsewhere.get("/communications/explain", **who).status_code == 404


def test_what_the_gate_refuses_is_refused_with_its_reason(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{ada.patient_id}/communications"
    with api.wiring.transaction() as session:
        suppressions.suppress(session, ada.address_id, SuppressionReason.STOP, now=SUNDAY_MORNING)

    stopped = desk.post(path, HELLO)
    elsewhere = desk.post(path, {**HELLO, "channel": "whatsapp"})

    assert (stopped.status_code, stopped.json["code"]) == (409, "suppressed")
    assert stopped.json["reason"] == "stop"
    assert (elsewhere.status_code, elsewhere.json["code"]) == (422, "channel_unavailable")
    assert messages(api) == []


def test_whatsapp_outside_its_window_needs_a_template(api: Api, alhaji):
    officer = api.as_(Role.COMMUNICATIONS)
    path = f"/owners/{alhaji.id}/communications"
    free = {"channel": "whatsapp", "purpose": "notice", "body": "Your statement is ready."}

    refused = officer.post(path, free)
    written(api, "ready", purpose=Purpose.NOTICE, channels=(Channel.WHATSAPP,))
    taken = officer.post(path, {"channel": "auto", "template_code": "ready"})

    assert refused.json["code"] == "outside_window_needs_template"
    assert taken.status_code == 202
    assert words(api, messages(api)[0]).startswith("Hello Alhaji Danladi, drink water")


def test_sensitive_words_need_a_reason_which_is_kept(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{ada.patient_id}/communications"
    hiv = {**HELLO, "body": "Your H\u200bIV test is negative"}

    refused = desk.post(path, hiv)
    sent = desk.post(path, {**hiv, "override_reason": "she asked for it in writing"})

    assert (refused.status_code, refused.json["code"]) == (422, "sensitive_content")
    assert sent.status_code == 202
    with api.wiring.sessions() as session:
        noted = select(AuditEvent).where(AuditEvent.action == "messages.sensitive_override")
        assert session.scalars(noted).one().purpose == "she asked for it in writing"


def test_a_message_for_later_waits_until_then(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{ada.patient_id}/communications"
    at = SUNDAY_MORNING + timedelta(hours=3)

    set_ = desk.post(path, {**HELLO, "scheduled_at": at.isoformat()})
    past = desk.post(path, {**HELLO, "scheduled_at": SUNDAY_MORNING.isoformat()})
    naive = desk.post(path, {**HELLO, "scheduled_at": "2026-11-22T18:00:00"})

    assert set_.json["data"]["status"] == "scheduled"
    assert messages(api)[0].due_at == at
    assert (past.status_code, naive.status_code) == (422, 422)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": "x", "template_code": "water"},
        {**HELLO, "unknown": 1},
        {**HELLO, "channel": "fax"},
        {**HELLO, "purpose": "reply"},
        {**HELLO, "body": "x" * 1_601},
        {**HELLO, "channel": "email"},
        {**HELLO, "body": "a\x00b"},
        {"template_code": "no_such"},
    ],
)
def test_what_cannot_be_read_is_422(api: Api, ada, body):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    assert desk.post(f"/patients/{ada.patient_id}/communications", body).status_code == 422


def test_values_of_a_template_are_asked_for_and_only_those(api: Api, ada):
    written(
        api,
        body="Hello {first_name}, your bill is {amount}.",
        variables=[
            {"name": "first_name", "type": "text", "example": "Ada"},
            {"name": "amount", "type": "money", "example": 500_00},
        ],
    )
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{ada.patient_id}/communications"
    say = {"channel": "sms", "template_code": "water"}

    missing = desk.post(path, say)
    wrong = desk.post(path, {**say, "variables": {"amount": "much"}})
    unknown = desk.post(path, {**say, "variables": {"amount": 1, "doctor": "x"}})
    right = desk.post(path, {**say, "variables": {"amount": 1_250_000_00}})

    assert {each.json["code"] for each in (missing, wrong, unknown)} == {
        "template_variable_missing"
    }
    assert right.status_code == 202
    assert words(api, messages(api)[0]) == "Hello Ada, your bill is ₦1,250,000."
