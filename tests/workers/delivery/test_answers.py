"""What the carrier says of a message decides what becomes of it."""

import pytest

from bot.channels.carrier import (
    Ambiguous,
    NotSent,
    Refused,
)
from crm.models import MessageStatus
from tests.outbox import NOON
from tests.workers.delivery.lanes import LANE, fail
from workers import delivery


def test_what_was_not_sent_waits_for_as_long_as_the_carrier_asks(wiring, post, carrier, look):
    id_ = post()
    carrier.script = fail(NotSent("slow down", retry_after_s=60))
    delivery.deliver(wiring, LANE)

    assert look(id_).status is MessageStatus.QUEUED
    assert (look(id_).due_at - NOON).total_seconds() == 60


def test_what_is_refused_has_failed_with_the_reason(wiring, post, carrier, look):
    id_ = post()
    carrier.script = fail(Refused(21211, "the number is not valid"))
    delivery.deliver(wiring, LANE)

    assert (look(id_).status, look(id_).reason) == ("failed", "the number is not valid")


def test_bad_credentials_are_no_fault_of_the_message(wiring, post, carrier, look):
    id_ = post()
    carrier.script = fail(Refused(20003, "the carrier does not accept our credentials"))
    delivery.deliver(wiring, LANE)

    assert look(id_).status is MessageStatus.QUEUED


@pytest.mark.parametrize("error", [Ambiguous("cut off"), RuntimeError("a surprise")])
def test_what_may_have_been_sent_is_in_doubt_and_the_others_are_not(
    wiring, post, carrier, look, error
):
    odd, *others = [post(text=str(n)) for n in range(5)]

    def script(parcel):
        if parcel.message_id == odd:
            raise error

    carrier.script = script
    delivery.deliver(wiring, LANE)

    assert look(odd).status is MessageStatus.UNKNOWN
    assert {look(id_).status for id_ in others} == {MessageStatus.ACCEPTED}


def test_a_message_that_does_not_open_harms_no_other(wiring, post, look):
    spoilt, good = post(), post()
    with wiring.engine.begin() as connection:
        connection.exec_driver_sql(
            "update messages set body_sealed = '\\x00' where id = %s", (spoilt,)
        )
    delivery.deliver(wiring, LANE)

    assert look(spoilt).reason == "the message cannot be opened"
    assert look(good).status is MessageStatus.ACCEPTED
