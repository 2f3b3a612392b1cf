"""Messages through the API: one, many, later, listed, counted, explained, tried."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import outbox, suppressions, users
from crm.kit.permissions import Role
from crm.models import (
    AccountKind,
    AuditEvent,
    Hospital,
    Message,
    MessageStatus,
    Patient,
    Purpose,
    SuppressionReason,
)
from tests.api.caller import PASSWORD, Api
from tests.crm.estate import an_owner
from tests.crm.senders import CARE, a_template, reached
from tests.stack import SUNDAY_MORNING

HELLO = {"channel": "sms", "purpose": "care", "body": "Your results are ready. Please call us."}


@pytest.fixture
def ada(api: Api):
    """A patient of Ikeja."""
    with api.wiring.transaction() as session:
        person = reached(session)
        patient = session.get(Patient, person.patient_id)
        patient.home_hospital_id = api.hospitals["IKJ"]
    return person


@pytest.fixture
def alhaji(api: Api):
    """An owner of Ikeja."""
    with api.wiring.transaction() as session:
        ikeja = session.get(Hospital, api.hospitals["IKJ"])
        return an_owner(session, at=ikeja, now=SUNDAY_MORNING)


def written(api: Api, code: str = "water", **how):
    with api.wiring.transaction() as session:
        a_template(session, code, **({"body": CARE, "purpose": Purpose.CARE} | how))


def messages(api: Api) -> list[Message]:
    with api.wiring.sessions() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def words(api: Api, message: Message) -> str:
    return outbox.unseal(api.wiring.vault, message.body_sealed, row=message.id).text


# -- one ------------------------------------------------------------------------------------------


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


# -- /send and /send-bulk -------------------------------------------------------------------------


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


# -- due ------------------------------------------------------------------------------------------


def test_what_is_due_is_reported_and_what_is_late_ends(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    at = SUNDAY_MORNING + timedelta(minutes=5)
    for ttl in (1, 600):
        desk.post(
            f"/patients/{ada.patient_id}/communications",
            {**HELLO, "scheduled_at": at.isoformat(), "ttl_minutes": ttl},
        )
    api.wiring.clock.move(timedelta(minutes=10))
    service = api.as_(Role.SERVICE)

    seen = service.post("/communications/process-scheduled", {"dry_run": True}).json["data"]
    done = service.post("/communications/process-scheduled").json["data"]

    assert (seen["due"], seen["claimed"], seen["expired"]) == (1, 0, 1)
    assert (done["due"], done["claimed"], done["expired"]) == (1, 1, 1)
    assert done["oldest_due_age_s"] == 300
    assert {each.status for each in messages(api)} == {
        MessageStatus.QUEUED,
        MessageStatus.EXPIRED,
    }
    assert api.wiring.redis.exists("wake:utility")


# -- what was said --------------------------------------------------------------------------------


def test_bodies_are_for_those_who_answer_and_for_oneself(api: Api, ada):
    path = f"/patients/{ada.patient_id}/communications"
    api.as_(Role.FRONT_DESK, hospital="IKJ").post(path, HELLO)

    shown = {
        role: api.as_(role, hospital="IKJ").get(path).json["data"][0]["text"]
        for role in (Role.FRONT_DESK, Role.COMMUNICATIONS, Role.CLINICIAN, Role.AUDITOR)
    }
    own = api.as_patient(ada.patient_id).get(path).json["data"][0]

    assert shown == {
        Role.FRONT_DESK: HELLO["body"],
        Role.COMMUNICATIONS: HELLO["body"],
        Role.CLINICIAN: None,
        Role.AUDITOR: None,
    }
    assert (own["text"], own["status"], own["purpose"]) == (HELLO["body"], "queued", "care")


def test_nobody_reads_what_was_said_to_somebody_else(api: Api, ada, alhaji):
    with api.wiring.transaction() as session:
        other = reached(session, name="Musa Bello")

    path = f"/patients/{ada.patient_id}/communications"
    assert api.as_patient(other.patient_id).get(path).status_code == 404
    assert api.as_owner(alhaji.id).get(path).status_code == 403
    assert api.as_(Role.FINANCE).get(path).status_code == 403


def test_the_list_is_filtered_and_paged(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    path = f"/patients/{ada.patient_id}/communications"
    for number in range(3):
        desk.post(path, {**HELLO, "body": f"Message {number}"})

    first = desk.get(path, limit=2).json
    rest = desk.get(path, limit=2, cursor=first["meta"]["next_cursor"]).json

    assert [each["text"] for each in first["data"]] == ["Message 2", "Message 1"]
    assert [each["text"] for each in rest["data"]] == ["Message 0"]
    assert desk.get(path, channel="whatsapp").json["data"] == []
    assert desk.get(path, status="queued", purpose="care").json["meta"]["next_cursor"] is None


# -- explain --------------------------------------------------------------------------------------


def test_the_explanation_is_what_happens(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    who = {"patient_id": ada.patient_id, "purpose": "care"}

    may = desk.get("/communications/explain", **who).json["data"]
    with api.wiring.transaction() as session:
        suppressions.suppress(session, ada.address_id, SuppressionReason.STOP, now=SUNDAY_MORNING)
    not_now = desk.get("/communications/explain", **who).json["data"]
    refused = desk.post(f"/patients/{ada.patient_id}/communications", HELLO)

    assert may["answer"]["verdict"]["kind"] == "go"
    assert [step["name"] for step in may["answer"]["steps"]] == [
        "person", "address", "suppression", "consent", "frequency", "quiet_hours", "window",
    ]  # fmt: skip
    assert not_now["answer"]["verdict"]["code"] == refused.json["reason"] == "stop"
    assert desk.get("/communications/explain", purpose="care").status_code == 422


# -- statistics -----------------------------------------------------------------------------------


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


# -- trying a channel -----------------------------------------------------------------------------


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
