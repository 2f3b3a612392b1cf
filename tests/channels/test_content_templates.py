"""Our content at Twilio: created once, approval asked for what may open a conversation."""

from bot.channels.carrier import Option
from bot.channels.content import session_shapes, template
from bot.channels.templates import ensure_contents
from bot.channels.twilio import TwilioCarrier
from tests.channels.scripted_carrier import ScriptedServer, answer

REMINDER = template(
    "appointment_reminder_en",
    language="en",
    body="Hello {{1}}, we expect you on {{2}} at our hospital. Will you come?",
    samples={"1": "Ada", "2": "Monday, 9:00", "3": "0190"},
    buttons=[Option("v1|reminder|{{3}}|yes", "I will come"), Option("v1|reminder|{{3}}|no", "No")],
)


def contents(*known: tuple[str, str]) -> bytes:
    resources = [{"friendly_name": name, "sid": sid} for name, sid in known]
    return answer(200, {"contents": resources, "meta": {"key": "contents"}})


def test_what_is_missing_is_created_as_json_and_what_is_there_is_kept(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    shapes = session_shapes()[:2]
    server.will(contents(("reply_1", "HX1")), answer(201, {"sid": "HX2"}))
    assert ensure_contents(carrier.client, shapes) == {"reply_1": "HX1", "reply_2": "HX2"}
    created = server.heard[1]
    assert created.line == "POST /content.twilio.com/v1/Content HTTP/1.1"
    assert created.headers["content-type"] == "application/json"
    assert created.json["friendly_name"] == "reply_2"
    assert created.json["types"] == {
        "twilio/quick-reply": {
            "body": "{{1}}",
            "actions": [
                {"type": "QUICK_REPLY", "title": "{{2}}", "id": "{{3}}"},
                {"type": "QUICK_REPLY", "title": "{{4}}", "id": "{{5}}"},
            ],
        }
    }


def test_a_new_template_is_handed_in_for_approval(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(contents(), answer(201, {"sid": "HX1"}), answer(201, {"status": "received"}))
    ensure_contents(carrier.client, [REMINDER])
    asked = server.heard[2]
    assert asked.line.endswith("/v1/Content/HX1/ApprovalRequests/whatsapp HTTP/1.1")
    assert asked.json == {"name": "appointment_reminder_en", "category": "UTILITY"}


def test_a_template_whose_approval_was_never_asked_is_handed_in_now(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(contents(("appointment_reminder_en", "HX1")))
    server.will(answer(200, {"whatsapp": {"status": "unsubmitted"}}), answer(201, {}))
    ensure_contents(carrier.client, [REMINDER])
    assert server.heard[2].json["category"] == "UTILITY"


def test_an_approved_template_is_left_alone(server: ScriptedServer, carrier: TwilioCarrier) -> None:
    server.will(contents(("appointment_reminder_en", "HX1")))
    server.will(answer(200, {"whatsapp": {"status": "approved"}}))
    assert ensure_contents(carrier.client, [REMINDER]) == {"appointment_reminder_en": "HX1"}
    assert len(server.heard) == 2
