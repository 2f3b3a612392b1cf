"""Campaigns are held, taken up again and ended."""

from collections import Counter

import pytest
from sqlalchemy import text

from crm import campaigns, outbox
from crm.campaigns import InvalidState
from crm.kit.permissions import EVERYTHING
from crm.models import Lane
from crm.outbox import Outcome
from tests.crm.campaigns.recipients import states
from tests.crm.senders import (
    a_campaign,
    begin,
    reached,
)
from tests.outbox import NOON


def test_a_pause_takes_back_what_waits_and_resuming_goes_on(session, eyes):
    for _ in range(4):
        reached(session)
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON, limit=3)
    outbox.claim(session, Lane.BULK, now=NOON, limit=1)

    campaigns.pause(session, made.id, reason="a wrong date", scope=EVERYTHING, now=NOON)

    assert states(session, made) == {"planned": 3, "queued": 1}
    assert outbox.claim(session, Lane.BULK, now=NOON) == []
    assert campaigns.fan_out(session, made.id, now=NOON) == 0
    campaigns.resume(session, made.id, scope=EVERYTHING, now=NOON)
    assert campaigns.fan_out(session, made.id, now=NOON) == 3
    assert states(session, made) == {"queued": 4}
    assert len(outbox.claim(session, Lane.BULK, now=NOON)) == 3


def test_a_cancelled_campaign_leaves_what_was_sent_and_cancels_the_rest(session, eyes):
    for _ in range(5):
        reached(session)
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON, limit=3)
    claimed = outbox.claim(session, Lane.BULK, now=NOON, limit=1)
    outbox.settle(session, [Outcome.accepted(claimed[0].id, 1, "SM1")], now=NOON)

    campaigns.cancel(session, made.id, reason="called off", scope=EVERYTHING, now=NOON)
    campaigns.follow(session, now=NOON)

    assert states(session, made) == {"sent": 1, "cancelled": 4}
    with pytest.raises(InvalidState):
        campaigns.resume(session, made.id, scope=EVERYTHING, now=NOON)
    statuses = Counter(session.scalars(text("select status from messages")).all())
    assert statuses == {"accepted": 1, "cancelled": 2}
