"""Two records of one person become one."""

from datetime import date

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import consents, gate, insurance, loyalty, patients, privacy
from crm.kit.errors import Invalid
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Actor
from crm.loyalty.by_hand import Gift
from crm.models import (
    Appointment,
    AuditEvent,
    LoyaltyAccount,
    Message,
    PatientStatus,
)
from tests.crm.clinic import a_clinic, a_phone
from tests.crm.privacy.records import at, merge, say, write


def test_what_one_record_has_moves_to_the_other(session, clinic, twice, now):
    phone = a_phone(session, twice, "+2349140000031", now=now, channel=Channel.SMS)
    visit = clinic.book(session, twice, clinic.slot(9), now=now)
    cover = insurance.add(session, twice.id, provider="Hygeia", policy_number="HY-1", now=now)
    message = say(session, phone, twice, "Hello", now)
    loyalty.enrol(session, twice.id, now=now)
    write(session, twice, nin="12345678901", born_on=date(1990, 11, 25))

    ada = merge(session, clinic, twice, now)

    assert (twice.status, twice.merged_into) == (PatientStatus.MERGED, ada.id)
    assert session.get(Appointment, visit.id).patient_id == ada.id
    assert insurance.of(session, ada.id) == [cover]
    assert session.scalar(select(Message.patient_id).where(Message.id == message)) == ada.id
    assert session.scalar(select(LoyaltyAccount.patient_id)) == ada.id
    assert {a.id for a, _ in patients.addresses_of(session, ada.id)} == {clinic.phone.id, phone.id}
    assert patients.read(session, ada, "nin") == "12345678901"
    assert patients.born_on(session, ada) == date(1990, 11, 25)
    assert twice.nin_index is None
    assert session.scalar(select(AuditEvent.purpose).where(AuditEvent.entity_id == twice.id)) == (
        "the same woman"
    )


def test_points_of_both_records_are_one_balance_and_the_ledgers_hold(session, clinic, twice, now):
    for patient, given in ((clinic.ada, 30), (twice, 70)):
        loyalty.enrol(session, patient.id, now=now)
        gift = Gift(points=given, reason="a welcome", is_qualifying=True)
        loyalty.by_hand.give(session, patient.id, gift, by=Actor.system(), now=now)
    merge(session, clinic, twice, now)
    kept, gone = loyalty.of(session, clinic.ada.id), loyalty.of(session, twice.id)
    assert (kept.available, kept.qualifying) == (100, 100)
    assert (gone.available, gone.status) == (0, "closed")
    assert not any(loyalty.invariants.check(session).values())


def test_the_record_that_stays_keeps_its_own_word(session, clinic, twice, now):
    write(session, clinic.ada, nin="11111111111")
    write(session, twice, nin="22222222222")
    merge(session, clinic, twice, now)
    assert patients.read(session, clinic.ada, "nin") == "11111111111"


def test_a_merged_record_points_to_the_one_that_stays(session, clinic, twice, now):
    merge(session, clinic, twice, now)
    with pytest.raises(patients.Merged) as pointed:
        patients.get(session, twice.id, scope=EVERYTHING)
    assert pointed.value.facts["merged_into"] == str(clinic.ada.id)
    found = patients.search(
        session, patients.Wanted(name="ada"), scope=EVERYTHING, page=PageRequest()
    )
    assert [patient.id for patient in found.items] == [clinic.ada.id]


def test_a_withdrawal_is_not_lost_by_merging(session, clinic, twice, now):
    phone = a_phone(session, twice, "+2349140000031", now=now, channel=Channel.SMS)
    for is_granted in (True, False):
        news(session, phone, twice, is_granted, now)
    merge(session, clinic, twice, now)
    said = [c for c in consents.history(session, clinic.ada.id) if c.source == "merge"]
    assert [(c.purpose, c.is_granted) for c in said] == [("care", True), ("marketing", False)]
    (facts,) = gate.load(session, [(phone.id, clinic.ada.id)])
    assert not gate.agreed(facts.consents)["marketing"]


def test_a_withdrawal_on_a_shared_phone_is_not_undone_by_merging(session, clinic, twice, now):
    a_phone(session, twice, "+2349140000001", now=now)
    for patient, is_granted in ((twice, True), (clinic.ada, False)):
        news(session, clinic.phone, patient, is_granted, now)
    merge(session, clinic, twice, now)
    (facts,) = gate.load(session, [(clinic.phone.id, clinic.ada.id)])
    assert not gate.agreed(facts.consents)["marketing"]


def test_two_visits_at_one_time_must_be_settled_first(session, clinic, twice, now):
    clinic.book(session, clinic.ada, clinic.slot(9), now=now)
    clinic.book(session, twice, clinic.slot(9, who=clinic.bayo), now=now)
    with pytest.raises(privacy.CannotMerge, match="appointments"):
        merge(session, clinic, twice, now)


def test_a_record_is_not_merged_into_itself_nor_over_a_hold(session, clinic, twice, now):
    with pytest.raises(Invalid):
        merge(session, clinic, clinic.ada, now)
    privacy.place_legal_hold(session, twice.id, "a court asked", scope=EVERYTHING, now=now)
    with pytest.raises(privacy.LegalHold):
        merge(session, clinic, twice, now)


def test_what_another_hospital_holds_is_merged_by_the_group_alone(session, clinic, twice, now):
    other = a_clinic(session, now=now, code="OTH")
    other.book(session, twice, other.slot(11), now=now)
    with pytest.raises(privacy.SeenElsewhere):
        merge(session, clinic, twice, now, scope=at(clinic))
    merge(session, clinic, twice, now)


def news(session, phone, patient, is_granted, now):
    """What they say to news and offers."""
    consents.record(
        session,
        address_id=phone.id,
        patient_id=patient.id,
        purpose="marketing",
        is_granted=is_granted,
        wording="w",
        language="en",
        source="test",
        now=now,
    )
