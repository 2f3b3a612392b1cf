"""What became of a sending."""

from itertools import pairwise

from sqlalchemy import text

from crm import outbox, suppressions
from crm.models import Lane, MessageStatus
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


def test_an_accepted_message_has_the_carriers_id(session):
    id_ = write(session, somebody(session))
    c = claim_one(session)
    outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM7")], now=later(1))

    sent = message(session, id_)
    assert (sent.status, sent.provider_id, sent.lease_until) == ("accepted", "SM7", None)
    assert attempts(session, id_) == ["accepted"]


def test_a_message_that_was_not_sent_waits_longer_each_time_and_then_fails(session):
    id_ = write(session, somebody(session))
    now, pauses = NOON, []
    while status(session, id_) is MessageStatus.QUEUED:
        c = claim_one(session, now=now)
        outbox.settle(session, [Outcome.not_sent(c.id, c.n, "no route")], now=now)
        pauses.append((message(session, id_).due_at - now).total_seconds())
        # back-off may end in the quiet hours; the gate is not what is tested here
        now = NOON
        session.execute(text("update messages set due_at = :now"), {"now": NOON})

    assert status(session, id_) is MessageStatus.FAILED
    assert len(attempts(session, id_)) == 8
    assert 4 <= pauses[0] <= 6
    assert all(after > before for before, after in pairwise(pauses[:7]))
    assert pauses[6] <= 3600 * 1.2
    assert message(session, id_).reason == "no route"


def test_the_carriers_own_pause_is_kept(session):
    id_ = write(session, somebody(session))
    c = claim_one(session)
    outbox.settle(session, [Outcome.not_sent(c.id, c.n, "slow", retry_after_s=90)], now=NOON)

    assert message(session, id_).due_at == later(90)


def test_an_opt_out_at_the_carrier_suppresses_the_address(session):
    ada = somebody(session)
    ids = [write(session, ada), write(session, ada)]
    claimed = outbox.claim(session, Lane.UTILITY, now=NOON)
    gone = [Outcome.refused(c.id, c.n, 21610, "the person has opted out") for c in claimed]
    outbox.settle(session, gone, now=NOON)

    assert suppressions.is_suppressed(session, ada.address_id)
    assert {status(session, id_) for id_ in ids} == {MessageStatus.FAILED}
    assert message(session, ids[0]).error_code == 21610


def test_a_receipt_that_came_before_the_answer_of_create_is_not_lowered(session):
    id_ = write(session, somebody(session))
    c = claim_one(session)
    outbox.receipt(session, id_, 1, MessageStatus.DELIVERED, "SM9", now=NOON)
    outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM9")], now=NOON)

    assert status(session, id_) is MessageStatus.DELIVERED
    assert message(session, id_).provider_id == "SM9"
