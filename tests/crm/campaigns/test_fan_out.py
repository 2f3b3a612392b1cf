"""Recipients become messages in batches."""

from crm import campaigns
from tests.crm.campaigns.recipients import states, texts_of
from tests.crm.senders import (
    OFFER,
    a_campaign,
    begin,
    reached,
)
from tests.outbox import NOON, later, say_yes


def test_each_recipient_becomes_one_message_and_a_second_run_finds_nobody(session, eyes):
    for _ in range(5):
        reached(session)
    made = begin(session, a_campaign(session))

    posted = [campaigns.fan_out(session, made.id, now=NOON, limit=3) for _ in range(3)]

    assert posted == [3, 2, 0]
    assert states(session, made) == {"queued": 5}
    assert len(texts_of(session, made)) == 5


def test_whoever_withdraws_between_the_start_and_the_fan_out_hears_nothing(session, eyes):
    ada = reached(session)
    made = begin(session, a_campaign(session))
    say_yes(session, ada.address_id, "all", now=NOON, is_granted=False)

    campaigns.fan_out(session, made.id, now=NOON)

    assert states(session, made) == {"excluded": 1}
    assert campaigns.reasons(session, made) == {"no_consent": 1}


def test_a_throttle_lets_so_many_go_a_minute(session, eyes):
    for _ in range(5):
        reached(session)
    made = begin(session, a_campaign(session, throttle_per_min=2))

    counts = [campaigns.fan_out(session, made.id, now=later(s)) for s in (0, 30, 30, 60, 600)]

    assert counts == [0, 1, 0, 1, 2]


def test_names_that_look_like_commands_arrive_as_names(session, eyes):
    nasty = "{hospital} {{7*7}} %s ${jndi:x} <b>'; drop table messages; --"
    reached(session, name=nasty)
    made = begin(session, a_campaign(session))

    campaigns.fan_out(session, made.id, now=NOON)

    assert texts_of(session, made) == [OFFER.format(first_name="{hospital}", hospital="GrandPro")]
