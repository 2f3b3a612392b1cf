"""Two workers at once, and one that is killed: nobody hears a campaign twice, no count is off."""

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.carrier import Channel
from crm import addresses, campaigns, outbox
from crm.kit.permissions import EVERYTHING
from crm.models import (
    AddressHolder,
    Campaign,
    CampaignStatus,
    Consent,
    Lane,
    Message,
    Patient,
)
from crm.outbox import Outcome
from tests.at_once import at_once
from tests.crm.senders import a_campaign, a_template, begin
from tests.databases import sqlalchemy_url
from tests.outbox import NOON, VAULT

PEOPLE = 200


@pytest.fixture
def houses(engine):
    """Sessions that commit."""
    return sessionmaker(engine, expire_on_commit=False, info={"vault": VAULT})


@pytest.fixture
def running(houses):
    """A campaign for 200 people that has started."""
    with houses() as session:
        a_template(session)
        for number in range(PEOPLE):
            value = f"+23480{number:08d}"
            address = addresses.find_or_make(session, Channel.SMS, value, now=NOON)
            patient = Patient(full_name=f"Ada {number}", state="Lagos", created_at=NOON)
            session.add(patient)
            session.flush()
            session.add(AddressHolder(address_id=address.id, patient_id=patient.id))
            session.add(
                Consent(
                    address_id=address.id,
                    purpose="marketing",
                    is_granted=True,
                    wording="test",
                    language="en",
                    source="test",
                    at=NOON,
                )
            )
        campaign = begin(session, a_campaign(session))
        session.commit()
        return campaign.id


def counts(session: Session, campaign_id) -> dict[str, int]:
    """The counters, which must say what a count of the same moment says."""
    session.execute(text("set transaction isolation level repeatable read"))
    campaign = session.get(Campaign, campaign_id, populate_existing=True)
    assert campaigns.counted(session, campaign_id) == dict(campaign.progress)
    return {state.value: n for state, n in campaign.progress.items() if n}


def twice(session: Session) -> int:
    """How many recipients have more than one message that was not taken back."""
    of_one = (
        select(Message.campaign_recipient_id)
        .where(Message.status != "cancelled")
        .group_by(Message.campaign_recipient_id)
        .having(func.count() > 1)
    )
    return session.scalar(select(func.count()).select_from(of_one.subquery()))


def fan_out_all(houses, campaign_id) -> None:
    idle = 0
    while idle < 20:
        with houses() as session:
            posted = campaigns.fan_out(session, campaign_id, now=NOON, limit=20)
            session.commit()
        idle = 0 if posted else idle + 1
        time.sleep(0.005 if not posted else 0)


def test_two_fan_outs_at_once_write_to_each_person_once(houses, running):
    at_once([lambda: fan_out_all(houses, running)] * 3)

    with houses() as session:
        assert counts(session, running) == {"queued": PEOPLE}
        assert session.scalar(select(func.count()).select_from(Message)) == PEOPLE
        assert twice(session) == 0


def test_pausing_against_fan_out_and_delivery_leaves_exact_counts(houses, running):
    """Whatever was claimed before the pause leaves; the rest is planned again, once."""

    def deliver() -> None:
        until = time.monotonic() + 60
        while not all_sent() and time.monotonic() < until:
            with houses() as session:
                claimed = outbox.claim(session, Lane.BULK, now=NOON)
                session.commit()
            with houses() as session:
                ends = [Outcome.accepted(each.id, each.n, each.id.hex) for each in claimed]
                outbox.settle(session, ends, now=NOON)
                campaigns.follow(session, now=NOON)
                session.commit()

    def all_sent() -> bool:
        with houses() as session:
            return counts(session, running) == {"sent": PEOPLE}

    def pause_and_resume() -> None:
        for _ in range(4):
            for step in (campaigns.pause, campaigns.resume):
                with houses() as session:
                    reason = {"reason": "a test"} if step is campaigns.pause else {}
                    step(session, running, scope=EVERYTHING, now=NOON, **reason)
                    session.commit()
                time.sleep(0.05)
        fan_out_all(houses, running)

    at_once([deliver, lambda: fan_out_all(houses, running), pause_and_resume])

    assert all_sent()
    with houses() as session:
        assert twice(session) == 0
    with houses() as session:
        assert campaigns.finish(session, running, now=NOON)


FAN_OUT = """
import sys
from uuid import UUID
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from crm import campaigns
from tests.outbox import NOON, VAULT

sessions = sessionmaker(create_engine(sys.argv[1]), info={"vault": VAULT})
while True:
    with sessions() as session:
        campaigns.fan_out(session, UUID(sys.argv[2]), now=NOON, limit=7)
        session.commit()
        print("batch", flush=True)
"""


@pytest.mark.chaos
def test_a_fan_out_killed_in_the_middle_leaves_exact_counts(houses, running, database_url):
    url = sqlalchemy_url(database_url)
    for _ in range(2):
        worker = subprocess.Popen(
            [sys.executable, "-c", FAN_OUT, url, str(running)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(5):
            assert worker.stdout.readline() == "batch\n"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        with houses() as session:
            held = counts(session, running)
            assert held["queued"] == session.scalar(select(func.count()).select_from(Message))
            assert held["queued"] + held["planned"] == PEOPLE
    fan_out_all(houses, running)

    with houses() as session:
        assert counts(session, running) == {"queued": PEOPLE}
        assert twice(session) == 0
        assert session.get(Campaign, running).status is CampaignStatus.RUNNING
