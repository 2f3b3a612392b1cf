"""Patients and owners are asked through the whole house: job, outbox, worker, carrier."""

from datetime import timedelta

import pytest

from bot.channels.carrier import Channel
from crm import feedback, owners, suppressions
from crm.models import Hospital, Patient, SuppressionReason
from tests.crm.clinic import a_clinic
from tests.crm.estate import a_contract, an_owner, hospital
from tests.crm.visits import HOUR, a_visit
from tests.people import ADA, NGOZI
from workers import feedback as jobs
from workers import schedule

DAY = timedelta(days=1)


@pytest.fixture
def asked(stack):
    """Ada's visit ended an hour ago; returns the invitation."""
    patient_id = stack.register(ADA, "Ada Obi")
    now = stack.wiring.now()
    with stack.wiring.transaction() as session:
        clinic = a_clinic(session, now=now)
        visit = a_visit(session, clinic, session.get_one(Patient, patient_id), over_at=now - HOUR)
        assert session.get(Hospital, visit.hospital_id)
        return feedback.invite(session, appointment=visit, now=now)


def test_a_patient_is_asked_on_whatsapp_by_a_template_with_five_answers(stack, asked):
    assert jobs.post_due(stack.wiring) == {}
    stack.clock.move(HOUR)
    assert jobs.post_due(stack.wiring, dry_run=True) == {"due": 1}
    schedule.run_now(stack.wiring, "feedback")
    stack.work()

    (message,) = stack.heard_by(ADA)
    assert message.body.startswith("Hello Ada, thank you for coming to GrandPro Test.")
    assert [choice.id for choice in message.choices] == [
        f"v1|feedback|{asked.id.hex}|{score}" for score in range(1, 6)
    ]
    schedule.run_now(stack.wiring, "feedback")
    stack.work()
    assert len(stack.heard_by(ADA)) == 1


def an_owner_with_a_phone(stack):
    now = stack.wiring.now()
    with stack.wiring.transaction() as session:
        ikeja = hospital(session, "IKJ")
        owner = an_owner(session, now=now, at=ikeja, phone=None)
        owners.add_address(session, owner, Channel.SMS, NGOZI.number, now=now)
        a_contract(session, owner, now=now, at=ikeja)
    return owner


def test_an_owner_is_asked_by_text_and_nudged_once(stack):
    an_owner_with_a_phone(stack)
    assert jobs.invite_owners(stack.wiring) == {"invited": 1}
    assert jobs.invite_owners(stack.wiring) == {"invited": 0}
    assert jobs.ask_owners(stack.wiring, dry_run=True) == {"due": 1}
    for _ in range(4):
        schedule.run_now(stack.wiring, "owners")
        stack.work()
        stack.clock.move(5 * DAY)

    first, nudge = stack.heard_by(NGOZI)
    assert "How satisfied are you with how GrandPro ran GrandPro Ikeja" in first.body
    assert "\n1 Very poor\n2 Poor\n3 Fair\n4 Good\n5 Excellent" in first.body
    assert nudge.body.startswith("Reminder: how satisfied")


def test_an_owner_who_said_stop_hears_no_nudge(stack):
    owner = an_owner_with_a_phone(stack)
    jobs.invite_owners(stack.wiring)
    jobs.ask_owners(stack.wiring)
    stack.work()
    with stack.wiring.transaction() as session:
        address = owners.best_address(session, owner.id)
        suppressions.suppress(session, address.id, SuppressionReason.STOP, now=stack.wiring.now())
    stack.clock.move(6 * DAY)
    jobs.ask_owners(stack.wiring)
    stack.work()

    assert len(stack.heard_by(NGOZI)) == 1
