"""Parcels as e-mails through the real SDK: what SendGrid is asked, and what its answers mean."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from bot.channels.carrier import Accepted, Ambiguous, Channel, NotSent, Parcel, Refused
from bot.channels.carriers import Carriers
from bot.channels.pool import CarrierPool
from bot.channels.sendgrid import SENDGRID, SendGridCarrier
from tests.channels.scripted_carrier import (
    HANG,
    HANG_UP,
    ScriptedServer,
    answer,
    mail_carrier_over,
    message,
)
from tests.sandbox.vendor_spec import check_request

LINK = "https://bot.hospital.ng/unsubscribe/abc"
ACCEPTED = answer(202, "", "X-Message-Id: abc123")


@pytest.fixture
def mail(server: ScriptedServer) -> SendGridCarrier:
    return mail_carrier_over(server.url)


def parcel(**facts: object) -> Parcel:
    usual = {
        "message_id": UUID(int=0xADA),
        "attempt": 2,
        "channel": Channel.EMAIL,
        "to": "ada@mail.ng",
        "text": "Dear Ada,\n\nyour statement is ready.",
        "subject": "Your statement",
    }
    return Parcel(**usual | facts)


def refusal(status: int, field: str | None = None) -> bytes:
    return answer(status, {"errors": [{"message": "no", "field": field, "help": None}]})


def test_an_email_names_us_the_person_and_the_message(
    server: ScriptedServer, mail: SendGridCarrier
) -> None:
    server.will(ACCEPTED)
    assert mail.send(parcel()) == Accepted("abc123", "accepted")
    heard = server.heard[0]
    assert heard.line == "POST /v3/mail/send HTTP/1.1"
    assert heard.headers["authorization"] == "Bearer SG.made.up"
    assert heard.json["from"] == {"email": "care@hospital.ng"}
    [person] = heard.json["personalizations"]
    assert person["to"] == [{"email": "ada@mail.ng"}]
    assert heard.json["custom_args"] == {"mid": "00000000000000000000000000000ada", "n": "2"}
    assert heard.json["subject"] == "Your statement"
    assert [part["type"] for part in heard.json["content"]] == ["text/plain", "text/html"]


def test_the_call_is_what_the_vendors_document_asks_for(
    server: ScriptedServer, mail: SendGridCarrier
) -> None:
    server.will(ACCEPTED)
    mail.send(parcel(unsubscribe_url=LINK))
    call = dict(server.heard[0].json)
    # The document says a string; the vendor's own SDK, examples and service say an object.
    call["custom_args"] = "{}"
    check_request("sendgrid_mail_send", "/mail/send", call)


def test_marketing_can_be_stopped_with_one_click(
    server: ScriptedServer, mail: SendGridCarrier
) -> None:
    server.will(ACCEPTED, ACCEPTED)
    mail.send(parcel(unsubscribe_url=LINK))
    mail.send(parcel())
    marketing, notice = (heard.json for heard in server.heard)
    assert marketing["headers"] == {
        "List-Unsubscribe": f"<{LINK}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert "headers" not in notice
    assert [each["tracking_settings"]["open_tracking"] for each in (marketing, notice)] == [
        {"enable": True},
        {"enable": False},
    ]


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (refusal(400, "personalizations.0.to.0.email"), 553, "the e-mail address is not valid"),
        (refusal(400, "content"), 554, "the person's mail server refused the e-mail"),
        (answer(400, "<html>"), 554, "the person's mail server refused the e-mail"),
        (answer(400, '{"errors": [{"field": 7}]}'), 554, "the person's mail server refused"),
        (answer(413, "<html>Too large</html>"), 552, "the e-mail is too large"),
    ],
)
def test_a_refusal_is_for_good(
    server: ScriptedServer, mail: SendGridCarrier, reply: bytes, code: int, words: str
) -> None:
    server.will(reply)
    with pytest.raises(Refused) as caught:
        mail.send(parcel())
    assert caught.value.code == code
    assert caught.value.reason.startswith(words)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_is_ours_to_set_right_is_kept_until_it_is(
    server: ScriptedServer, mail: SendGridCarrier, status: int
) -> None:
    server.will(refusal(status))
    with pytest.raises(NotSent):
        mail.send(parcel())


def test_too_many_at_once_waits_as_long_as_it_is_told(
    server: ScriptedServer, mail: SendGridCarrier
) -> None:
    in_a_minute = int(datetime.now(UTC).timestamp()) + 60
    server.will(answer(429, "", f"X-RateLimit-Reset: {in_a_minute}"))
    with pytest.raises(NotSent) as caught:
        mail.send(parcel())
    assert 55 < caught.value.retry_after_s <= 60


@pytest.mark.parametrize(
    "reply", [HANG, HANG_UP, answer(500, ""), answer(503, ""), answer(202, ""), answer(200, "")]
)
def test_anything_else_leaves_a_doubt(
    server: ScriptedServer, mail: SendGridCarrier, reply: bytes
) -> None:
    server.will(reply)
    with pytest.raises(Ambiguous):
        mail.send(parcel())
    assert len(server.heard) == 1


def test_a_carrier_that_cannot_be_reached_has_nothing() -> None:
    with pytest.raises(NotSent):
        mail_carrier_over("http://127.0.0.1:1").send(parcel())


def test_there_is_no_list_to_look_in(mail: SendGridCarrier) -> None:
    assert mail.find(parcel(), since=datetime.now(UTC)) == []
    assert mail.received(since=datetime.now(UTC)) == []
    assert mail.ensure_contents([]) == {}


def test_connections_are_kept(server: ScriptedServer, mail: SendGridCarrier) -> None:
    server.will(ACCEPTED, ACCEPTED)
    mail.send(parcel())
    mail.send(parcel())
    assert len(server.connections) == 1


def test_without_a_sandbox_it_calls_sendgrid_itself() -> None:
    carrier = SendGridCarrier(api_key="SG.x", sender="care@hospital.ng", pool=CarrierPool())
    assert carrier.client.host == SENDGRID


def test_each_channel_has_its_carrier(
    server: ScriptedServer, mail: SendGridCarrier, carrier
) -> None:
    both = Carriers(phones=carrier, mail=mail)
    server.will(ACCEPTED, answer(201, message()))
    both.send(parcel())
    both.send(parcel(channel=Channel.SMS, to="+2348031234567"))
    assert [heard.line.split()[1] for heard in server.heard] == [
        "/v3/mail/send",
        "/api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json",
    ]
    assert both.find(parcel(), since=datetime.now(UTC)) == []
