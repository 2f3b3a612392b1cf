"""Trying a channel."""

from crm import users
from crm.kit.permissions import Role
from crm.models import AccountKind
from tests.api.caller import PASSWORD, Api
from tests.api.communications.sent import HELLO, messages


def test_only_testers_are_written_to_and_five_times_a_minute(api: Api):
    tester = "+2349140000555"
    settings = api.wiring.settings.model_copy(update={"test_recipients": (tester,)})
    api.wiring.settings = settings
    officer = api.as_(Role.COMMUNICATIONS)
    body = {"channel": "sms", "to": "0914 000 0555", "wait_s": 0}

    stranger = officer.post("/communications/test", {**body, "to": "08031234567"})
    dry = officer.post("/communications/test", {**body, "dry_run": True})
    sent = [officer.post("/communications/test", body) for _ in range(6)]

    assert (stranger.status_code, stranger.json["code"]) == (403, "not_on_allow_list")
    assert dry.json["data"]["message_id"] is None
    assert dry.json["data"]["checks"]["credentials"]
    assert [each.status_code for each in sent] == [200] * 5 + [429]
    assert sent[0].json["data"]["ok"] is None
    assert all(each.is_test for each in messages(api))


def test_a_role_elsewhere_opens_no_words_here(api: Api, ada):
    """Desk at Wuse and auditor at Ikeja: what Ikeja says is known of, and not read."""
    path = f"/patients/{ada.patient_id}/communications"
    api.as_(Role.FRONT_DESK, hospital="IKJ").post(path, HELLO)
    with api.wiring.transaction() as session:
        bola = users.create(
            session,
            api.wiring.passwords,
            name="Bola",
            email="bola@example.com",
            password=PASSWORD,
            grants=[
                (Role.FRONT_DESK, api.hospitals["WUS"]),
                (Role.AUDITOR, api.hospitals["IKJ"]),
            ],
            now=api.wiring.now(),
        )
    caller = api._signed_in(AccountKind.USER, bola.id)

    assert caller.get(path).json["data"][0]["text"] is None
    assert caller.post(path, HELLO).status_code == 404
