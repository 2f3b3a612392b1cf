"""Who hears a campaign, and why everybody else does not."""

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import campaigns, gate, outbox, suppressions
from crm.gate import Asked
from crm.kit.errors import Denied, NotFound
from crm.kit.permissions import Scope
from crm.models import (
    Hospital,
    Patient,
    PatientStatus,
    Purpose,
    SuppressionReason,
)
from tests.crm.campaigns.recipients import recipient, states
from tests.crm.senders import (
    CARE,
    a_campaign,
    a_template,
    begin,
    reached,
)
from tests.outbox import NOON, draft, say_yes


def make_everybody(session) -> dict[str, object]:
    """One of each kind of person that the gate knows."""
    people = {
        "willing": reached(session),
        "stopped": reached(session),
        "unasked": reached(session),
        "withdrawn": reached(session),
        "back": reached(session),
        "dead": reached(session, status=PatientStatus.DECEASED),
        "often": reached(session),
        "nowhere": reached(session, channel=Channel.EMAIL),
    }
    suppressions.suppress(session, people["stopped"].address_id, SuppressionReason.STOP, now=NOON)
    say_yes(session, people["unasked"].address_id, "marketing", now=NOON, is_granted=False)
    say_yes(session, people["withdrawn"].address_id, "all", now=NOON, is_granted=False)
    say_yes(session, people["back"].address_id, "all", now=NOON, is_granted=False)
    say_yes(session, people["back"].address_id, "all", now=NOON)
    for _ in range(2):
        offer = draft(people["often"], "Offer", purpose=Purpose.MARKETING)
        outbox.post_many(session, [offer], now=NOON)
    return people


def test_everybody_is_written_down_with_the_reason_that_the_gate_would_give(session, eyes):
    people = make_everybody(session)

    made = begin(session, a_campaign(session))

    for name, person in people.items():
        asked = Asked(person.address_id, person.patient_id, None, Purpose.MARKETING)
        facts = gate.load(session, [asked])[0]
        expected = gate.verdict(facts, purpose=Purpose.MARKETING, now=NOON).code
        if name == "nowhere":
            expected = "no_address"
        assert recipient(session, made, person).reason == expected, name
    assert states(session, made) == {"planned": 2, "excluded": 6}


def test_the_preview_counts_what_the_start_writes_down(session, eyes):
    make_everybody(session)
    made = a_campaign(session)

    seen = campaigns.preview(session, made, now=NOON)
    begin(session, made)

    assert seen.suppressed == campaigns.reasons(session, made)
    assert (seen.audience, seen.eligible) == (8, made.planned)
    assert {sample.text for sample in seen.samples} == {
        "Hello Ada, free eye tests at GrandPro this week. Reply STOP to end this."
    }


def test_the_first_channel_of_the_plan_that_reaches_somebody_is_taken(session):
    a_template(session, channels=(Channel.WHATSAPP, Channel.SMS))
    on_whatsapp = reached(session, channel=Channel.WHATSAPP)
    by_sms = reached(session)

    made = begin(session, a_campaign(session, channels=[Channel.WHATSAPP, Channel.SMS]))

    assert recipient(session, made, on_whatsapp).channel is Channel.WHATSAPP
    assert recipient(session, made, by_sms).channel is Channel.SMS


def test_a_minor_is_spoken_to_through_the_guardian(session):
    a_template(session, code="water", body=CARE, purpose=Purpose.CARE)
    mother, child = reached(session, state="Ogun"), reached(session, name="Chidi Obi")
    patient = session.get(Patient, child.patient_id)
    patient.guardian_id, patient.birth_year = mother.patient_id, 2020
    session.flush()

    made = begin(session, a_campaign(session, kind="screening", template_code="water"))

    assert recipient(session, made, child).address_id == mother.address_id


def test_a_hospital_speaks_to_its_own_patients_alone(session, eyes):
    ikeja, wuse = (
        session.scalars(select(Hospital).where(Hospital.code == code)).one()
        for code in ("IKJ", "WUS")
    )
    ours, theirs = reached(session), reached(session)
    session.get(Patient, ours.patient_id).home_hospital_id = ikeja.id
    session.get(Patient, theirs.patient_id).home_hospital_id = wuse.id
    session.flush()

    made = begin(session, a_campaign(session, hospital_id=ikeja.id))

    assert states(session, made) == {"planned": 1}
    assert recipient(session, made, ours)
    with pytest.raises(NotFound):
        campaigns.get(session, made.id, scope=Scope(frozenset({wuse.id})))
    with pytest.raises(Denied):
        a_campaign(session, scope=Scope(frozenset({wuse.id})), hospital_id=ikeja.id)
