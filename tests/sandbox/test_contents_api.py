"""Templates: stored, limited, filled and approved as the vendor does it."""

from typing import Any

import pytest
from twilio.rest.content.v1.content import ContentList

from tests.sandbox.vendor_spec import check_answer, check_request
from tests.sandbox.world import ADAEZE, MUSA, World

ALL, ONE = "/v1/Content", "/v1/Content/{Sid}"
APPROVE, APPROVAL = (
    "/v1/Content/{ContentSid}/ApprovalRequests/whatsapp",
    "/v1/Content/{Sid}/ApprovalRequests",
)
QUICK = {
    "body": "Dear {{1}}, can you come?",
    "actions": [{"type": "QUICK_REPLY", "title": "{{2}}", "id": "v1|7|{{2}}"}],
}
DAYS = {
    "body": "Choose a day.",
    "button": "See the days",
    "items": [{"id": "v1|2|a", "item": "Tue 25 Nov", "description": "Ikeja"}],
}


def test_templates_are_shown_as_the_document_says(world: World) -> None:
    document = {"language": "en", "types": {"twilio/quick-reply": QUICK}}
    check_request("twilio_content_v1", ALL, document)
    made = world.ask("POST", "/content.twilio.com/v1/Content", document)
    check_answer("twilio_content_v1", ALL, "post", made.status, made.json())
    sid = made.json()["sid"]
    one = world.ask("GET", f"/content.twilio.com/v1/Content/{sid}")
    check_answer("twilio_content_v1", ONE, "get", one.status, one.json())
    every = world.ask("GET", "/content.twilio.com/v1/Content?PageSize=1")
    check_answer("twilio_content_v1", ALL, "get", every.status, every.json())


def test_the_sdk_makes_lists_and_deletes_templates(world: World) -> None:
    text = ContentList.TwilioText({"body": "Hello {{1}}, welcome"})
    types = ContentList.Types({"twilio/text": text})
    wish = ContentList.ContentCreateRequest(
        {"friendly_name": "welcome", "language": "en", "variables": {"1": "Ada"}, "types": types}
    )
    made = world.client.content.v1.contents.create(wish)
    assert [found.sid for found in world.client.content.v1.contents.list()] == [made.sid]
    assert world.client.content.v1.contents(made.sid).delete()
    assert world.client.content.v1.contents.list() == []


def test_approval_is_granted_a_moment_after_it_was_asked_for(world: World) -> None:
    sid = world.content("twilio/quick-reply", QUICK)
    path = f"/content.twilio.com/v1/Content/{sid}/ApprovalRequests"
    wish = {"name": "can_you_come", "category": "UTILITY"}
    check_request("twilio_content_v1", APPROVE, wish)
    asked = world.ask("POST", f"{path}/whatsapp", wish)
    check_answer("twilio_content_v1", APPROVE, "post", asked.status, asked.json())
    verdict = world.ask("GET", path)
    check_answer("twilio_content_v1", APPROVAL, "get", verdict.status, verdict.json())
    assert asked.json()["status"] == "received"
    assert verdict.json()["whatsapp"]["status"] == "approved"


@pytest.mark.parametrize(
    ("part", "name", "reason"),
    [
        ({"body": "{{1}}, come tomorrow"}, "starts_with", "at the start"),
        ({"body": "Come, {{1}}{{2}} please"}, "side_by_side", "side by side"),
        ({"body": "Come, {{2}}, please"}, "gap", "without gaps"),
        ({"body": "Come, please"}, "reject_me", "asked for a rejection"),
    ],
)
def test_templates_whatsapp_would_not_have_are_rejected(
    world: World, part: dict[str, Any], name: str, reason: str
) -> None:
    verdict = world.approve(world.content("twilio/text", part), name)
    assert verdict["status"] == "rejected"
    assert reason in verdict["rejection_reason"]


def test_a_list_is_never_a_template(world: World) -> None:
    assert world.approve(world.content("twilio/list-picker", DAYS))["status"] == "rejected"


@pytest.mark.parametrize(
    "document",
    [
        {"types": {"twilio/text": {"body": "no language"}}},
        {"language": "en", "types": {}},
        {"language": "en", "types": {"twilio/unheard-of": {"body": "x"}}},
        {"language": "en", "types": {"twilio/text": {"body": ""}}},
        {"language": "en", "types": {"twilio/quick-reply": {"body": "x", "actions": []}}},
        {"language": "en", "types": {"twilio/list-picker": DAYS | {"items": DAYS["items"] * 11}}},
        {"language": "en", "types": {"twilio/list-picker": DAYS | {"button": "b" * 21}}},
        {
            "language": "en",
            "types": {"twilio/quick-reply": {"body": "x", "actions": [{"title": "t" * 21}]}},
        },
    ],
)
def test_templates_beyond_the_limits_are_refused(world: World, document: dict[str, Any]) -> None:
    answer = world.ask("POST", "/content.twilio.com/v1/Content", document)
    assert (answer.status, answer.json()["code"]) == (400, 20001)


def test_variables_are_filled_in_body_titles_and_payloads(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    sid = world.content("twilio/quick-reply", QUICK)
    values = '{"1": "Adaeze", "2": "Yes"}'
    world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid, content_variables=values)
    entry = world.sandbox.messages_to(ADAEZE)[0]
    assert entry.body == "Dear Adaeze, can you come?"
    assert [(choice.id, choice.label) for choice in entry.choices] == [("v1|7|Yes", "Yes")]


def test_a_title_too_long_after_filling_fails_on_the_way(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    sid = world.content("twilio/quick-reply", QUICK)
    values = '{"1": "Adaeze", "2": "Yes, I can certainly come"}'
    sent = world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid, content_variables=values)
    assert world.settled(sent.sid).error_code == 63021


def test_four_buttons_are_too_many_in_a_session(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    actions = [{"title": f"Choice {n}", "id": str(n)} for n in range(4)]
    sid = world.content("twilio/quick-reply", {"body": "Which?", "actions": actions})
    assert world.settled(world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid).sid).error_code


@pytest.mark.parametrize(("value", "code"), [("", 63013), ("a\nb", 63013), ("a     b", 63013)])
def test_template_variables_have_neither_line_breaks_nor_long_gaps(
    world: World, value: str, code: int
) -> None:
    sid = world.content("twilio/text", {"body": "Dear {{1}}, good morning."})
    world.approve(sid)
    variables = f'{{"1": "{value}"}}'.replace("\n", "\\n")
    sent = world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid, content_variables=variables)
    assert world.settled(sent.sid).error_code == code


def test_a_missing_variable_is_a_wrong_number_of_parameters(world: World) -> None:
    sid = world.content("twilio/text", {"body": "Dear {{1}}, good morning."})
    world.approve(sid)
    sent = world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid)
    assert world.settled(sent.sid).error_code == 63028


def test_over_sms_a_template_is_just_its_text(world: World) -> None:
    world.send(MUSA, "", content_sid=world.content("twilio/list-picker", DAYS))
    entry = world.sandbox.messages_to(MUSA)[0]
    assert (entry.body, entry.choices) == ("Choose a day.", ())
