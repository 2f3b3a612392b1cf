"""All that is kept of somebody, given to them."""

import json

import pytest
from sqlalchemy import select

from crm import insurance, loyalty, privacy
from crm.kit.errors import NotFound
from crm.kit.permissions import EVERYTHING, Actor, Kind, Scope
from crm.models import (
    DataRequest,
    RequestKind,
    RequestStatus,
)
from tests.crm.clinic import a_clinic, a_phone
from tests.crm.privacy.records import ADMIN, at, say, write


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
