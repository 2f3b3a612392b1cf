"""How much waits, and for how long."""

from crm import outbox
from crm.models import Lane
from tests.outbox import (
    NOON,
    later,
    somebody,
    write,
)


def test_depth_counts_every_lane_and_age_the_one_that_waits_longest(session):
    ada = somebody(session)
    assert outbox.oldest_pending_age_s(session, now=NOON) == 0.0
    write(session, ada)
    write(session, ada, due_at=later(3600))

    assert outbox.depth(session) == {Lane.URGENT: 0, Lane.UTILITY: 2, Lane.BULK: 0}
    assert outbox.oldest_pending_age_s(session, now=later(8)) == 8.0
