"""A campaign through the whole product: approved words, real workers, the carrier's own ledger."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import addresses, campaigns
from crm.kit.permissions import EVERYTHING
from crm.models import Campaign, CampaignStatus, TemplateVersion
from tests.crm.senders import a_campaign, a_template
from tests.outbox import say_yes
from tests.people import Person
from workers import campaigns as jobs
from workers import schedule, templates

OFFER = "Hello {first_name}, free eye tests at {hospital} this week. Reply STOP to end this."


@pytest.fixture
def people(stack):
    """Ada on WhatsApp, who has never written to us, and Musa by SMS; both like offers."""
    ada = Person("Ada", "+2349140000061", Channel.WHATSAPP)
    musa = Person("Musa", "+2349140000062", Channel.SMS)
    for person, name in ((ada, "Ada Obi"), (musa, "Musa {hospital}")):
        stack.register(person, name)
        with stack.wiring.transaction() as session:
            address = addresses.find(session, person.channel, person.number)
            say_yes(session, address.id, "marketing", now=stack.wiring.now())
    return ada, musa


@pytest.fixture
def campaign(stack, people):
    with stack.wiring.transaction() as session:
        a_template(session, channels=(Channel.WHATSAPP, Channel.SMS), body=OFFER)
        made = a_campaign(session, channels=[Channel.WHATSAPP, Channel.SMS])
        return made.id


def run(stack, campaign_id, **how):
    with stack.wiring.transaction() as session:
        campaigns.execute(
            session,
            campaign_id,
            confirm_audience=2,
            scope=EVERYTHING,
            now=stack.wiring.now(),
            **how,
        )


def look(stack, campaign_id) -> Campaign:
    with stack.wiring.sessions() as session:
        return session.get(Campaign, campaign_id)


def test_words_approved_by_us_are_made_at_the_carrier_and_its_judgement_is_kept(stack, campaign):
    assert templates.ensure(stack.wiring)["contents"] == 1
    templates.ensure(stack.wiring)

    with stack.wiring.sessions() as session:
        told = set(session.scalars(select(TemplateVersion.provider_status)))
    assert told == {"approved", None}
    assert templates.ensure(stack.wiring) == {"contents": 0}
    assert templates.ensure(stack.wiring, "all")["contents"] == 1


def test_a_campaign_reaches_each_person_once_and_ends_when_all_have_it(stack, people, campaign):
    ada, musa = people
    templates.ensure(stack.wiring)
    run(stack, campaign)

    schedule.run_now(stack.wiring, "campaigns")
    stack.work()
    schedule.run_now(stack.wiring, "progress")

    assert [m.body for m in stack.heard_by(ada)] == [
        "Hello Ada, free eye tests at GrandPro Ikeja this week. Reply STOP to end this."
    ]
    assert [m.body for m in stack.heard_by(musa)] == [
        "Hello Musa, free eye tests at GrandPro Ikeja this week. Reply STOP to end this."
    ]
    shown = look(stack, campaign)
    assert shown.status is CampaignStatus.COMPLETED
    assert shown.sent + shown.delivered + shown.read == 2
    for name in ("campaigns", "progress", "scheduled"):
        schedule.run_now(stack.wiring, name)
    stack.work()
    assert len(stack.heard_by(ada)) == 1


def test_a_stop_after_the_fan_out_is_heeded_at_the_last_moment(stack, people, campaign):
    _, musa = people
    templates.ensure(stack.wiring)
    run(stack, campaign)
    stack.clock.move(timedelta(hours=11))  # 21:00 in Lagos: what is posted waits for the morning
    jobs.fan_out(stack.wiring)
    stack.work()
    assert stack.heard_by(musa) == []

    stack.say(musa, "STOP")
    stack.clock.move(timedelta(hours=12))
    schedule.run_now(stack.wiring, "deliver-bulk")
    stack.work()
    jobs.progress(stack.wiring)

    assert not any("eye tests" in m.body for m in stack.heard_by(musa))
    shown = look(stack, campaign)
    assert (shown.excluded, shown.status) == (1, CampaignStatus.COMPLETED)
    with stack.wiring.sessions() as session:
        assert campaigns.reasons(session, shown) == {"stop": 1}
