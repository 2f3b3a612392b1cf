"""What goes when somebody is erased, and what must stay."""

from datetime import date

import pytest
from sqlalchemy import func, select

from bot.channels.carrier import Channel
from crm import addresses, patients, privacy
from crm.kit.permissions import EVERYTHING
from crm.models import (
    Address,
    Appointment,
    AppointmentStatus,
    Consent,
    DataRequest,
    Message,
    MessageStatus,
    Patient,
    Purpose,
    RequestKind,
    RequestStatus,
)
from tests.crm.clinic import a_clinic, a_patient, a_phone
from tests.crm.privacy.records import at, body, erase, merge, say, write


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
