"""Every recipient has an outcome."""

from crm import campaigns, outbox
from crm.kit.permissions import EVERYTHING
from crm.models import (
    CampaignStatus,
    Lane,
    MessageStatus,
)
from crm.outbox import Outcome
from tests.crm.campaigns.recipients import states
from tests.crm.senders import (
    a_campaign,
    begin,
    reached,
)
from tests.outbox import NOON, later


def deliver(session, *, now=NOON, end=Outcome.accepted):
    claimed = outbox.claim(session, Lane.BULK, now=now, limit=100)
    outcomes = [end(each.id, each.n, f"SM{each.id.hex}"[:34]) for each in claimed]
    outbox.settle(session, outcomes, now=now)
    return claimed


def failing(code):
    return lambda id_, n, _sid: Outcome.refused(id_, n, code, "said the carrier")


def test_recipients_follow_their_messages_and_the_counters_follow_them(session, eyes):
    for _ in range(4):
        reached(session)
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON)
    claimed = deliver(session)
    ends = [MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ]
    for message, status in zip(claimed, ends, strict=False):
        outbox.receipt(session, message.id, 1, status, "SM1", now=NOON)

    assert campaigns.follow(session, now=NOON) == 4
    assert states(session, made) == {"sent": 2, "delivered": 1, "read": 1}
    assert campaigns.follow(session, now=NOON) == 0
    assert campaigns.finish(session, made.id, now=NOON)
    assert made.status is CampaignStatus.COMPLETED


def test_a_campaign_is_not_over_while_a_message_waits(session, eyes):
    reached(session)
    made = begin(session, a_campaign(session))
    assert not campaigns.finish(session, made.id, now=NOON)
    campaigns.fan_out(session, made.id, now=NOON)
    assert not campaigns.finish(session, made.id, now=NOON)


def test_only_failures_that_may_pass_are_tried_again(session, eyes):
    people = [reached(session) for _ in range(2)]
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON, limit=1)
    deliver(session, end=failing(30003))
    campaigns.fan_out(session, made.id, now=NOON, limit=1)
    deliver(session, end=failing(21614))
    campaigns.follow(session, now=NOON)
    assert states(session, made) == {"failed_temporary": 1, "failed_permanent": 1}
    assert campaigns.finish(session, made.id, now=NOON)

    _, planned = campaigns.retry_failed(session, made.id, scope=EVERYTHING, now=NOON)
    campaigns.fan_out(session, made.id, now=NOON)
    deliver(session, now=later(1))
    campaigns.follow(session, now=later(1))

    assert planned == 1
    assert states(session, made) == {"sent": 1, "failed_permanent": 1}
    assert len(people) == 2
