"""Finding, registering and changing patients."""

from datetime import date, timedelta

import pytest

from bot.channels.carrier import Channel
from crm import addresses, patients
from crm.kit.errors import Denied, Invalid, NotFound, StaleVersion
from crm.kit.ids import uuid7
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Actor, Kind, Role, Scope
from crm.models import Gender, HolderRole, Suppression, SuppressionReason
from crm.patients import Agreement, Registration, Wanted
from tests.crm.clinic import a_clinic, a_phone

CARE = [Agreement("care", is_granted=True, wording="care-2026-11")]
NUMBER = "+2349140000021"


def enrol(session, clinic, now, name="Zainab Bello", *, again=False, scope=EVERYTHING, **facts):
    """Register somebody at the desk of the clinic."""
    given = {
        "full_name": name,
        "phone": NUMBER,
        "agreements": CARE,
        "home_hospital_id": clinic.hospital.id,
        "born_on": date(1990, 11, 25),
    }
    new = Registration(**given | facts)
    patient, _ = patients.enrol(
        session, new, scope=scope, source="staff", now=now, is_confirmed_new=again
    )
    return patient


def names(session, scope=EVERYTHING, **wanted):
    found = patients.search(session, Wanted(**wanted), scope=scope, page=PageRequest())
    return [patient.full_name for patient in found.items]


def at(clinic):
    return Scope(frozenset({clinic.hospital.id}))


def desk(clinic, role=Role.FRONT_DESK):
    return Actor(Kind.USER, uuid7(), "Desk", ((role, clinic.hospital.id),))


# -- finding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["zain", "bell z", "bello zainab", "ZAÍNAB", "b z", "fatima-z", "zara"],
)
def test_people_are_found_by_the_beginnings_of_their_names(session, clinic, now, typed):
    enrol(session, clinic, now, "Zainab Fatima-Zara Bello")
    assert names(session, name=typed) == ["Zainab Fatima-Zara Bello"]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Ọláolúwa Adéṣínà", "olaoluwa adesina"),
        ("Ƙasimu Ɗanladi", "kasimu dan"),
        ("Sa'adatu Bala", "saad"),
        ("Saadatu Bala", "sa’ad"),
        ("Olaoluwa Adesina", "Ọlá"),
    ],
)
def test_tone_marks_hooks_and_apostrophes_do_not_hide_a_name(session, clinic, now, written, typed):
    enrol(session, clinic, now, written)
    assert names(session, name=typed) == [written]


@pytest.mark.parametrize("typed", ["%", "_", "ain", "ada zainab", "%ello", "\\"])
def test_what_does_not_begin_a_name_finds_nobody_by_it(session, clinic, now, typed):
    enrol(session, clinic, now)
    found = names(session, at(clinic), name=typed)
    assert not found


def test_numbers_find_exactly_one(session, clinic, now):
    enrol(session, clinic, now, nin="12345678901", nhis="NH/1234", mrn="OLD-7")
    for wanted in (
        {"nin": "12345678901"},
        {"nhis": "NH/1234"},
        {"address": NUMBER},
        {"mrn": "OLD-7"},
    ):
        assert names(session, **wanted) == ["Zainab Bello"]
    assert not names(session, nin="12345678902")


def test_pages_go_by_name_and_do_not_repeat(session, clinic, now):
    for n, name in enumerate(["Cee", "Aaa", "Bee"]):
        enrol(session, clinic, now, f"{name} Test", phone=f"+23491400002{n}0")
    scope, seen, page = at(clinic), [], PageRequest(limit=2)
    while True:
        found = patients.search(session, Wanted(), scope=scope, page=page)
        seen += [patient.first_name for patient in found.items]
        if found.next_cursor is None:
            break
        page = PageRequest(limit=2, cursor=found.next_cursor)
    assert seen == ["Aaa", "Bee", "Cee"]


def test_a_patient_is_seen_where_they_are_at_home_and_where_they_have_a_visit(session, clinic, now):
    other = a_clinic(session, now=now, code="OTH")
    zainab = enrol(session, clinic, now)
    assert patients.get(session, zainab.id, scope=at(clinic)) is zainab
    with pytest.raises(NotFound):
        patients.get(session, zainab.id, scope=at(other))
    assert not names(session, at(other), name="zainab")

    other.book(session, zainab, other.slot(9), now=now)
    assert patients.get(session, zainab.id, scope=at(other)) is zainab
    assert names(session, at(other), name="zainab") == ["Zainab Bello"]


def test_a_patient_sees_themselves_alone_and_an_owner_nobody(session, clinic, now):
    zainab = enrol(session, clinic, now)
    mine = Scope(frozenset(), patient_id=zainab.id)
    assert names(session, mine) == ["Zainab Bello"]
    with pytest.raises(NotFound):
        patients.get(session, clinic.ada.id, scope=mine)
    assert not names(session, Scope(frozenset(), owner_id=uuid7()))


# -- registering ----------------------------------------------------------------------------------


