"""SendGrid's mail send and its event webhook, through the real SDK."""

from uuid import UUID

import pytest
import urllib3

from bot.channels.carrier import Accepted, Ambiguous, Channel, NotSent, Parcel, Refused
from bot.channels.pool import CarrierPool
from bot.channels.sendgrid import SendGridCarrier
from tests.sandbox.vendor_spec import check_answer
from tests.sandbox.world import MAIL_KEY, World

ADA = "ada@mail.ng"


@pytest.fixture
def carrier(world: World) -> SendGridCarrier:
    return carrier_for(world)


def carrier_for(world: World, key: str = MAIL_KEY) -> SendGridCarrier:
    pool = CarrierPool(read_s=2)
    return SendGridCarrier(api_key=key, sender="care@hospital.ng", base_url=world.url, pool=pool)


def parcel(to: str = ADA, **facts: object) -> Parcel:
    usual = {"message_id": UUID(int=7), "attempt": 1, "channel": Channel.EMAIL, "text": "Hello"}
    return Parcel(to=to, **usual | facts)


def kinds(world: World, address: str = ADA) -> list[str]:
    assert world.sandbox.settle(timeout_s=10)
    return [event["event"] for event in world.product.events() if event["email"] == address]


def marketing(world: World) -> Parcel:
    return parcel(unsubscribe_url=f"{world.product.url}/webhooks/sendgrid/events")


def test_an_accepted_email_is_kept_and_told_of(world: World, carrier: SendGridCarrier) -> None:
    accepted = carrier.send(parcel(subject="Your statement"))
    assert kinds(world) == ["processed", "delivered"]
    [mail] = world.sandbox.mailroom.to(ADA)
    assert (mail.subject, mail.text, mail.status) == ("Your statement", "Hello", "delivered")
    assert accepted == Accepted(mail.sid, "accepted")


def test_events_bring_our_arguments_back(world: World, carrier: SendGridCarrier) -> None:
    accepted = carrier.send(parcel())
    kinds(world)
    first = world.product.events()[0]
    assert (first["mid"], first["n"]) == (UUID(int=7).hex, "1")
    assert first["sg_message_id"].startswith(accepted.provider_id + ".")
    assert len({event["sg_event_id"] for event in world.product.events()}) == 2


def test_a_batch_breaks_its_lines_as_the_vendors_do(world: World, carrier: SendGridCarrier) -> None:
    world.sandbox.faults.set("duplicate_receipts", value=True)
    carrier.send(parcel())
    kinds(world)
    assert all(batch.body.endswith(b"]\r\n") for batch in world.product.batches)
    assert any(b"},\r\n{" in batch.body for batch in world.product.batches)
    assert all(batch.is_genuine for batch in world.product.batches)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bounce", ["processed", "bounce"]),
        ("blocked", ["processed", "bounce"]),
        ("dropped", ["dropped"]),
        ("spam", ["processed", "delivered", "spamreport"]),
        ("leaving", ["processed", "delivered", "unsubscribe"]),
        ("silent", []),
    ],
)
def test_an_address_by_name_meets_its_fate(
    world: World, carrier: SendGridCarrier, name: str, expected: list[str]
) -> None:
    address = f"{name}@mail.ng"
    carrier.send(parcel(address))
    assert kinds(world, address) == expected


def test_after_a_bounce_nothing_is_tried_again(world: World, carrier: SendGridCarrier) -> None:
    world.sandbox.faults.set("mail", "bounce", times=1)
    carrier.send(parcel())
    kinds(world)
    carrier.send(parcel())
    assert kinds(world) == ["processed", "bounce", "dropped"]
    assert world.product.events()[-1]["reason"] == "Bounced Address"


def test_only_a_campaign_tells_that_it_was_opened(world: World, carrier: SendGridCarrier) -> None:
    carrier.send(marketing(world))
    assert kinds(world) == ["processed", "delivered", "open"]


def test_events_come_again_until_they_are_taken(world: World, carrier: SendGridCarrier) -> None:
    world.product.batch_answers = [503, 503]
    carrier.send(parcel())
    kinds(world)
    assert world.product.batches[0].body in {each.body for each in world.product.batches[1:]}


def test_events_can_be_forged(world: World, carrier: SendGridCarrier) -> None:
    world.sandbox.faults.set("forged_signature", value=True, times=1)
    carrier.send(parcel())
    kinds(world)
    assert [batch.is_genuine for batch in world.product.batches][:2] == [False, True]


