"""The Messages API through the vendor's own SDK, judged by the vendor's own document."""

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sandbox.vendor_spec import check_answer, check_request
from tests.sandbox.world import ACCOUNT, ADAEZE, MUSA, SMS, WHATSAPP, LoopbackHttp, World

LIST = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
ONE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
JOLLOF = "Ẹ káàárọ̀, your visit is tomorrow" + "!" * 60


def refusal(world: World, **fields: object) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as caught:
        world.send(**fields)
    return caught.value


def test_an_accepted_message_is_answered_as_the_document_says(world: World) -> None:
    world.send(MUSA, "Good morning")
    _, _, status, body = world.http.seen[-1]
    check_answer("twilio_messages", LIST, "post", status, body)
    assert (status, body["status"], body["num_segments"]) == (201, "queued", "1")
    assert (body["price"], body["num_media"], body["direction"]) == (None, "0", "outbound-api")


def test_the_fields_the_sdk_sends_are_known_to_the_document() -> None:
    check_request("twilio_messages", LIST, {"To": MUSA, "From": SMS, "Body": "Hello"})


def test_fetch_and_list_follow_the_document_too(world: World) -> None:
    message = world.send(MUSA)
    world.settled(message.sid)
    check_answer("twilio_messages", ONE, "get", 200, world.http.seen[-1][3])
    world.client.messages.list(to=MUSA, limit=5)
    check_answer("twilio_messages", LIST, "get", 200, world.http.seen[-1][3])


def test_a_long_yoruba_text_costs_two_parts(world: World) -> None:
    assert world.send(MUSA, JOLLOF).num_segments == "2"


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (21211, {"to": "+23480"}),
        (21211, {"to": "08031234567"}),
        (21614, {"to": "+2342012345678"}),
        (21614, {"to": "+23412345678"}),
        (21602, {"body": ""}),
        (21603, {"from_": None}),
        (21606, {"from_": "+15005550006"}),
        (63007, {"to": f"whatsapp:{ADAEZE}", "from_": "whatsapp:+15005550006"}),
        (21609, {"status_callback": "https://my_host.example/status"}),
        (21617, {"body": "x" * 1601}),
        (21623, {"media_url": ["https://example.org/a.jpg"] * 11}),
        (21654, {"body": "", "content_variables": '{"1": "Ada"}'}),
        (21655, {"content_sid": "HX" + "0" * 32}),
        (21656, {"content_variables": "not json"}),
        (21701, {"from_": None, "messaging_service_sid": "MG" + "0" * 32}),
    ],
)
def test_a_wrong_call_is_refused_with_the_vendors_code(
    world: World, code: int, fields: dict[str, object]
) -> None:
    error = refusal(world, **fields)
    assert (error.code, error.status) == (code, 400)
    assert world.sandbox.messages_to() == []


def test_a_person_without_a_number_can_be_written_to(world: World) -> None:
    world.sandbox.say("whatsapp", "NG.4480491900000002", "Hello")
    message = world.send("whatsapp:NG.4480491900000002")
    assert world.settled(message.sid).status == "read"


def test_a_wrong_token_is_not_let_in(world: World) -> None:
    stranger = Client(ACCOUNT, "wrong", http_client=LoopbackHttp(world.url))
    with pytest.raises(TwilioRestException) as caught:
        stranger.messages.create(to=MUSA, from_=SMS, body="Hello")
    assert (caught.value.status, caught.value.code) == (401, 20003)


def test_an_unknown_message_is_not_found(world: World) -> None:
    with pytest.raises(TwilioRestException) as caught:
        world.client.messages("SM" + "0" * 32).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_the_list_is_newest_first_and_leads_from_page_to_page(world: World) -> None:
    for number in range(7):
        world.send(MUSA, f"Number {number}")
    found = world.client.messages.list(page_size=3)
    assert [message.body for message in found] == [f"Number {n}" for n in range(6, -1, -1)]


def test_the_list_can_be_asked_for_one_person_and_one_sender(world: World) -> None:
    world.send(MUSA, "for Musa")
    world.sandbox.say("whatsapp", ADAEZE, "from Adaeze")
    world.send(f"whatsapp:{ADAEZE}", "for Adaeze")
    to_adaeze = world.client.messages.list(to=f"whatsapp:{ADAEZE}", from_=f"whatsapp:{WHATSAPP}")
    from_adaeze = world.client.messages.list(from_=f"whatsapp:{ADAEZE}")
    assert [message.body for message in to_adaeze] == ["for Adaeze"]
    assert [message.direction for message in from_adaeze] == ["inbound"]


def test_date_filters_look_at_the_date_of_sending_so_queued_messages_stay_out(
    world: World,
) -> None:
    world.settled(world.send(MUSA, "sent").sid)
    world.sandbox.faults.set("late_receipts", 0.3)
    world.send(MUSA, "still queued")
    now = datetime.now(UTC)
    recent = world.client.messages.list(date_sent_after=now - timedelta(minutes=1))
    older = world.client.messages.list(date_sent_before=now - timedelta(minutes=1))
    assert [message.body for message in recent] == ["sent"]
    assert older == []


def test_a_message_can_be_redacted_and_deleted(world: World) -> None:
    message = world.send(MUSA, "Your code is 123456")
    assert world.client.messages(message.sid).update(body="").body == ""
    assert world.client.messages(message.sid).delete()
    assert world.client.messages.list() == []
