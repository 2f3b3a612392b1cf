"""Of what nobody knows: looked up first, sent again last."""

from datetime import timedelta

from bot.channels.carrier import Accepted
from crm import outbox
from crm.models import Lane, MessageStatus, Purpose
from crm.outbox import Outcome
from tests.crm.outbox.taking import claim_one, status
from tests.outbox import (
    NOON,
    attempts,
    later,
    message,
    somebody,
    write,
)


def in_doubt(session, **changes):
    id_ = write(session, somebody(session, agreed="care"), **changes)
    outbox.claim(session, Lane.UTILITY, now=NOON)
    assert outbox.reap(session, now=later(31)) == 1
    [doubt] = outbox.unknown_due(session, now=later(31))
    return id_, doubt


def test_what_a_dead_worker_left_is_in_doubt_only_after_its_lease(session):
    id_ = write(session, somebody(session))
    claim_one(session)

    assert outbox.reap(session, now=later(29)) == 0
    assert outbox.reap(session, now=later(31)) == 1
    assert status(session, id_) is MessageStatus.UNKNOWN
    assert attempts(session, id_) == ["unknown"]


def test_what_the_carrier_has_is_adopted(session):
    id_, doubt = in_doubt(session)

    assert outbox.adopt(session, doubt, Accepted("SM5", "sent"), now=later(32))
    assert status(session, id_) is MessageStatus.ACCEPTED
    assert message(session, id_).provider_id == "SM5"
    assert attempts(session, id_) == ["found"]


def test_an_id_that_belongs_to_another_message_is_not_adopted(session):
    other = write(session, somebody(session))
    c = claim_one(session)
    outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM5")], now=NOON)
    id_, doubt = in_doubt(session)

    assert not outbox.adopt(session, doubt, Accepted("SM5", "sent"), now=later(32))
    assert status(session, id_) is MessageStatus.UNKNOWN
    assert status(session, other) is MessageStatus.ACCEPTED


def test_only_two_looks_ten_seconds_apart_send_it_again(session):
    id_, first = in_doubt(session)

    assert not outbox.not_found(session, first, now=later(32))
    assert outbox.unknown_due(session, now=later(41)) == []
    [second] = outbox.unknown_due(session, now=later(42))
    # a worker that looked at the same time as the first does not count as the second look
    assert not outbox.not_found(session, first, now=later(42))
    assert outbox.not_found(session, second, now=later(42))

    assert status(session, id_) is MessageStatus.QUEUED
    assert claim_one(session, now=later(43)).n == 2


def test_marketing_is_never_sent_again_on_doubt(session):
    to = somebody(session, agreed="marketing")
    id_ = write(session, to, purpose=Purpose.MARKETING)
    outbox.claim(session, Lane.UTILITY, now=NOON)
    outbox.reap(session, now=later(31))
    for seconds in (32, 60):
        [doubt] = outbox.unknown_due(session, now=later(seconds))
        outbox.not_found(session, doubt, now=later(seconds))

    assert status(session, id_) is MessageStatus.FAILED
    assert message(session, id_).reason == "not known whether it was sent"


def test_a_receipt_ends_a_doubt(session):
    id_, doubt = in_doubt(session)
    outbox.receipt(session, id_, 1, MessageStatus.SENT, "SM1", now=later(32))

    assert outbox.unknown_due(session, now=later(60)) == []
    assert not outbox.adopt(session, doubt, Accepted("SM1", "sent"), now=later(60))
    assert status(session, id_) is MessageStatus.SENT


def test_a_late_answer_of_create_stops_the_second_sending(session):
    id_, doubt = in_doubt(session)
    outbox.not_found(session, doubt, now=later(32))
    [again] = outbox.unknown_due(session, now=later(60))
    outbox.not_found(session, again, now=later(60))
    outbox.settle(session, [Outcome.accepted(id_, 1, "SM1")], now=later(61))

    assert status(session, id_) is MessageStatus.ACCEPTED
    assert outbox.claim(session, Lane.UTILITY, now=later(62)) == []


def test_a_doubt_that_no_look_up_ends_has_failed_after_an_hour(session):
    id_, _ = in_doubt(session)
    outbox.reap(session, now=later(31) + timedelta(hours=1, seconds=1))

    assert message(session, id_).reason == "not known whether it was sent"