def test_events_can_come_last_to_first(world: World, carrier: SendGridCarrier) -> None:
    world.sandbox.faults.set("reordered_receipts", value=True)
    carrier.send(parcel())
    assert kinds(world) == ["delivered", "processed"]


def test_a_lost_answer_leaves_the_email_sent(world: World, carrier: SendGridCarrier) -> None:
    with pytest.raises(Ambiguous):
        carrier.send(parcel("lost@mail.ng"))
    assert kinds(world, "lost@mail.ng") == ["processed", "delivered"]


@pytest.mark.parametrize(
    ("fault", "value", "error"),
    [
        ("down", "503", Ambiguous),
        ("down", "close", Ambiguous),
        ("stall", 0.05, Ambiguous),
        ("rate_limit", True, NotSent),
        ("refuse", 400, Refused),
    ],
)
def test_what_is_not_accepted_is_not_kept(
    world: World, carrier: SendGridCarrier, fault: str, value: object, error: type[Exception]
) -> None:
    world.sandbox.faults.set(fault, value, times=1)
    with pytest.raises(error):
        carrier.send(parcel())
    assert world.sandbox.mailroom.to() == []


def test_a_wrong_key_is_not_let_in(world: World) -> None:
    with pytest.raises(NotSent, match="credentials"):
        carrier_for(world, key="another").send(parcel())


@pytest.mark.parametrize(
    "change",
    [
        {"from": None},
        {"from": {"email": "care"}},
        {"content": []},
        {"content": [{"type": "text/plain", "value": ""}]},
        {"content": [{"type": "text/html", "value": "a"}, {"type": "text/plain", "value": "a"}]},
        {"subject": ""},
        {"personalizations": []},
        {"personalizations": [{"to": []}]},
        {"personalizations": [{"to": [{"email": "ada"}]}]},
        {"personalizations": ["ada"]},
    ],
)
def test_a_wrong_call_is_refused_as_the_document_says(
    world: World, change: dict[str, object]
) -> None:
    answer = post(world, document() | change)
    assert answer.status == 400
    check_answer("sendgrid_mail_send", "/mail/send", "post", 400, answer.json())
    assert world.sandbox.mailroom.to() == []


def test_a_body_that_is_no_json_is_refused(world: World) -> None:
    assert post(world, None).status == 400


def test_one_call_may_be_for_several_people(world: World) -> None:
    people = [{"to": [{"email": f"p{n}@mail.ng"}]} for n in range(3)]
    answer = post(world, document() | {"personalizations": people})
    assert (answer.status, answer.data) == (202, b"")
    assert [mail.recipient for mail in world.sandbox.mailroom.to()] == [
        "p0@mail.ng",
        "p1@mail.ng",
        "p2@mail.ng",
    ]


def test_the_mailbox_shows_what_came_and_lets_a_person_stop_it(
    world: World, carrier: SendGridCarrier
) -> None:
    carrier.send(parcel(subject="Free <checks>", unsubscribe_url=f"{world.product.url}/x/1"))
    carrier.send(parcel("bounce@mail.ng", subject="Lost"))
    kinds(world)
    page = world.ask("GET", "/phone/mail")
    shown = page.data.decode()
    assert "Free &lt;checks&gt;" in shown
    assert "bounced: no such mailbox" in shown
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert shown.count("/unsubscribe") == 1
    assert world.ask("POST", "/phone/mail/1/unsubscribe", redirect=False).status == 303
    assert world.sandbox.mailroom.press_unsubscribe(world.sandbox.mailroom.to()[0]) == 404
    world.ask("POST", "/phone/mail/1/spam")
    assert kinds(world)[-1] == "spamreport"


def test_nothing_is_posted_to_a_stranger(world: World, carrier: SendGridCarrier) -> None:
    carrier.send(parcel(unsubscribe_url="https://elsewhere.example/x"))
    [mail] = world.sandbox.mailroom.to()
    assert world.sandbox.mailroom.press_unsubscribe(mail) is None


def document() -> dict[str, object]:
    return {
        "personalizations": [{"to": [{"email": ADA}]}],
        "from": {"email": "care@hospital.ng"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Hello"}],
    }


def post(world: World, body: object) -> urllib3.BaseHTTPResponse:
    headers = {"Authorization": f"Bearer {MAIL_KEY}"}
    url = f"{world.url}/v3/mail/send"
    if body is None:
        return urllib3.request("POST", url, body=b"{", headers=headers)
    return urllib3.request("POST", url, json=body, headers=headers)
