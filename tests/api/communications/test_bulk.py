"""Many messages by one call."""

from uuid import uuid4

from bot.channels.carrier import Channel
from crm.kit.permissions import Role
from crm.models import Purpose
from tests.api.caller import Api
from tests.api.communications.sent import HELLO, messages, written


def test_a_reference_is_taken_once(api: Api, ada):
    service = api.as_(Role.SERVICE)
    body = {**HELLO, "to": {"patient_id": ada.patient_id}, "reference": "lab-17"}

    first, again = (service.post("/communications/send", body) for _ in range(2))

    assert first.status_code == 202
    assert (again.status_code, again.json["code"]) == (409, "reference_used")
    assert again.json["message_id"] == first.json["data"]["id"]


def test_a_bare_address_needs_a_permission_and_consent_like_any_other(api: Api):
    bare = {**HELLO, "to": {"phone": "0803 123 4567"}}

    assert api.as_(Role.COMMUNICATIONS).post("/communications/send", bare).status_code == 403
    refused = api.as_(Role.ADMIN).post("/communications/send", bare)
    assert (refused.status_code, refused.json["reason"]) == (409, "no_consent")


def test_the_desk_does_not_write_to_owners_nor_finance_to_patients(api: Api, ada, alhaji):
    to_owner = {**HELLO, "to": {"owner_id": alhaji.id}}
    to_patient = {**HELLO, "to": {"patient_id": ada.patient_id}}

    assert api.as_(Role.FRONT_DESK).post("/communications/send", to_owner).status_code == 403
    assert api.as_(Role.FINANCE).post("/communications/send", to_patient).status_code == 403


def test_of_many_each_is_answered_for(api: Api, ada):
    written(api)
    officer = api.as_(Role.COMMUNICATIONS)
    body = {
        "template_code": "water",
        "channel": "sms",
        "recipients": [
            {"patient_id": ada.patient_id, "client_ref": "a"},
            {"patient_id": uuid4(), "client_ref": "b"},
        ],
    }

    tried = officer.post("/communications/send-bulk", {**body, "dry_run": True})
    whole = officer.post("/communications/send-bulk", {**body, "atomic": True})
    assert messages(api) == []
    sent = officer.post("/communications/send-bulk", body)

    assert (tried.status_code, whole.status_code, sent.status_code) == (200, 422, 202)
    assert tried.json["data"]["samples"][0]["text"].startswith("Hello Ada, drink water")
    data = sent.json["data"]
    assert [each["client_ref"] for each in data["accepted"]] == ["a"]
    assert [(each["client_ref"], each["code"]) for each in data["rejected"]] == [("b", "not_found")]
    assert len(messages(api)) == 1


def test_owners_get_a_template_by_list_or_by_filter(api: Api, alhaji):
    written(api, "ready", purpose=Purpose.NOTICE, channels=(Channel.WHATSAPP,))
    officer = api.as_(Role.COMMUNICATIONS)
    path, say = "/owners/communications/bulk", {"template_code": "ready"}

    by_list = officer.post(path, {**say, "owner_ids": [alhaji.id], "dry_run": True})
    of_kind = {"field": "kind", "op": "in", "value": ["individual"]}
    by_filter = officer.post(path, {**say, "filter": of_kind})
    nobody = officer.post(path, {**say, "filter": {"not": {"any": [of_kind]}}})
    free = officer.post(path, {"body": "x", "purpose": "notice", "owner_ids": [alhaji.id]})

    assert (by_list.status_code, by_filter.status_code) == (200, 202)
    assert len(by_filter.json["data"]["accepted"]) == 1
    assert (nobody.json["code"], free.status_code) == ("empty_audience", 422)