def test_a_new_patient_has_a_number_of_the_hospital_and_consents(session, clinic, now):
    zainab = enrol(session, clinic, now, gender=Gender.FEMALE, email="zainab@example.com")
    held = {a.channel: addresses.value_of(session, a) for a, _ in held_by(session, zainab)}
    assert zainab.mrn.startswith("TST-")
    assert held == {Channel.SMS: NUMBER, Channel.EMAIL: "zainab@example.com"}


def held_by(session, patient):
    return patients.addresses_of(session, patient.id)


def test_what_identifies_is_sealed_and_opens_again(session, clinic, now):
    zainab = enrol(
        session,
        clinic,
        now,
        nin="12345678901",
        emergency_contact={"name": "Musa", "phone": "+2349140000022"},
        allergies=["penicillin"],
    )
    assert b"12345678901" not in zainab.nin_sealed
    assert patients.read(session, zainab, "nin") == "12345678901"
    assert patients.read(session, zainab, "allergies") == ["penicillin"]
    assert patients.born_on(session, zainab) == date(1990, 11, 25)


def test_one_nin_and_one_hospital_number_belong_to_one_person(session, clinic, now):
    enrol(session, clinic, now, nin="12345678901", mrn="A-1")
    with pytest.raises(patients.NinTaken):
        enrol(session, clinic, now, "Somebody Else", nin="12345678901", phone="+2349140000031")
    with pytest.raises(patients.MrnTaken):
        enrol(session, clinic, now, "Somebody Else", mrn="A-1", phone="+2349140000031")
    other = a_clinic(session, now=now, code="OTH")
    enrol(session, other, now, "Somebody Else", mrn="A-1", phone="+2349140000031")


def test_a_generated_number_passes_over_one_that_a_file_brought(session, clinic, now):
    first = enrol(session, clinic, now)
    taken = int(first.mrn.removeprefix("TST-")) + 1
    enrol(session, clinic, now, "Somebody Else", mrn=f"TST-{taken:06d}", phone="+2349140000031")
    third = enrol(session, clinic, now, "A Third", phone="+2349140000032")
    assert third.mrn == f"TST-{taken + 1:06d}"


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("Zainab Bello", {}),
        ("Bello Zainab", {}),
        ("Zaynab Bello", {}),
        ("Zainab Bello", {"born_on": None}),
        ("Zainab Bello", {"phone": "+2349140000029"}),
        ("Zainabu Bello", {"phone": "+2349140000029", "nhis": "NH/77"}),
    ],
)
def test_the_same_person_again_is_noticed(session, clinic, now, name, facts):
    enrol(session, clinic, now, nhis="NH/77")
    with pytest.raises(patients.PossibleDuplicate) as refused:
        enrol(session, clinic, now, name, **facts)
    best = refused.value.candidates[0]
    assert best.patient.full_name == "Zainab Bello"
    assert best.score >= 0.7
    assert "name" in best.reasons


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("Musa Bello", {}),  # a husband
        ("Zainab Bello", {"born_on": date(1962, 3, 1)}),  # a mother of the same name
        ("Hassana Bello", {}),  # a twin: same day, same phone
        ("Zainab Bello", {"born_on": date(1991, 1, 1), "phone": "+2349140000029"}),
    ],
)
def test_families_and_namesakes_are_not_held_up(session, clinic, now, name, facts):
    enrol(session, clinic, now)
    assert enrol(session, clinic, now, name, **facts)


def test_staff_may_say_it_is_another_person(session, clinic, now):
    first = enrol(session, clinic, now)
    second = enrol(session, clinic, now, again=True)
    assert first.id != second.id


def test_duplicates_at_another_hospital_are_not_told(session, clinic, now):
    enrol(session, clinic, now)
    other = a_clinic(session, now=now, code="OTH")
    assert enrol(session, other, now, scope=at(other))


def test_a_minor_needs_a_guardian_of_age(session, clinic, now):
    child = {"born_on": date(2019, 5, 1)}
    with pytest.raises(Invalid, match="guardian"):
        enrol(session, clinic, now, "Amina Bello", **child)
    mother = enrol(session, clinic, now)
    amina = enrol(session, clinic, now, "Amina Bello", guardian_id=mother.id, **child)
    with pytest.raises(Invalid, match="of age"):
        enrol(session, clinic, now, "Sani Bello", guardian_id=amina.id, **child)


# -- families -------------------------------------------------------------------------------------


def test_a_phone_speaks_for_a_family(session, clinic, now):
    mother = enrol(session, clinic, now)
    child = enrol(
        session, clinic, now, "Amina Bello", born_on=date(2019, 5, 1), guardian_id=mother.id
    )
    phone = held_by(session, mother)[0][0]
    assert [(each.id, role) for each, role in patients.held_by(session, phone.id)] == [
        (mother.id, HolderRole.SELF),
        (child.id, HolderRole.FAMILY),
    ]
    assert patients.family(session, mother, scope=EVERYTHING) == [child]


