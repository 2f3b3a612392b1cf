"""What patients want to hear: consents written, unwanted messages taken back."""

from datetime import time

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import consents, gate, outbox, patients, preferences
from crm.kit.errors import Invalid, StaleVersion
from crm.kit.permissions import EVERYTHING
from crm.models import Lane, Message, MessageStatus, Purpose
from crm.preferences import RiskNotAcknowledged
from tests.crm.clinic import a_phone


def change(session, patient, now, *, version=None, risk=False, **wish):
    return preferences.change(
        session,
        patient.id,
        wish,
        version=version or patient.version,
        scope=EVERYTHING,
        source="patient",
        is_risk_acknowledged=risk,
        now=now,
    )


def say(session, clinic, patient, purpose, *, is_granted, now):
    consents.record(
        session,
        address_id=clinic.phone.id,
        patient_id=patient.id,
        purpose=purpose,
        is_granted=is_granted,
        wording="test-2026-11",
        language="en",
        source="test",
        now=now,
    )


def post(session, clinic, purpose, now):
    return outbox.post(
        session,
        address_id=clinic.phone.id,
        channel=clinic.phone.channel,
        text="Hello",
        purpose=purpose,
        lane=Lane.BULK,
        patient_id=clinic.ada.id,
        now=now,
        template=outbox.Template("hello"),
    )


def status(session, message_id):
    return session.scalar(select(Message.status).where(Message.id == message_id))


def test_care_brings_all_but_marketing_and_research(session, clinic):
    wanted = preferences.of(session, clinic.ada)
    assert wanted.channels == {Channel.WHATSAPP: True, Channel.SMS: False, Channel.EMAIL: False}
    assert wanted.purposes == {
        "reminders": True,
        "feedback": True,
        "marketing": False,
        "loyalty": True,
        "research": False,
    }


def test_what_is_left_out_stays(session, clinic, now):
    change(session, clinic.ada, now, language="yo", quiet_hours=(time(21), time(7)))
    after, written = change(session, clinic.ada, now, preferred_channel=Channel.WHATSAPP)
    assert (after.language, after.quiet_hours) == ("yo", (time(21), time(7)))
    assert after.version == 3
    assert not written
    after, _ = change(session, clinic.ada, now, quiet_hours=None)
    assert after.quiet_hours is None


def test_a_choice_is_written_once_with_its_source_and_the_gate_heeds_it(session, clinic, now):
    after, written = change(session, clinic.ada, now, purposes={"marketing": True})
    assert after.purposes["marketing"]
    (consent,) = written
    assert (consent.purpose, consent.is_granted, consent.source) == ("marketing", True, "patient")
    _, again = change(session, clinic.ada, now, purposes={"marketing": True})
    assert not again
    (facts,) = gate.load(session, [(clinic.phone.id, clinic.ada.id)])
    assert gate.agreed(facts.consents)["marketing"]


def test_queued_marketing_is_taken_back_at_once_and_care_is_not(session, clinic, now):
    change(session, clinic.ada, now, purposes={"marketing": True})
    offer = post(session, clinic, Purpose.MARKETING, now)
    notice = post(session, clinic, Purpose.NOTICE, now)
    change(session, clinic.ada, now, purposes={"marketing": False})
    assert status(session, offer) is MessageStatus.CANCELLED
    assert status(session, notice) is MessageStatus.QUEUED
    assert status(session, post(session, clinic, Purpose.MARKETING, now)) is (
        MessageStatus.SUPPRESSED
    )


def test_a_channel_that_is_off_is_silent_and_remembers_when_it_is_back(session, clinic, now):
    a_phone(session, clinic.ada, "+2349140000001", now=now, channel=Channel.SMS)
    change(session, clinic.ada, now, purposes={"marketing": True})
    notice = post(session, clinic, Purpose.NOTICE, now)
    after, _ = change(session, clinic.ada, now, channels={Channel.WHATSAPP: False})
    assert not after.channels[Channel.WHATSAPP]
    assert after.channels[Channel.SMS]
    assert status(session, notice) is MessageStatus.CANCELLED

    change(session, clinic.ada, now, purposes={"marketing": False})
    after, _ = change(session, clinic.ada, now, channels={Channel.WHATSAPP: True})
    assert after.channels[Channel.WHATSAPP]
    assert not after.purposes["marketing"]
    (facts,) = gate.load(session, [(clinic.phone.id, clinic.ada.id)])
    assert not gate.agreed(facts.consents)["marketing"]


def test_to_hear_nothing_one_must_know_the_risk(session, clinic, now):
    off = {"channels": {Channel.WHATSAPP: False}}
    with pytest.raises(RiskNotAcknowledged):
        change(session, clinic.ada, now, **off)
    session.rollback()


def test_the_risk_may_be_taken(session, clinic, now):
    after, _ = change(session, clinic.ada, now, risk=True, channels={Channel.WHATSAPP: False})
    assert not any(after.channels.values())
    after, _ = change(session, clinic.ada, now, language="en")
    assert not any(after.channels.values())


@pytest.mark.parametrize(
    "wish",
    [
        {"preferred_channel": Channel.EMAIL},
        {"channels": {Channel.SMS: True}},
    ],
)
def test_a_channel_without_an_address_cannot_be_chosen(session, clinic, now, wish):
    with pytest.raises(Invalid):
        change(session, clinic.ada, now, **wish)


def test_a_preferred_channel_that_a_stop_has_switched_off_stands_in_no_other_wishs_way(
    session, clinic, now
):
    change(session, clinic.ada, now, preferred_channel=Channel.WHATSAPP)
    say(session, clinic, clinic.ada, "all", is_granted=False, now=now)
    after, _ = change(session, clinic.ada, now, quiet_hours=(time(21), time(7)))
    assert (after.preferred_channel, after.quiet_hours) == (Channel.WHATSAPP, (time(21), time(7)))
    with pytest.raises(Invalid):
        change(session, clinic.ada, now, preferred_channel=Channel.WHATSAPP)


def test_two_editors_do_not_overwrite_each_other(session, clinic, now):
    change(session, clinic.ada, now, language="yo")
    with pytest.raises(StaleVersion):
        change(session, clinic.ada, now, version=1, language="ha")


def test_one_childs_choice_is_not_the_whole_phones(session, clinic, now):
    patients.hold(session, clinic.musa.id, Channel.WHATSAPP, "+2349140000001", now=now)
    say(session, clinic, clinic.musa, "care", is_granted=True, now=now)
    change(session, clinic.musa, now, purposes={"feedback": False})
    assert not preferences.of(session, clinic.musa).purposes["feedback"]
    assert preferences.of(session, clinic.ada).purposes["feedback"]
