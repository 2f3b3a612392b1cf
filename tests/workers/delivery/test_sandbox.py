"""Deliveries through the real SDK, to the sandbox."""

import pytest

from crm.models import MessageStatus
from tests.outbox import (
    message,
    somebody,
    write,
)
from tests.workers.delivery.lanes import LANE
from workers import delivery


@pytest.fixture
def letter(stack):
    """Post to Musa's phone through the whole product; returns how it lies in the table."""

    def look_at(id_):
        with stack.wiring.sessions() as session:
            return message(session, id_)

    with stack.wiring.sessions.begin() as session:
        to = somebody(session, now=stack.clock.now())
        id_ = write(session, to, now=stack.clock.now(), text="See you tomorrow.")
    return lambda: look_at(id_)


def test_a_lost_answer_is_found_in_the_carriers_list(stack, letter):
    stack.sandbox.faults.set("lost_response", "close", times=1)
    stack.sandbox.faults.set("no_receipts", value=True)
    delivery.deliver(stack.wiring, LANE)
    assert letter().status is MessageStatus.UNKNOWN

    assert delivery.settle_unknown(stack.wiring) == {"found": 1}
    assert letter().status is MessageStatus.ACCEPTED
    assert [each.body for each in stack.sandbox.messages_to()] == ["See you tomorrow."]


def test_a_receipt_settles_a_lost_answer_before_anyone_looks(stack, letter):
    stack.sandbox.faults.set("lost_response", "close", times=1)
    delivery.deliver(stack.wiring, LANE)
    stack.sandbox.settle()

    assert letter().status is MessageStatus.DELIVERED
    assert delivery.settle_unknown(stack.wiring) == {}


@pytest.mark.parametrize("fault", ["reordered_receipts", "duplicate_receipts"])
def test_receipts_that_come_twice_or_backwards_end_in_delivered(stack, letter, fault):
    stack.sandbox.faults.set(fault, value=True)
    delivery.deliver(stack.wiring, LANE)
    stack.sandbox.settle()

    assert letter().status is MessageStatus.DELIVERED


def test_a_carrier_that_is_full_is_left_alone_for_as_long_as_it_asks(stack, letter):
    stack.sandbox.faults.set("rate_limit", value=True)
    delivery.deliver(stack.wiring, LANE)

    assert letter().status is MessageStatus.QUEUED
    assert letter().due_at > stack.clock.now()
    assert stack.sandbox.messages_to() == []
