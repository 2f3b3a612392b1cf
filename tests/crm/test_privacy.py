"""What reaches into every table for one person: merging, exporting, erasing, and who asked."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from bot.channels.carrier import Channel
from crm import addresses, consents, gate, insurance, loyalty, outbox, patients, privacy
from crm.kit.errors import Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Actor, Kind, Role, Scope
from crm.loyalty.by_hand import Gift
from crm.models import (
    Address,
    Appointment,
    AppointmentStatus,
    AuditEvent,
    BreachSeverity,
    Consent,
    DataRequest,
    Lane,
    LoyaltyAccount,
    Message,
    MessageStatus,
    Patient,
    PatientStatus,
    Purpose,
    RequestKind,
    RequestStatus,
)
from crm.privacy import breaches, requests
from tests.crm.clinic import a_clinic, a_patient, a_phone

ADMIN = Actor(Kind.USER, uuid7(), "Admin", ((Role.ADMIN, None),))


def at(clinic):
    return Scope(frozenset({clinic.hospital.id}))


def write(session, patient, **facts):
    for name, value in facts.items():
        patients.write(session, patient, name, value)
    session.flush()


def say(session, address, patient, text, now, *, purpose=Purpose.NOTICE):
    return outbox.post(
        session,
        address_id=address.id,
        channel=address.channel,
        text=text,
        purpose=purpose,
        lane=Lane.UTILITY,
        patient_id=patient and patient.id,
        now=now,
        template=outbox.Template("hello"),
    )


def body(session, message_id):
    return session.scalar(select(Message.body_sealed).where(Message.id == message_id))


# -- merging --------------------------------------------------------------------------------------


@pytest.fixture
def twice(session, clinic, now):
    """Ada a second time, with a phone, a visit, a cover and a message of her own."""
    ada = a_patient("Ada Obi-Nwosu")
    ada.home_hospital_id = clinic.ada.home_hospital_id = clinic.hospital.id
    session.add(ada)
    session.flush()
    return ada


def merge(session, clinic, gone, now, *, kept=None, scope=EVERYTHING):
    return privacy.merge(
        session,
        (kept or clinic.ada).id,
        gone.id,
        reason="the same woman",
        scope=scope,
        by=ADMIN,
        now=now,
    )


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
        consents.record(
            session,
            address_id=phone.id,
            patient_id=twice.id,
            purpose="marketing",
            is_granted=is_granted,
            wording="w",
            language="en",
            source="test",
            now=now,
        )
    merge(session, clinic, twice, now)
    said = [c for c in consents.history(session, clinic.ada.id) if c.source == "merge"]
    assert [(c.purpose, c.is_granted) for c in said] == [("care", True), ("marketing", False)]
    (facts,) = gate.load(session, [(phone.id, clinic.ada.id)])
    assert not gate.agreed(facts.consents)["marketing"]


def test_a_withdrawal_on_a_shared_phone_is_not_undone_by_merging(session, clinic, twice, now):
    a_phone(session, twice, "+2349140000001", now=now)
    for patient, is_granted in ((twice, True), (clinic.ada, False)):
        consents.record(
            session,
            address_id=clinic.phone.id,
            patient_id=patient.id,
            purpose="marketing",
            is_granted=is_granted,
            wording="w",
            language="en",
            source="test",
            now=now,
        )
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


# -- exporting ------------------------------------------------------------------------------------


def test_an_export_holds_everything_in_words(session, clinic, now):
    write(session, clinic.ada, nin="12345678901", allergies=["penicillin"])
    insurance.add(session, clinic.ada.id, provider="Hygeia", policy_number="HY-1", now=now)
    clinic.book(session, clinic.ada, clinic.slot(9), now=now)
    say(session, clinic.phone, clinic.ada, "Your visit is booked", now)
    loyalty.enrol(session, clinic.ada.id, now=now)

    made = privacy.export(session, clinic.ada.id, scope=EVERYTHING, by=ADMIN, now=now)

    records = json.loads(json.dumps(made))["records"]
    (profile,) = records["patient_profiles"]
    assert (profile["nin"], profile["allergies"]) == ("12345678901", ["penicillin"])
    assert records["insurance_policies"][0]["policy_number"] == "HY-1"
    assert records["messages"][0]["body"]["text"] == "Your visit is booked"
    assert records["appointments"][0]["during"][0].startswith("2026-11-24T08:00")
    assert records["consents"][0]["purpose"] == "care"
    assert records["loyalty_points"]
    assert records["appointment_reminders"]
    assert made["addresses"][0]["value"] == "+2349140000001"
    assert not [name for name in profile if name.endswith(("_sealed", "_index", "_folded"))]
    (request,) = session.scalars(select(DataRequest))
    assert (request.kind, request.status) == (RequestKind.EXPORT, RequestStatus.DONE)
    assert (request.asked_by, request.asked_by_id) == ("user", ADMIN.id)


def test_an_export_holds_nothing_of_others_on_the_phone(session, clinic, now):
    a_phone(session, clinic.musa, "+2349140000001", now=now)
    say(session, clinic.phone, clinic.musa, "For Musa alone", now)
    made = privacy.export(session, clinic.ada.id, scope=EVERYTHING, by=ADMIN, now=now)
    assert "For Musa alone" not in json.dumps(made)


def test_a_patient_may_have_all_and_one_hospital_only_what_is_its_own(session, clinic, now):
    other = a_clinic(session, now=now, code="OTH")
    clinic.ada.home_hospital_id = clinic.hospital.id
    other.book(session, clinic.ada, other.slot(9), now=now)
    with pytest.raises(privacy.SeenElsewhere):
        privacy.export(session, clinic.ada.id, scope=at(clinic), by=ADMIN, now=now)
    mine = Scope(frozenset(), patient_id=clinic.ada.id)
    me = Actor(Kind.PATIENT, clinic.ada.id, "Ada")
    made = privacy.export(session, clinic.ada.id, scope=mine, by=me, now=now)
    assert len(made["records"]["appointments"]) == 1
    with pytest.raises(NotFound):
        privacy.export(session, clinic.musa.id, scope=mine, by=me, now=now)


# -- erasing --------------------------------------------------------------------------------------


def erase(session, patient, now, scope=EVERYTHING):
    return privacy.erase(session, patient.id, scope=scope, by=ADMIN, now=now)


def test_identity_goes_and_facts_stay(session, clinic, now):
    write(session, clinic.ada, nin="12345678901", born_on=date(1990, 11, 25))
    visit = clinic.book(session, clinic.ada, clinic.slot(9), now=now)
    said = say(session, clinic.phone, clinic.ada, "Dear Ada", now)
    agreed = session.scalar(select(func.count()).select_from(Consent))

    counts = erase(session, clinic.ada, now)

    ada = session.get(Patient, clinic.ada.id, populate_existing=True)
    assert (ada.full_name, ada.name_folded, ada.status) == ("Erased", "erased", "erased")
    assert ada.nin_sealed is ada.nin_index is ada.born_on_sealed is None
    assert session.get(Appointment, visit.id).status is AppointmentStatus.CANCELLED
    assert body(session, said) is None
    status = session.scalar(select(Message.status).where(Message.id == said))
    assert status is MessageStatus.CANCELLED
    assert addresses.find(session, Channel.WHATSAPP, "+2349140000001") is None
    assert session.scalar(select(func.count()).select_from(Consent)) == agreed
    assert counts["messages"] >= 1
    assert counts["addresses"] == 1
    with pytest.raises(patients.Erased):
        patients.get(session, ada.id, scope=EVERYTHING)
    request = session.scalars(select(DataRequest).where(DataRequest.patient_id == ada.id)).one()
    assert (request.kind, request.status) == (RequestKind.ERASE, RequestStatus.DONE)


def test_a_family_keeps_its_phone_and_its_own_messages(session, clinic, now):
    a_phone(session, clinic.musa, "+2349140000001", now=now)
    of_musa = say(session, clinic.phone, clinic.musa, "Dear Musa", now)
    about_ada = say(session, clinic.phone, clinic.musa, "Musa, bring Ada Obi tomorrow", now)
    of_nobody = say(session, clinic.phone, None, "Whose visit is it?", now, purpose=Purpose.REPLY)

    erase(session, clinic.ada, now)

    assert addresses.find(session, Channel.WHATSAPP, "+2349140000001").id == clinic.phone.id
    assert [p.id for p, _ in patients.held_by(session, clinic.phone.id)] == [clinic.musa.id]
    assert body(session, of_musa) is not None
    assert body(session, about_ada) is None
    assert body(session, of_nobody) is None


def test_a_number_given_up_before_is_forgotten_too(session, clinic, now):
    old = a_phone(session, clinic.ada, "+2349140000041", now=now, channel=Channel.SMS)
    patients.release(session, clinic.ada.id, old.id)
    erase(session, clinic.ada, now)
    assert addresses.find(session, Channel.SMS, "+2349140000041") is None
    assert session.get(Address, old.id) is not None


def test_the_records_merged_into_it_are_erased_with_it(session, clinic, twice, now):
    merge(session, clinic, twice, now)
    erase(session, clinic.ada, now)
    names = set(session.scalars(select(Patient.full_name)))
    assert names == {"Erased", "Musa Bello"}


def test_a_legal_hold_and_another_hospitals_visit_keep_a_record(session, clinic, now):
    clinic.ada.home_hospital_id = clinic.hospital.id
    privacy.place_legal_hold(session, clinic.ada.id, "a court asked", scope=EVERYTHING, now=now)
    with pytest.raises(privacy.LegalHold):
        erase(session, clinic.ada, now)
    privacy.place_legal_hold(session, clinic.ada.id, None, scope=EVERYTHING, now=now)
    other = a_clinic(session, now=now, code="OTH")
    other.book(session, clinic.ada, other.slot(9), now=now)
    with pytest.raises(privacy.SeenElsewhere):
        erase(session, clinic.ada, now, scope=at(clinic))
    erase(session, clinic.ada, now)


def test_a_child_is_left_without_the_erased_guardian(session, clinic, now):
    clinic.musa.guardian_id = clinic.ada.id
    session.flush()
    erase(session, clinic.ada, now)
    assert session.get(Patient, clinic.musa.id, populate_existing=True).guardian_id is None


def test_whoever_was_erased_may_come_back_as_somebody_new(session, clinic, now):
    erase(session, clinic.ada, now)
    again = a_patient("Ada Obi")
    session.add(again)
    session.flush()
    phone = a_phone(session, again, "+2349140000001", now=now)
    assert phone.id != clinic.phone.id


# -- requests and breaches ------------------------------------------------------------------------


def test_a_request_is_due_in_thirty_days_and_asked_once(session, clinic, now):
    me = Actor(Kind.PATIENT, clinic.ada.id, "Ada")
    asked = requests.ask(session, clinic.ada, RequestKind.ERASE, by=me, now=now)
    again = requests.ask(session, clinic.ada, RequestKind.ERASE, by=me, now=now)
    assert asked is again
    assert asked.due_on == date(2026, 12, 22)
    late = now + timedelta(days=31)
    assert not requests.is_overdue(asked, now=now)
    assert requests.is_overdue(asked, now=late)
    assert privacy.due(session, now=late)["requests_late"] == 1
    found = requests.search(
        session, scope=EVERYTHING, page=PageRequest(), now=late, is_overdue=True
    )
    assert found.items == [asked]
    erase(session, clinic.ada, now)
    session.refresh(asked)
    assert asked.status is RequestStatus.DONE


def test_a_request_is_answered_once(session, clinic, now):
    asked = requests.ask(session, clinic.ada, RequestKind.RECTIFY, by=ADMIN, now=now)
    closed = requests.close(
        session,
        asked.id,
        RequestStatus.REFUSED,
        "The record is right.",
        scope=EVERYTHING,
        by=ADMIN,
        now=now,
    )
    assert (closed.closed_at, closed.closed_by_id) == (now, ADMIN.id)
    with pytest.raises(requests.RequestClosed):
        requests.close(
            session, asked.id, RequestStatus.DONE, "Done.", scope=EVERYTHING, by=ADMIN, now=now
        )


def test_an_objection_ends_marketing_at_once(session, clinic, now):
    consents.record(
        session,
        address_id=clinic.phone.id,
        patient_id=clinic.ada.id,
        purpose="marketing",
        is_granted=True,
        wording="w",
        language="en",
        source="test",
        now=now,
    )
    offer = say(session, clinic.phone, clinic.ada, "Half price", now, purpose=Purpose.MARKETING)
    requests.ask(session, clinic.ada, RequestKind.OBJECT, by=ADMIN, now=now)
    status = session.scalar(select(Message.status).where(Message.id == offer))
    assert status is MessageStatus.CANCELLED


def test_the_clock_of_a_breach_runs_from_its_detection(session, clinic, now):
    found = breaches.log(
        session,
        summary="A folder was left on a bus.",
        severity=BreachSeverity.MEDIUM,
        detected_at=now - timedelta(hours=60),
        hospital_id=clinic.hospital.id,
        scope=at(clinic),
        by=ADMIN,
        now=now,
    )
    assert breaches.hours_left(found, now=now) == 12.0
    assert privacy.due(session, now=now)["breaches_due"] == 1
    assert privacy.due(session, now=now + timedelta(hours=13))["breaches_late"] == 1
    breaches.change(session, found.id, {"reported_at": now}, scope=at(clinic), now=now)
    assert breaches.hours_left(found, now=now) is None
    assert not any(privacy.due(session, now=now + timedelta(hours=13)).values())
    elsewhere = Scope(frozenset({uuid7()}))
    assert not breaches.search(session, scope=elsewhere, page=PageRequest()).items
    with pytest.raises(NotFound):
        breaches.change(session, found.id, {}, scope=elsewhere, now=now)
    with pytest.raises(Invalid):
        breaches.change(
            session, found.id, {"closed_at": now + timedelta(1)}, scope=EVERYTHING, now=now
        )
