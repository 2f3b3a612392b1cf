"""What the product is sent: genuine signatures, the captured fields, patience with failures."""

import json
from typing import Any

import pytest

from bot.sandbox.events import EventLog
from bot.sandbox.later import Later
from bot.sandbox.store import Store
from bot.sandbox.webhooks import Post, Webhooks
from tests.sandbox.vendor_spec import DATA
from tests.sandbox.world import ACCOUNT, ADAEZE, MUSA, SMS, WHATSAPP, World

FIXTURES = {
    fixture["id"]: dict(fixture["fields_in_order"])
    for fixture in json.loads((DATA / "webhook_fixtures.json").read_text())["fixtures"]
}
QUICK = {
    "body": "Can you come?",
    "actions": [{"title": "Yes", "id": "v1|7|yes"}, {"title": "No", "id": "v1|7|no"}],
}
DAYS = {
    "body": "Choose a day.",
    "button": "Days",
    "items": [{"id": "v1|8|a", "item": "Tuesday"}, {"id": "v1|8|b", "item": "Friday"}],
}
VECTORS = [
    vector
    for vector in json.loads((DATA / "signature_vectors.json").read_text())["twilio_published"]
    if vector["expect_valid"]
    and vector["algorithm"] == "HMAC_SHA1"
    and isinstance(vector["params"], dict)
    and "signed-" not in vector["id"]  # those were signed over another form of the URL
    and all(isinstance(value, str) for value in vector["params"].values())
]
# A press was captured from a person with a username, and a forward is not modelled.
NOT_OURS = {"ExternalUserId", "FrequentlyForwarded", "Forwarded"}


def test_a_whatsapp_text_has_the_captured_fields(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "  Ẹ káàárọ̀ & good morning ", profile_name="Adaeze")
    params = world.product.inbound()[0].params
    assert set(params) == set(FIXTURES["wa-text"])
    assert params["Body"] == "  Ẹ káàárọ̀ & good morning "
    assert (params["From"], params["To"]) == (f"whatsapp:{ADAEZE}", f"whatsapp:{WHATSAPP}")
    assert (params["WaId"], params["ProfileName"]) == (ADAEZE[1:], "Adaeze")


def test_a_text_message_has_no_whatsapp_fields(world: World) -> None:
    world.sandbox.say("sms", MUSA, "Hello")
    params = world.product.inbound()[0].params
    assert not {"WaId", "ProfileName", "MessageType", "ChannelMetadata"} & set(params)
    assert (params["From"], params["To"], params["AccountSid"]) == (MUSA, SMS, ACCOUNT)


def test_a_person_without_a_number_is_known_by_an_id(world: World) -> None:
    world.sandbox.say("whatsapp", "NG.448049", "Hello", extra={"Username": "ada.patient"})
    params = world.product.inbound()[0].params
    assert (params["From"], params["ExternalUserId"]) == ("whatsapp:NG.448049",) * 2
    assert "WaId" not in params


def test_every_webhook_is_signed_and_named(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    world.settled(world.send(f"whatsapp:{ADAEZE}").sid)
    assert all(post.is_genuine for post in world.product.received)
    assert {post.headers["User-Agent"] for post in world.product.received} == {"TwilioProxy/1.1"}
    assert {post.query for post in world.product.received} == {"", "mid=ab12&n=1"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_the_signature_is_the_one_twilio_publishes(vector: dict[str, Any]) -> None:
    later = Later(workers=0)
    events = EventLog(Store(":memory:"))
    webhooks = Webhooks(vector["token"], events, later, pace=0, now=lambda: 0.0)
    post = Post(vector["url_seen_by_app"], vector["params"], "token", None)
    assert webhooks._headers(post)["X-Twilio-Signature"] == vector["signature"]


def test_pressing_a_button_sends_its_payload_and_its_title(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    sid = world.content("twilio/quick-reply", QUICK)
    asked = world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid)
    world.sandbox.press(ADAEZE, "v1|7|no")
    params = world.product.inbound()[-1].params
    assert set(params) >= set(FIXTURES["wa-quick-reply"]) - NOT_OURS
    assert (params["Body"], params["ButtonText"]) == ("No", "No")
    assert (params["ButtonPayload"], params["MessageType"]) == ("v1|7|no", "interactive")
    assert params["OriginalRepliedMessageSid"] == asked.sid


def test_a_button_of_a_template_arrives_as_a_button(world: World) -> None:
    sid = world.content("twilio/quick-reply", QUICK)
    world.approve(sid)
    world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid)
    world.sandbox.press(ADAEZE, "v1|7|yes")
    assert world.product.inbound()[-1].params["MessageType"] == "button"


def test_picking_from_a_list_sends_the_row(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    sid = world.content("twilio/list-picker", DAYS)
    world.send(f"whatsapp:{ADAEZE}", "", content_sid=sid)
    world.sandbox.press(ADAEZE, "v1|8|b")
    params = world.product.inbound()[-1].params
    assert (params["ListId"], params["ListTitle"], params["Body"]) == ("v1|8|b", *["Friday"] * 2)
    assert "ButtonPayload" not in params


def test_failures_are_tried_again_with_the_same_identity(world: World) -> None:
    world.product.answers[:] = [500, 503]
    delivery = world.sandbox.say("sms", MUSA, "Hello")
    posts = world.product.inbound()
    assert (delivery.http_status, delivery.tries, len(posts)) == (200, 3, 3)
    assert len({post.params["MessageSid"] for post in posts}) == 1
    assert len({post.headers["I-Twilio-Idempotency-Token"] for post in posts}) == 1


def test_the_carrier_gives_up_after_three_retries(world: World) -> None:
    world.product.answers[:] = [500] * 9
    delivery = world.sandbox.say("sms", MUSA, "Hello")
    assert (delivery.http_status, delivery.tries, delivery.arrived) == (500, 4, False)


def test_a_refusal_is_not_tried_again(world: World) -> None:
    world.product.answers[:] = [403]
    assert world.sandbox.say("sms", MUSA, "Hello").tries == 1


def test_an_old_webhook_can_be_delivered_again(world: World) -> None:
    delivery = world.sandbox.say("sms", MUSA, "Hello")
    world.sandbox.redeliver(delivery.sid, times=2)
    posts = world.product.inbound()
    assert len(posts) == 3
    assert all(post.params == posts[0].params and post.is_genuine for post in posts)


def test_words_in_a_twiml_answer_reach_the_person(world: World) -> None:
    world.product.twiml = "<Response><Message><Body>Welcome &amp; hello</Body></Message></Response>"
    world.sandbox.say("sms", MUSA, "Hello")
    entry = world.sandbox.messages_to(MUSA)[0]
    assert (entry.body, entry.direction) == ("Welcome & hello", "outbound-reply")


@pytest.mark.parametrize(
    ("channel", "status", "fixture"),
    [
        ("whatsapp", "sent", "wa-status-sent"),
        ("whatsapp", "delivered", "wa-status-delivered"),
        ("whatsapp", "read", "wa-status-read"),
        ("sms", "delivered", "sms-status-delivered"),
    ],
)
def test_receipts_have_the_captured_fields(
    world: World, channel: str, status: str, fixture: str
) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    world.settled(world.send(f"whatsapp:{ADAEZE}" if channel == "whatsapp" else MUSA).sid)
    receipts = [post.params for post in world.product.received if "MessageStatus" in post.params]
    receipt = next(params for params in receipts if params["MessageStatus"] == status)
    assert set(receipt) >= set(FIXTURES[fixture])
    assert receipt.get("EventType") == FIXTURES[fixture].get("EventType")
