"""Breaking the carrier, one switch at a time."""

import time

import pytest
import urllib3
from twilio.base.exceptions import TwilioRestException

from tests.sandbox.world import ADAEZE, MUSA, World


def sent_to(world: World, person: str = MUSA) -> list[str]:
    return [message.body for message in world.sandbox.messages_to(person)]


def test_statuses_come_in_order_and_sms_is_never_read(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    text, chat = world.send(MUSA), world.send(f"whatsapp:{ADAEZE}")
    world.sandbox.settle()
    assert world.product.statuses(text.sid) == ["sent", "delivered"]
    assert world.product.statuses(chat.sid) == ["sent", "delivered", "read"]


def test_a_lost_response_leaves_an_accepted_message_behind(world: World) -> None:
    world.sandbox.faults.set("lost_response", "close", times=1)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        world.send(MUSA, "Did it go?")
    assert sent_to(world) == ["Did it go?"]
    assert [found.body for found in world.client.messages.list(to=MUSA)] == ["Did it go?"]


def test_a_500_after_accepting_looks_like_a_refusal_and_is_none(world: World) -> None:
    world.sandbox.faults.set("lost_response", "500", times=1)
    with pytest.raises(TwilioRestException) as caught:
        world.send(MUSA, "Did it go?")
    assert caught.value.code == 20500
    assert sent_to(world) == ["Did it go?"]


def test_too_many_requests_says_how_long_to_wait(world: World) -> None:
    world.sandbox.faults.set("rate_limit", value=True, times=1)
    path = f"/api.twilio.com/2010-04-01/Accounts/{world.sandbox.settings.account_sid}/Messages.json"
    answer = world.ask("POST", path)
    assert (answer.status, answer.json()["code"]) == (429, 20429)
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"
    world.send(MUSA, "Now it goes")
    assert sent_to(world) == ["Now it goes"]


def test_a_carrier_that_is_down_accepts_nothing(world: World) -> None:
    world.sandbox.faults.set("down", "503")
    with pytest.raises(TwilioRestException) as caught:
        world.send(MUSA)
    assert caught.value.code == 20503
    world.sandbox.faults.set("down", "close")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        world.send(MUSA)
    world.sandbox.faults.clear()
    assert sent_to(world) == []


def test_a_hanging_carrier_has_accepted_and_a_stalling_one_has_not(world: World) -> None:
    world.sandbox.faults.set("hang", 0.2, times=1)
    started = time.perf_counter()
    world.send(MUSA, "slow")
    assert time.perf_counter() - started >= 0.2
    world.sandbox.faults.set("stall", 0.05, times=1)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        world.send(MUSA, "never")
    assert sent_to(world) == ["slow"]


def test_receipts_can_come_last_to_first(world: World) -> None:
    world.sandbox.faults.set("reordered_receipts", value=True)
    sid = world.send(MUSA).sid
    assert world.settled(sid).status == "delivered"
    assert world.product.statuses(sid) == ["delivered", "sent"]


def test_receipts_can_come_twice(world: World) -> None:
    world.sandbox.faults.set("duplicate_receipts", value=True)
    sid = world.send(MUSA).sid
    world.settled(sid)
    assert world.product.statuses(sid) == ["sent", "sent", "delivered", "delivered"]


def test_receipts_can_stay_away(world: World) -> None:
    world.sandbox.faults.set("no_receipts", value=True)
    sid = world.send(MUSA).sid
    assert world.settled(sid).status == "sent"
    assert world.product.statuses(sid) == []


def test_receipts_can_be_late(world: World) -> None:
    world.sandbox.faults.set("late_receipts", 0.2)
    sid = world.send(MUSA).sid
    assert world.product.statuses(sid) == []
    world.settled(sid)
    assert world.product.statuses(sid) == ["sent", "delivered"]


def test_an_inbound_message_can_arrive_twice(world: World) -> None:
    world.sandbox.faults.set("duplicate_webhook", value=True, times=1)
    world.sandbox.say("sms", MUSA, "Hello")
    world.sandbox.settle()
    first, second = world.product.inbound()
    assert first.params == second.params


def test_a_forged_signature_is_not_genuine(world: World) -> None:
    world.sandbox.faults.set("forged_signature", value=True, times=1)
    world.sandbox.say("sms", MUSA, "Hello")
    world.sandbox.say("sms", MUSA, "Hello again")
    assert [post.is_genuine for post in world.product.inbound()] == [False, True]


def test_a_fault_for_one_person_leaves_the_others_alone(world: World) -> None:
    world.sandbox.faults.set("refuse", 21614, to=MUSA)
    world.send("+2349140000005", "Hello")
    with pytest.raises(TwilioRestException) as caught:
        world.send(MUSA)
    assert caught.value.code == 21614


def test_a_misspelt_fault_is_told_so(world: World) -> None:
    answer = world.ask("POST", "/sandbox/faults", {"lost_respnse": True})
    assert answer.status == 400
    assert "lost_response" in answer.json()["error"]
