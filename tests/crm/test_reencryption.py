"""The key is changed: every sealed value opens with the new one, and only with it."""

import base64
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from crm import insurance, outbox, patients, reencryption
from crm.kit.crypto import CannotOpen, Vault
from crm.models import Address, InsurancePolicy, Lane, Message, Patient, Purpose
from crm.reencryption import SealedColumn
from tests.crm.clinic import a_clinic
from workers import privacy

SECRET = "test-secret-that-is-long-enough-for-the-vault"
OLD = "t1:" + "dHR0" * 10 + "dHQ="
NEW = "n2:" + base64.b64encode(b"n" * 32).decode()


class House:
    """As much of the wiring as the change of a key needs."""

    def __init__(self, engine, keys: str) -> None:
        self.vault = Vault.from_settings(keys, SECRET)
        self.sessions = sessionmaker(engine, expire_on_commit=False, info={"vault": self.vault})

    def transaction(self):
        return self.sessions.begin()


@pytest.fixture
def ada(engine, now):
    """A clinic whose values were sealed with the old key."""
    with House(engine, OLD).transaction() as session:
        clinic = a_clinic(session, now=now)
        patients.write(session, clinic.ada, "nin", "12345678901")
        patients.write(session, clinic.ada, "born_on", date(1990, 11, 25))
        insurance.add(session, clinic.ada.id, provider="Hygeia", policy_number="HY-1", now=now)
        for n in range(7):
            outbox.post(
                session,
                address_id=clinic.phone.id,
                channel=clinic.phone.channel,
                text=f"Message {n}",
                purpose=Purpose.REPLY,
                lane=Lane.URGENT,
                patient_id=clinic.ada.id,
                now=now + timedelta(minutes=n),
            )
        return clinic.ada.id


def due(house):
    with house.sessions() as session:
        return {
            place.where: count
            for place in reencryption.register()
            if (count := reencryption.count_due(session, place))
        }


def read(house, patient_id):
    """Everything that was sealed for Ada, opened with these keys."""
    with house.sessions() as session:
        patient = session.get(Patient, patient_id)
        cover = session.scalars(select(InsurancePolicy)).one()
        bodies = session.execute(select(Message.id, Message.body_sealed).order_by(Message.id))
        address = session.scalars(select(Address)).first()
        return [
            patients.read(session, patient, "nin"),
            patients.born_on(session, patient),
            insurance.number_of(session, cover),
            house.vault.open(address.value_sealed, where="addresses.value", row=address.id),
            *[outbox.unseal(house.vault, body, row=id_).text for id_, body in bodies],
        ]


def test_everything_opens_with_the_new_key_alone(engine, ada):
    before = read(House(engine, OLD), ada)
    both = House(engine, f"{NEW},{OLD}")
    assert due(both)["messages.body"] == 7

    sealed, unreadable = privacy.reseal_all(both)

    assert sealed == 11
    assert not unreadable
    assert not due(both)
    assert read(House(engine, NEW), ada) == before
    with pytest.raises(CannotOpen):
        read(House(engine, OLD), ada)
    assert privacy.reseal_all(both) == (0, {})


def test_killed_in_the_middle_it_goes_on_where_it_was(engine, ada):
    before = read(House(engine, OLD), ada)
    both = House(engine, f"{NEW},{OLD}")

    def killed(steps):
        for n, step in enumerate(steps):
            if n == 3:
                raise KeyboardInterrupt
            yield step

    with pytest.raises(KeyboardInterrupt):
        privacy.reseal_all(both, killed, limit=3)
    left = sum(due(both).values())
    assert 0 < left < 11
    assert read(both, ada) == before

    sealed, _ = privacy.reseal_all(both, limit=3)
    assert sealed == left
    assert read(House(engine, NEW), ada) == before


def test_what_somebody_writes_meanwhile_is_left_as_they_wrote_it(engine, ada):
    both = House(engine, f"{NEW},{OLD}")
    place = next(p for p in reencryption.register() if p.where == "patient_profiles.nin")
    with both.sessions() as slow:
        patient = slow.get(Patient, ada)
        old = patient.nin_sealed
        with both.transaction() as quick:
            patients.write(quick, quick.get(Patient, ada), "nin", "99999999999")
        assert not reencryption._put(slow, place, [(ada, old, b"late")])
    with both.sessions() as session:
        assert patients.read(session, session.get(Patient, ada), "nin") == "99999999999"


def test_a_value_no_key_opens_is_counted_and_stays(engine, ada):
    with House(engine, OLD).transaction() as session:
        stranger = Vault.from_settings("x9:" + base64.b64encode(b"x" * 32).decode(), SECRET)
        lost = stranger.seal("1", where="patient_profiles.nin", row=ada)
        session.get(Patient, ada).nin_sealed = lost
    both = House(engine, f"{NEW},{OLD}")
    sealed, unreadable = privacy.reseal_all(both)
    assert (sealed, unreadable) == (10, {"patient_profiles.nin": 1})
    with both.sessions() as session:
        assert session.get(Patient, ada).nin_sealed == lost


def test_a_value_moved_to_another_row_is_not_made_good(engine, ada):
    with House(engine, OLD).transaction() as session:
        musa = session.scalars(select(Patient).where(Patient.full_name == "Musa Bello")).one()
        musa.nin_sealed = session.get(Patient, ada).nin_sealed
    _, unreadable = privacy.reseal_all(House(engine, f"{NEW},{OLD}"))
    assert unreadable == {"patient_profiles.nin": 1}


def test_the_register_names_each_field_as_it_is_sealed():
    names = {place.where for place in reencryption.register()}
    assert {
        "addresses.value",
        "messages.body",
        "conversations.context",
        "misheard.text",
        "insurance_policies.policy_number",
        *(f"patient_profiles.{field}" for field in patients.SEALED),
    } <= names
    assert SealedColumn(Patient.__table__, Patient.__table__.c.home_sealed).where == (
        "patient_profiles.home"
    )
