"""The rules that bite: the 24-hour window, STOP, and numbers that misbehave."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.sandbox.world import ADAEZE, MUSA, World

TO_ADAEZE = f"whatsapp:{ADAEZE}"
MAGIC = "+234914999"


def test_free_text_reaches_a_person_who_has_just_written(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    assert world.settled(world.send(TO_ADAEZE).sid).status == "read"


def test_free_text_is_turned_away_when_nobody_has_written(world: World) -> None:
    fetched = world.settled(world.send(TO_ADAEZE).sid)
    assert (fetched.status, fetched.error_code) == ("failed", 63016)
    receipt = world.product.received[-1].params
    assert (receipt["MessageStatus"], receipt["ErrorCode"]) == ("failed", "63016")
    assert "outside the allowed window" in receipt["ChannelStatusMessage"]


def test_the_window_closes_after_24_hours_and_opens_with_the_next_word(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    world.sandbox.move_clock(23.9)
    assert world.settled(world.send(TO_ADAEZE).sid).status == "read"
    world.sandbox.move_clock(0.2)
    assert world.settled(world.send(TO_ADAEZE).sid).error_code == 63016
    world.sandbox.say("whatsapp", ADAEZE, "Are you there?")
    assert world.settled(world.send(TO_ADAEZE).sid).status == "read"


def test_an_approved_template_opens_a_conversation(world: World) -> None:
    sid = world.content("twilio/text", {"body": "Good morning from the hospital."})
    world.approve(sid)
    assert world.settled(world.send(TO_ADAEZE, "", content_sid=sid).sid).status == "read"
    assert world.sandbox.messages_to(ADAEZE)[0].is_template


def test_a_template_nobody_approved_does_not(world: World) -> None:
    sid = world.content("twilio/text", {"body": "Good morning from the hospital."})
    assert world.settled(world.send(TO_ADAEZE, "", content_sid=sid).sid).error_code == 63016


def test_a_list_is_for_open_conversations_only(world: World) -> None:
    items = [{"id": "a", "item": "Tuesday"}]
    part = {"body": "Choose a day.", "button": "Days", "items": items}
    sid = world.content("twilio/list-picker", part)
    world.approve(sid)
    assert world.settled(world.send(TO_ADAEZE, "", content_sid=sid).sid).error_code == 63016
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    assert world.settled(world.send(TO_ADAEZE, "", content_sid=sid).sid).status == "read"


def test_stop_lets_the_confirmation_pass_and_nothing_after_it(world: World) -> None:
    world.sandbox.say("sms", MUSA, " stop ")
    world.send(MUSA, "You will hear no more from us.")
    with pytest.raises(TwilioRestException) as caught:
        world.send(MUSA, "One more thing")
    assert caught.value.code == 21610


def test_start_opens_the_door_again(world: World) -> None:
    world.sandbox.say("sms", MUSA, "STOP")
    world.send(MUSA, "You will hear no more from us.")
    world.sandbox.say("sms", MUSA, "START")
    assert world.settled(world.send(MUSA, "Welcome back").sid).status == "delivered"


def test_a_stop_the_product_never_got_leaves_no_answer_owed(world: World) -> None:
    world.product.answers[:] = [403]
    world.sandbox.say("sms", MUSA, "STOP")
    with pytest.raises(TwilioRestException) as caught:
        world.send(MUSA)
    assert caught.value.code == 21610


def test_stop_on_whatsapp_is_the_products_matter(world: World) -> None:
    world.sandbox.say("whatsapp", ADAEZE, "STOP")
    world.send(TO_ADAEZE)
    assert world.settled(world.send(TO_ADAEZE).sid).status == "read"


@pytest.mark.parametrize(("ending", "code"), [("0001", 21211), ("0002", 21614), ("0003", 21610)])
def test_some_numbers_are_always_refused(world: World, ending: str, code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        world.send(MAGIC + ending)
    assert caught.value.code == code


@pytest.mark.parametrize(("ending", "code"), [("0005", 30003), ("0006", 30005), ("0007", 30007)])
def test_some_numbers_are_never_reached(world: World, ending: str, code: int) -> None:
    fetched = world.settled(world.send(MAGIC + ending).sid)
    assert (fetched.status, fetched.error_code) == ("undelivered", code)
    assert world.product.statuses(fetched.sid) == ["sent", "undelivered"]