def test_family_at_other_hospitals_is_not_shown(session, clinic, now):
    other = a_clinic(session, now=now, code="OTH")
    mother = enrol(session, clinic, now)
    enrol(session, other, now, "Musa Bello")
    assert not patients.family(session, mother, scope=at(clinic))


def test_the_preferred_channel_is_the_best_address_and_a_stopped_one_the_last(session, clinic, now):
    zainab = enrol(session, clinic, now, email="zainab@example.com")
    whatsapp = a_phone(session, zainab, NUMBER, now=now)
    assert patients.best_address(session, zainab.id) == whatsapp
    zainab.preferred_channel = Channel.EMAIL
    session.flush()
    assert patients.best_address(session, zainab.id).channel is Channel.EMAIL
    email = patients.best_address(session, zainab.id)
    session.add(
        Suppression(id=uuid7(), address_id=email.id, reason=SuppressionReason.STOP, since=now)
    )
    session.flush()
    assert patients.best_address(session, zainab.id) == whatsapp


def test_a_child_without_a_phone_is_reached_through_the_guardian(session, clinic, now):
    clinic.musa.guardian_id = clinic.ada.id
    session.flush()
    assert patients.best_address(session, clinic.musa.id) == clinic.phone
    assert patients.best_address(session, uuid7()) is None


def test_the_last_address_stays(session, clinic, now):
    zainab = enrol(session, clinic, now)
    (sms,) = [a for a, _ in held_by(session, zainab)]
    with pytest.raises(patients.LastAddress):
        patients.release(session, zainab.id, sms.id)
    patients.hold(session, zainab.id, Channel.WHATSAPP, NUMBER, now=now)
    patients.release(session, zainab.id, sms.id)
    with pytest.raises(NotFound):
        patients.release(session, zainab.id, sms.id)


# -- changing -------------------------------------------------------------------------------------


def change(session, clinic, patient, now, *, by=None, version=None, **changes):
    return patients.change(
        session,
        patient.id,
        changes,
        version=version or patient.version,
        scope=at(clinic),
        by=by or desk(clinic),
        now=now,
    )


def test_two_editors_do_not_overwrite_each_other(session, clinic, now):
    zainab = enrol(session, clinic, now)
    change(session, clinic, zainab, now, full_name="Zainab Musa", nin="12345678901")
    assert (zainab.full_name, zainab.version) == ("Zainab Musa", 2)
    assert names(session, name="musa zai") == ["Zainab Musa"]
    with pytest.raises(StaleVersion):
        change(session, clinic, zainab, now, version=1, state="Lagos")


def test_an_emptied_number_is_free_again(session, clinic, now):
    zainab = enrol(session, clinic, now, nin="12345678901")
    change(session, clinic, zainab, now, nin=None)
    assert zainab.nin_index is None
    enrol(session, clinic, now, "Somebody Else", nin="12345678901", phone="+2349140000031")


def test_only_clinical_staff_write_what_treatment_rests_on(session, clinic, now):
    zainab = enrol(session, clinic, now)
    with pytest.raises(Denied):
        change(session, clinic, zainab, now, allergies=["penicillin"])
    doctor = desk(clinic, Role.CLINICIAN)
    change(session, clinic, zainab, now, by=doctor, allergies=["penicillin"])
    assert patients.read(session, zainab, "allergies") == ["penicillin"]


def test_a_patient_cannot_be_moved_to_a_hospital_out_of_reach(session, clinic, now):
    other = a_clinic(session, now=now, code="OTH")
    zainab = enrol(session, clinic, now)
    with pytest.raises(NotFound):
        change(session, clinic, zainab, now, home_hospital_id=other.hospital.id)


def test_visits_are_counted_at_ones_own_hospitals(session, clinic, now):
    other = a_clinic(session, now=now, code="OTH")
    zainab = enrol(session, clinic, now)
    clinic.book(session, zainab, clinic.slot(9), now=now)
    other.book(session, zainab, other.slot(11), now=now)
    here = patients.counts(session, zainab, scope=at(clinic), now=now)
    assert here.next_visit_at == clinic.slot(9).starts_at
    assert [v.hospital_id for v in patients.visits(session, zainab, scope=at(clinic))] == [
        clinic.hospital.id
    ]
    mine = Scope(frozenset(), patient_id=zainab.id)
    assert len(patients.visits(session, zainab, scope=mine)) == 2


def test_eighteen_is_counted_in_lagos(now):
    today = date(2026, 11, 22)
    assert patients.age(date(2008, 11, 22), on=today) == 18
    assert patients.age(date(2008, 11, 23), on=today) == 17
    assert patients.age(date(2008, 2, 29), on=date(2026, 2, 28)) == 17
    assert patients.is_minor(date(2008, 11, 23), now=now)
    assert not patients.is_minor(date(2008, 11, 23), now=now + timedelta(days=1))
    assert not patients.is_minor(None, now=now)
