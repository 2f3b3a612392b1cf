"""Two hundred patients in families that share phones, with what they agreed to and who insures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bot.channels.carrier import Channel
from crm import addresses, insurance
from crm.demo import words
from crm.demo.house import YEARS_BACK, House
from crm.demo.loading import Row, load
from crm.models import (
    Address,
    AddressHolder,
    BloodGroup,
    Consent,
    Conversation,
    Gender,
    Genotype,
    HolderRole,
    Hospital,
    InsurancePolicy,
    Patient,
    PatientStatus,
    Suppression,
    SuppressionReason,
)
from crm.patients import sealed

PATIENTS = 200
_SIZES = {1: 50.0, 2: 20.0, 3: 15.0, 4: 15.0}
_SHARES = {"IKJ": 45.0, "WUS": 30.0, "PHC": 25.0}
_WORDING = "care-2026-11"
_OF_AGE = 18
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Phone:
    """What one family shares: an address, how it is used, and what was agreed there."""

    address_id: UUID
    channel: Channel
    language: str
    likes_news: bool
    is_silent: bool
    """Said STOP."""
    number: str


@dataclass(slots=True)
class Person:
    """A patient as the rest of the demo needs them."""

    id: UUID
    name: str
    gender: Gender
    born_on: date
    hospital: Hospital
    phone: Phone
    since: datetime
    is_active: bool = True

    def age(self, on: date) -> int:
        """Whole years."""
        had_birthday = (on.month, on.day) >= (self.born_on.month, self.born_on.day)
        return on.year - self.born_on.year - (not had_birthday)


Family = tuple[Hospital, Phone, datetime]
"""Where they are at home, the phone they share, and since when."""


class _Rows:
    """The rows of everybody, table by table."""

    def __init__(self) -> None:
        """Nobody yet."""
        self.tables: dict[type[Any], list[Row]] = {
            Address: [],
            Patient: [],
            AddressHolder: [],
            Consent: [],
            Conversation: [],
            Suppression: [],
            InsurancePolicy: [],
        }

    def add(self, model: type[Any], row: Row) -> None:
        """One row more."""
        self.tables[model].append(row)


def settle_in(house: House) -> list[Person]:
    """Write the patients down, family by family."""
    rows, people = _Rows(), list[Person]()
    numbers = iter(_hospital_numbers(house))
    while len(people) < PATIENTS:
        size = min(house.chance.one_of(_SIZES), PATIENTS - len(people))
        people += _family(house, rows, size, numbers=numbers, number=len(people))
    for model, found in rows.tables.items():
        load(house.session, model, found)
    return people


def _hospital_numbers(house: House) -> list[int]:
    drawn = text("select nextval('patient_numbers') from generate_series(1, :number)")
    return list(house.session.scalars(drawn, {"number": PATIENTS}))


def _family(house: House, rows: _Rows, size: int, *, numbers: Any, number: int) -> list[Person]:
    chance = house.chance
    code = chance.one_of(_SHARES)
    hospital = next((h for h in house.hospitals if h.code == code), house.hospitals[0])
    people = chance.one_of(words.PEOPLES[hospital.code])
    since = chance.between(house.now - YEARS_BACK, house.now - timedelta(days=20))
    phone = _phone(house, rows, people, number, since)
    surname = chance.choice(words.NAMES[people][2])
    family: list[Person] = []
    for place in range(size):
        person = _member(house, people, surname, (hospital, phone, since), place)
        _write(house, rows, person, next(numbers), family[0] if family else None)
        family.append(person)
    _email(house, rows, family[0])
    return family


def _phone(house: House, rows: _Rows, people: str, number: int, since: datetime) -> Phone:
    chance = house.chance
    channel = Channel.WHATSAPP if chance.is_so(0.7) else Channel.SMS
    language = words.LANGUAGES[people] if chance.is_so(0.2) else chance.choice(["en", "en", "pcm"])
    value = f"+234914100{number:04d}"
    is_silent = chance.is_so(0.04)
    address_id = _address(house, rows, channel, value, since)
    phone = Phone(address_id, channel, language, chance.is_so(0.6), is_silent, value)
    heard_at = chance.between(since, house.now - _DAY)
    rows.add(Conversation, _talk(house, phone, since, heard_at))
    if is_silent:
        rows.add(Suppression, _suppression(house, phone, heard_at))
    return phone


def _address(house: House, rows: _Rows, channel: Channel, value: str, since: datetime) -> UUID:
    id_ = house.chance.id_at(since)
    row = {
        "id": id_,
        "channel": channel,
        "value_sealed": house.vault.seal(value, where=addresses.WHERE, row=id_),
        "value_index": addresses.index_of(house.vault, value),
        "created_at": since,
        "updated_at": since,
    }
    rows.add(Address, row)
    return id_


def _talk(house: House, phone: Phone, since: datetime, heard_at: datetime) -> Row:
    return {
        "id": house.chance.id_at(since),
        "address_id": phone.address_id,
        "language": phone.language if phone.language in {"en", "pcm"} else "en",
        "turn": house.chance.randrange(4, 60),
        "heard_at": heard_at,
        "created_at": since,
        "updated_at": heard_at,
    }


def _suppression(house: House, phone: Phone, at: datetime) -> Row:
    reason = SuppressionReason.STOP
    id_ = house.chance.id_at(at)
    return {"id": id_, "address_id": phone.address_id, "reason": reason, "since": at}


def _email(house: House, rows: _Rows, person: Person) -> None:
    """One adult in three has given an e-mail too."""
    if not house.chance.is_so(0.33):
        return
    first, last = person.name.lower().split()[:2]
    value = f"{first}.{last}{house.chance.digits(3)}@mail.example"
    id_ = _address(house, rows, Channel.EMAIL, value, person.since)
    rows.add(AddressHolder, _holding(id_, person, HolderRole.SELF))
    _agree(house, rows, person, id_)


def _member(house: House, people: str, surname: str, family: Family, place: int) -> Person:
    """The first is of age; the others are a spouse or children."""
    chance = house.chance
    hospital, phone, since = family
    gender = Gender.FEMALE if chance.is_so(0.55) else Gender.MALE
    is_adult = place == 0 or (place == 1 and chance.is_so(0.5))
    age = chance.randrange(20, 76) if is_adult else chance.randrange(1, _OF_AGE - 1)
    born_on = house.today - timedelta(days=age * 365 + chance.randrange(1, 360))
    first = chance.choice(words.NAMES[people][0 if gender is Gender.FEMALE else 1])
    id_ = chance.id_at(since + timedelta(minutes=place + 1))
    return Person(id_, f"{first} {surname}", gender, born_on, hospital, phone, since)


def _write(house: House, rows: _Rows, person: Person, number: int, head: Person | None) -> None:
    role = HolderRole.FAMILY if head else HolderRole.SELF
    rows.add(Patient, _profile(house, person, number, head))
    rows.add(AddressHolder, _holding(person.phone.address_id, person, role))
    _agree(house, rows, person, person.phone.address_id)
    for row in _policies(house, person):
        rows.add(InsurancePolicy, row)


def _holding(address_id: UUID, person: Person, role: HolderRole) -> Row:
    return {
        "address_id": address_id,
        "patient_id": person.id,
        "role": role,
        "since": person.since,
    }


def _agree(house: House, rows: _Rows, person: Person, address_id: UUID) -> None:
    """Care when they registered; news for those who like it, some of whom grew tired of them."""
    chance, phone = house.chance, person.phone
    said = [("care", True, person.since)]
    if phone.likes_news:
        said.append(("marketing", True, person.since))
    if phone.likes_news and chance.is_so(0.15):
        said.append(("marketing", False, chance.between(person.since, house.now - _DAY)))
    if phone.is_silent and address_id == phone.address_id:
        said.append(("all", False, chance.between(person.since, house.now - _DAY)))
    for purpose, is_granted, at in said:
        rows.add(
            Consent,
            {
                "id": chance.id_at(at),
                "patient_id": person.id,
                "address_id": address_id,
                "purpose": purpose,
                "is_granted": is_granted,
                "wording": _WORDING,
                "language": phone.language,
                "source": phone.channel.value,
                "at": at,
            },
        )


def _profile(house: House, person: Person, number: int, head: Person | None) -> Row:
    chance = house.chance
    is_minor = person.age(house.today) < _OF_AGE
    status = chance.one_of({PatientStatus.ACTIVE: 97.0, PatientStatus.INACTIVE: 3.0})
    person.is_active = status is PatientStatus.ACTIVE
    return {
        "id": person.id,
        "home_hospital_id": person.hospital.id,
        "mrn": f"{person.hospital.code}-{number:06d}",
        "full_name": person.name,
        "birth_year": person.born_on.year,
        "gender": person.gender,
        "state": person.hospital.state,
        "blood_group": chance.one_of(_BLOOD) if chance.is_so(0.6) else None,
        "genotype": chance.one_of(_GENOTYPES) if chance.is_so(0.6) else None,
        "guardian_id": head.id if head and is_minor else None,
        "language": person.phone.language,
        "preferred_channel": person.phone.channel if chance.is_so(0.4) else None,
        "status": status,
        "is_synthetic": True,
        "created_at": person.since,
        "updated_at": person.since,
        **_sealed(house, person, head),
    }


_BLOOD = {
    BloodGroup.O_POSITIVE: 50.0,
    BloodGroup.A_POSITIVE: 22.0,
    BloodGroup.B_POSITIVE: 20.0,
    BloodGroup.AB_POSITIVE: 4.0,
    BloodGroup.O_NEGATIVE: 4.0,
}
_GENOTYPES = {Genotype.AA: 72.0, Genotype.AS: 24.0, Genotype.AC: 2.0, Genotype.SS: 2.0}


def _sealed(house: House, person: Person, head: Person | None) -> Row:
    """The private fields, sealed, and the indexes that find two of them."""
    chance = house.chance
    street, city, lga = chance.choice(words.STREETS[person.hospital.code])
    home = {"line": f"{chance.randrange(1, 120)} {street}", "city": city, "lga": lga}
    contact = (
        {"name": head.name, "relation": "family", "phone": head.phone.number} if head else None
    )
    facts: dict[str, Any] = {
        "born_on": person.born_on,
        "nin": chance.digits(11) if chance.is_so(0.5) else None,
        "nhis": chance.digits(8) if chance.is_so(0.3) else None,
        "home": home,
        "emergency_contact": contact,
        "allergies": [chance.choice(words.ALLERGIES)] if chance.is_so(0.12) else None,
        "clinical_notes": "Known hypertensive, on treatment." if chance.is_so(0.08) else None,
    }
    row: Row = {}
    for name, value in facts.items():
        spelt = None if value is None else sealed.SEALED[name].write(value)
        row[f"{name}_sealed"] = spelt and house.vault.seal(
            spelt, where=sealed.where(name), row=person.id
        )
        if name in sealed.INDEXED:
            row[f"{name}_index"] = spelt and sealed.index_of(house.vault, name, spelt)
    return row


def _policies(house: House, person: Person) -> Sequence[Row]:
    """Nobody, in force, ending within the month, run out, or renewed: every state there is."""
    states: dict[tuple[int, ...], float] = {
        (): 40.0,
        (240,): 30.0,
        (12,): 8.0,
        (-45,): 10.0,
        (-30, 335): 12.0,
    }
    return [_policy(house, person, days) for days in house.chance.one_of(states)]


def _policy(house: House, person: Person, days: int) -> Row:
    provider, plan = house.chance.choice(words.HMOS)
    id_ = house.chance.id_at(person.since)
    number = f"{provider[:3].upper()}/{house.chance.digits(7)}"
    return {
        "id": id_,
        "patient_id": person.id,
        "provider": provider,
        "plan": plan,
        "policy_number_sealed": house.vault.seal(number, where=insurance.WHERE, row=id_),
        "expires_on": house.today + timedelta(days=days + house.chance.randrange(10)),
        "created_at": person.since,
        "updated_at": person.since,
    }
