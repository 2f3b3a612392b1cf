"""The sandbox shows on the phone that the hospital is typing, as WhatsApp would."""

from datetime import timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from bot.sandbox import people, view
from tests.sandbox.world import ADAEZE, MUSA, SMS, WHATSAPP, World


def typing(world: World, sid: str, channel: str = "whatsapp") -> bool:
    indicators = world.client.messaging.v2.typing_indicator
    return bool(indicators.create(channel=channel, message_id=sid).success)


def shown(world: World) -> bool:
    box = world.sandbox
    person = next(each for each in people.everyone(box.store) if each.number == ADAEZE)
    return view.phone(box, person).is_typing


def test_it_is_shown_until_the_answer_comes(world: World) -> None:
    sid = world.sandbox.say("whatsapp", ADAEZE, "hello").sid
    assert not shown(world)
    assert typing(world, sid)
    assert shown(world)
    assert (
        "typing…"
        in world.ask("GET", f"/phone/{people.everyone(world.sandbox.store)[0].id}").data.decode()
    )
    world.client.messages.create(
        to=f"whatsapp:{ADAEZE}", from_=f"whatsapp:{WHATSAPP}", body="Here I am"
    )
    assert not shown(world)


def test_it_marks_the_message_as_read_and_ends_after_a_while(world: World) -> None:
    sid = world.sandbox.say("whatsapp", ADAEZE, "hello").sid
    typing(world, sid)
    [bubble] = view.phone(world.sandbox, people.everyone(world.sandbox.store)[0]).bubbles
    assert bubble.word == "read"
    world.sandbox.clock.move(timedelta(seconds=26).total_seconds() / 3600)
    assert not shown(world)


@pytest.mark.parametrize("channel", ["sms", "rcs"])
def test_only_whatsapp_has_it(world: World, channel: str) -> None:
    sid = world.sandbox.say("whatsapp", ADAEZE, "hello").sid
    with pytest.raises(TwilioRestException):
        typing(world, sid, channel)


def test_only_for_a_message_that_came_by_whatsapp(world: World) -> None:
    by_text = world.sandbox.say("sms", MUSA, "hello").sid
    ours = world.client.messages.create(to=MUSA, from_=SMS, body="hi").sid
    for sid in (by_text, ours, "SM" + "0" * 32):
        with pytest.raises(TwilioRestException) as refused:
            typing(world, sid)
        assert refused.value.status == 404
