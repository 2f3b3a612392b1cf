"""What the door missed is taken in from the carrier's list, once."""

from datetime import timedelta

from tests.people import ADA, MUSA
from workers import inbound


def test_a_message_that_found_no_door_is_answered_from_the_carriers_list(stack):
    stack.sandbox.say(MUSA.channel, MUSA.number, "hello")
    stack.work()
    stack.clock.move(timedelta(minutes=3))
    stack.sandbox.faults.set("forged_signature", True)
    stack.sandbox.say(ADA.channel, ADA.number, "hello from outside")
    stack.sandbox.faults.clear()
    assert stack.heard_by(ADA) == []

    assert inbound.take_in_missed(stack.wiring) == {"missed": 1}
    stack.work()
    assert len(stack.heard_by(ADA)) == 1
    assert len(stack.heard_by(MUSA)) == 1
    assert inbound.take_in_missed(stack.wiring) == {"missed": 0}
