"""Parcels through the real SDK: what Twilio is asked, and what its answers mean to us."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from bot.channels.carrier import Accepted, Ambiguous, Channel, NotSent, Parcel, Refused
from bot.channels.twilio import TwilioCarrier
from tests.channels.scripted_carrier import HANG_UP, ScriptedServer, answer, message

ADA = "+2348031234567"
NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def parcel(**facts: object) -> Parcel:
    usual = {
        "message_id": UUID(int=0xADA),
        "attempt": 2,
        "channel": Channel.WHATSAPP,
        "to": ADA,
        "text": "Hello Ada",
    }
    return Parcel(**usual | facts)


def refusal(status: int, code: int) -> bytes:
    return answer(status, {"code": code, "message": "Something about +2348031234567"})


def listing(*messages: dict[str, object]) -> bytes:
    return answer(200, {"messages": list(messages), "next_page_uri": None, "page_size": 100})


def test_a_whatsapp_message_names_both_ends_and_where_receipts_go(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(answer(201, message()))
    assert carrier.send(parcel()) == Accepted("SM" + "1" * 32, "queued")
    assert server.heard[0].line.startswith("POST /api.twilio.com/2010-04-01/Accounts/AC")
    assert server.heard[0].form == {
        "To": "whatsapp:+2348031234567",
        "From": "whatsapp:+14155238886",
        "Body": "Hello Ada",
        "StatusCallback": "https://bot.hospital.example/webhooks/twilio/status"
        "?mid=00000000000000000000000000000ada&n=2",
    }


def test_an_sms_goes_from_the_sms_number(server: ScriptedServer, carrier: TwilioCarrier) -> None:
    server.will(answer(201, message()))
    carrier.send(parcel(channel=Channel.SMS))
    assert (server.heard[0].form["From"], server.heard[0].form["To"]) == ("+2348010000000", ADA)


def test_a_person_without_a_phone_number_is_reached_by_their_whatsapp_id(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(answer(201, message()))
    carrier.send(parcel(to="NG.4480491900000001"))
    assert server.heard[0].form["To"] == "whatsapp:NG.4480491900000001"


def test_buttons_travel_as_content_and_its_variables(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(answer(201, message()))
    carrier.send(parcel(content_sid="HX1", content_variables={"1": "Káàárọ̀", "2": "Bẹ́ẹ̀ni"}))
    form = server.heard[0].form
    assert form["ContentSid"] == "HX1"
    assert "Body" not in form
    assert form["ContentVariables"].isascii()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, 21610, "the person has opted out"),
        (400, 21211, "the number is not valid"),
        (401, 20003, "the carrier does not accept our credentials"),
        (400, 29999, "the carrier gave error 29999"),
    ],
)
def test_a_refusal_is_final_and_says_why_without_the_number(
    server: ScriptedServer, carrier: TwilioCarrier, status: int, code: int, words: str
) -> None:
    server.will(refusal(status, code))
    with pytest.raises(Refused) as refused:
        carrier.send(parcel())
    assert (refused.value.code, refused.value.reason) == (code, words)


def test_a_refusal_in_the_newer_form_is_understood_too(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    problem = {"type": "x", "title": "Opted out", "status": 400, "code": 21610}
    server.will(answer(400, problem))
    with pytest.raises(Refused) as refused:
        carrier.send(parcel())
    assert refused.value.code == 21610


def test_a_full_queue_asks_to_come_back(server: ScriptedServer, carrier: TwilioCarrier) -> None:
    server.will(refusal(400, 21611))
    with pytest.raises(NotSent):
        carrier.send(parcel())


def test_too_many_requests_says_when_to_come_back(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(answer(429, {"code": 20429}, "Retry-After: 3"))
    with pytest.raises(NotSent) as busy:
        carrier.send(parcel())
    assert busy.value.retry_after_s == 3


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param(refusal(500, 20500), id="500 after it may have been taken"),
        pytest.param(answer(503, "<html>sorry</html>"), id="503 of somebody between"),
        pytest.param(answer(302, "", "Location: /elsewhere"), id="a redirect"),
        pytest.param(answer(201, "<html>ok</html>"), id="not JSON"),
        pytest.param(answer(201, "[1, 2]"), id="not an object"),
        pytest.param(answer(201, "null"), id="null"),
        pytest.param(answer(201, ""), id="empty"),
        pytest.param(answer(201, {}), id="no message id"),
        pytest.param(HANG_UP, id="no answer"),
    ],
)
def test_any_other_answer_leaves_doubt_and_is_not_asked_again(
    server: ScriptedServer, carrier: TwilioCarrier, strange: bytes
) -> None:
    server.will(strange, answer(201, message()))
    with pytest.raises(Ambiguous):
        carrier.send(parcel())
    assert len(server.heard) == 1


def test_a_parcel_is_found_by_its_words_even_while_it_is_queued(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(listing(message(body="Something else"), message(sid="SM2", body="Hello  Ada\n")))
    assert carrier.find(parcel(), since=NINE) == [Accepted("SM2", "queued")]
    asked = server.heard[0].line
    assert "To=whatsapp%3A%2B2348031234567" in asked
    assert "From=whatsapp%3A%2B14155238886" in asked
    assert "DateSent" not in asked


def test_a_parcel_with_buttons_is_found_by_the_words_they_were_filled_with(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(listing(message(body="Which day?")))
    question = parcel(text="As told", content_sid="HX1", content_variables={"1": "Which day?"})
    assert len(carrier.find(question, since=NINE)) == 1


def test_neither_older_messages_nor_the_persons_own_are_ours(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    older = message(date_created="Sun, 22 Nov 2026 08:59:00 +0000")
    server.will(listing(older, message(direction="inbound"), message(date_created=None)))
    assert carrier.find(parcel(), since=NINE) == []


def test_all_that_say_the_same_are_named_oldest_first(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(listing(message(sid="SM2"), message(sid="SM1")))
    assert [each.provider_id for each in carrier.find(parcel(), since=NINE)] == ["SM1", "SM2"]


@pytest.mark.parametrize(
    "strange", [refusal(500, 20500), answer(200, "<html>"), answer(200, "[]"), HANG_UP]
)
def test_a_look_up_that_fails_settles_nothing(
    server: ScriptedServer, carrier: TwilioCarrier, strange: bytes
) -> None:
    server.will(strange)
    with pytest.raises(Ambiguous):
        carrier.find(parcel(), since=NINE)


def test_typing_names_the_message_that_waits_for_an_answer(
    server: ScriptedServer, carrier: TwilioCarrier
) -> None:
    server.will(answer(200, {"success": True}))
    carrier.typing("SM" + "2" * 32)
    assert server.heard[0].line.startswith("POST /messaging.twilio.com/v2/Indicators/Typing.json ")
    assert server.heard[0].form == {"channel": "whatsapp", "messageId": "SM" + "2" * 32}


def test_typing_that_is_refused_says_so(server: ScriptedServer, carrier: TwilioCarrier) -> None:
    server.will(refusal(404, 20404))
    with pytest.raises(Refused):
        carrier.typing("SM" + "2" * 32)
