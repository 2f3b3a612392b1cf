"""While an answer is late WhatsApp shows that it is being written; nothing ever waits for that."""

from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest

from tests.people import ADA, MUSA
from tests.stack import broken
from workers import typing


@pytest.fixture(autouse=True)
def _done():
    """Let the courtesy of one test end before the next one begins."""
    typing._start_anew()
    yield
    typing._thread().shutdown(wait=True)
    typing._start_anew()


def through(stack, ask):
    """The wiring with a carrier that knows this courtesy alone."""
    return replace(stack.wiring, carrier=SimpleNamespace(typing=ask))


def told(stack) -> list[str]:
    typing._thread().shutdown(wait=True)
    typing._start_anew()
    found = stack.sandbox.events.latest(limit=100)
    return [event.person for event in found if event.line == "hospital is typing"]


def fail_once(stack, *people) -> None:
    for person in people:
        stack.sandbox.faults.set("rate_limit", True, to=person.number, times=1)


def test_a_reply_that_could_not_leave_shows_that_we_write(stack):
    stack.register(ADA, "Ada Obi")
    stack.change(typing_indicator=True)
    fail_once(stack, ADA)
    stack.say(ADA, "menu")
    assert not stack.heard_by(ADA)
    assert told(stack) == [ADA.number]


def test_text_messages_and_replies_in_time_show_nothing(stack):
    stack.register(ADA, "Ada Obi")
    stack.register(MUSA, "Musa Bello")
    stack.change(typing_indicator=True)
    fail_once(stack, MUSA)
    stack.say(MUSA, "menu")
    stack.say(ADA, "menu")
    assert told(stack) == []


def test_it_is_off_unless_it_is_set(stack):
    stack.register(ADA, "Ada Obi")
    fail_once(stack, ADA)
    stack.say(ADA, "menu")
    assert told(stack) == []


def test_a_turn_that_failed_shows_it_until_it_is_answered(stack):
    stack.say(ADA, "hello")
    stack.change(typing_indicator=True)
    with broken(stack, "misheard"):
        stack.say(ADA, "xyzzy")
    assert told(stack) == [ADA.number]


def test_what_the_carrier_says_to_it_changes_nothing(stack):
    stack.change(typing_indicator=True)
    assert typing.show(stack.wiring, "SM of nobody") == {"told": 1}

    def surprises(_):
        raise RuntimeError("oh")

    for _ in range(20):
        typing.show(through(stack, surprises), "SM1")
    assert told(stack) == []


def test_a_carrier_that_hangs_holds_nobody_up(stack):
    stack.register(ADA, "Ada Obi")
    stack.change(typing_indicator=True)
    release = Event()
    hanging = through(stack, lambda _: release.wait(30))
    told_of = sum(typing.show(hanging, "SM1")["told"] for _ in range(20))
    assert told_of == typing._MOST
    stack.say(ADA, "menu")
    assert stack.heard_by(ADA)
    release.set()
