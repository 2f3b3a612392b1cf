"""New patients: from the chat, from the desk, from a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import consents
from crm.kit import driver
from crm.kit.crypto import Vault
from crm.kit.errors import Invalid
from crm.kit.ids import uuid7
from crm.kit.permissions import Scope
from crm.models import (
    Address,
    BloodGroup,
    Gender,
    Genotype,
    HolderRole,
    Patient,
)
from crm.patients import duplicates, facts, families, people, sealed
from crm.patients.refusals import spoken

BORN_ON = "patient_profiles.born_on"
_PLAIN = (
    "full_name",
    "home_hospital_id",
    "mrn",
    "is_birth_estimated",
    "gender",
    "state",
    "language",
    "blood_group",
    "genotype",
    "guardian_id",
    "preferred_channel",
)
_NUMBER = """
    with n as materialized (
        select h.id, h.code || '-' || lpad(nextval('patient_numbers')::text, 6, '0') as number
        from hospitals h where h.id = %(hospital)s
    )
    select n.number, exists (
        select from patient_profiles p where p.home_hospital_id = n.id and p.mrn = n.number
    ) from n
"""
_SPEAK_FOR = """
    with held as (
        insert into address_holders (address_id, patient_id, role, since)
        values (%(address)s, %(patient)s, %(role)s, %(now)s)
    )
    insert into consents (
        id, address_id, patient_id, purpose, is_granted, wording, language, source,
        proof_message_id, at
    )
    values (
        %(id)s, %(address)s, %(patient)s, 'care', true, %(wording)s, %(language)s, %(source)s,
        %(proof)s, %(now)s
    )
"""
_WRITE_DOWN = f"""
    with written as (
        insert into patient_profiles (
            id, full_name, born_on_sealed, birth_year, state, home_hospital_id, mrn, guardian_id,
            language, created_at, updated_at
        )
        values (
            %(patient)s, %(full_name)s, %(born_on_sealed)s, %(birth_year)s, %(state)s,
            %(home_hospital)s, %(mrn)s, %(guardian)s, %(language)s, %(now)s, %(now)s
        )
    ), {_SPEAK_FOR.strip().removeprefix("with ")}
"""  # noqa: S608 -- the pieces are our own
# Turns are serial per address, and a number has two: whoever registers waits for the other.
_HOLD_THE_NUMBER = """
    select id from addresses
    where channel in ('sms', 'whatsapp')
        and value_index = (select value_index from addresses where id = %(address)s)
    order by id
    for no key update
"""
_OF_THIS_NUMBER = """
    select p.id, p.full_name, p.born_on_sealed, p.home_hospital_id, p.state, h.role,
        h.address_id = mine.id as is_here
    from addresses mine
    join addresses theirs
        on theirs.channel in ('sms', 'whatsapp') and theirs.value_index = mine.value_index
    join address_holders h on h.address_id = theirs.id
    join patient_profiles p on p.id = h.patient_id
    where mine.id = %(address)s and p.status = 'active'
        and string_to_array(p.name_folded, ' ') @> string_to_array(fold_name(%(name)s), ' ')
        and string_to_array(p.name_folded, ' ') <@ string_to_array(fold_name(%(name)s), ' ')
    order by is_here desc
"""


@dataclass(frozen=True, slots=True)
class Registered:
    """Who was registered, and as whom the address speaks for them."""

    patient: families.Held
    role: HolderRole
    is_new: bool
    """False for somebody whom this number spoke for before."""
    has_namesake: bool = False
    """True when the number speaks for somebody of the same name with another day of birth."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One answer to "may we?": for the records themselves ("care") or for a kind of message."""

    purpose: str
    is_granted: bool
    wording: str
    channel: Channel | None = None
    """None is every address given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What somebody told the desk of a new patient."""

    full_name: str
    phone: str
    """E.164."""
    agreements: Sequence[Agreement]
    email: str | None = None
    born_on: date | None = None
    is_birth_estimated: bool = False
    gender: Gender | None = None
    nin: str | None = None
    nhis: str | None = None
    home: dict[str, str] | None = None
    state: str | None = None
    language: str = "en"
    emergency_contact: dict[str, str] | None = None
    blood_group: BloodGroup | None = None
    genotype: Genotype | None = None
    allergies: Sequence[str] = ()
    clinical_notes: str | None = None
    guardian_id: UUID | None = None
    preferred_channel: Channel | None = None
    home_hospital_id: UUID | None = None
    mrn: str | None = None


def register(
    session: Session,
    *,
    address_id: UUID,
    full_name: str,
    born_on: date,
    now: datetime,
    state: str | None = None,
    home_hospital_id: UUID | None = None,
    language: str = "en",
    role: HolderRole = HolderRole.SELF,
    wording: str,
    source: str,
    proof_message_id: UUID | None = None,
    may_be_known: bool = True,
) -> Registered:
    """Write down a patient, the address that speaks for them, and their consent to care.

    Whom the same number speaks for already, here or on another channel, is not written twice: the
    address speaks for them, too. Whoever has guessed too often is not told: `may_be_known` is
    false for them.
    """
    speaks = {
        "id": uuid7(),
        "address": address_id,
        "wording": wording,
        "language": language,
        "source": source,
        "proof": proof_message_id,
        "now": now,
    }
    alike = _of_this_number(session, address_id, full_name)
    known = next((each for each in alike if facts.born_on(session, each.patient) == born_on), None)
    if known is not None and may_be_known:
        if not known.is_here:
            whom = {"patient": known.patient.id, "role": known.role.value}
            driver.run(session, _SPEAK_FOR, speaks | whom)
        return Registered(known.patient, known.role, is_new=False)
    vault: Vault = session.info["vault"]
    id_ = uuid7()
    sealed_day = vault.seal(born_on.isoformat(), where=BORN_ON, row=id_)
    is_child = role is HolderRole.FAMILY and facts.is_minor(born_on, now=now)
    patient = {
        "patient": id_,
        "role": role.value,
        "full_name": full_name,
        "born_on_sealed": sealed_day,
        "birth_year": born_on.year,
        "state": state,
        "home_hospital": home_hospital_id,
        "mrn": _next_number(session, home_hospital_id),
        "guardian": _first_of(session, address_id) if is_child else None,
    }
    driver.run(session, _WRITE_DOWN, speaks | patient)
    held = families.Held(id_, full_name, sealed_day, home_hospital_id, state)
    return Registered(held, role, is_new=True, has_namesake=bool(alike))


class _Alike(NamedTuple):
    """Somebody of this name whom the number speaks for, and whether on this very channel."""

    patient: families.Held
    role: HolderRole
    is_here: bool


def _of_this_number(session: Session, address_id: UUID, full_name: str) -> list[_Alike]:
    driver.run(session, _HOLD_THE_NUMBER, {"address": address_id})
    asked = {"address": address_id, "name": full_name}
    return [
        _Alike(families.Held(*row), HolderRole(role), is_here)
        for *row, role, is_here in driver.fetch(session, _OF_THIS_NUMBER, asked)
    ]


def enrol(
    session: Session,
    new: Registration,
    *,
    scope: Scope,
    source: str,
    now: datetime,
    is_confirmed_new: bool = False,
) -> tuple[Patient, Sequence[duplicates.Candidate]]:
    """Write down what the desk was told; returns the patient and the candidates passed over.

    Raises PossibleDuplicate unless confirmed, MrnTaken, NinTaken, Invalid.
    """
    like = duplicates.candidates(
        session,
        full_name=new.full_name,
        born_on=new.born_on,
        phone=new.phone,
        nhis=new.nhis,
        scope=scope,
    )
    if like and not is_confirmed_new:
        raise duplicates.PossibleDuplicate(like)
    check_guardian(session, new.guardian_id, born=new.born_on, scope=scope, now=now)
    patient = _write(session, new, now=now)
    held = _hold(session, new, patient, now=now)
    _agree(session, new, patient, held, source=source, now=now)
    return patient, like


def check_guardian(
    session: Session,
    guardian_id: UUID | None,
    *,
    born: date | None,
    scope: Scope,
    now: datetime,
    child_id: UUID | None = None,
) -> None:
    """A minor needs a guardian, who is of age and somebody else. Raises Invalid."""
    if guardian_id is None:
        if facts.is_minor(born, now=now):
            raise Invalid(
                "guardian_id", "A patient under 18 needs a guardian.", code="guardian_needed"
            )
        return
    guardian = people.get(session, guardian_id, scope=scope)
    is_child = facts.is_minor(facts.born_on(session, guardian), now=now)
    if is_child or guardian.id == child_id:
        raise Invalid("guardian_id", "A guardian is another person, of age.", code="not_of_age")


def _write(session: Session, new: Registration, *, now: datetime) -> Patient:
    plain = {name: getattr(new, name) for name in _PLAIN}
    plain["mrn"] = new.mrn or _next_number(session, new.home_hospital_id)
    patient = Patient(id=uuid7(), created_at=now, updated_at=now, **plain)
    for name in sealed.SEALED:
        sealed.write(session, patient, name, getattr(new, name))
    with spoken(session):
        session.add(patient)
    return patient


def _hold(
    session: Session, new: Registration, patient: Patient, *, now: datetime
) -> Sequence[Address]:
    """The number on each channel they named, SMS unless they named one; and the e-mail."""
    named = {agreement.channel for agreement in new.agreements} | {new.preferred_channel}
    phones: list[Channel] = [c for c in (Channel.WHATSAPP, Channel.SMS) if c in named] or [
        Channel.SMS
    ]
    role = HolderRole.FAMILY if new.guardian_id else HolderRole.SELF
    given = [(channel, new.phone) for channel in phones]
    if new.email:
        given.append((Channel.EMAIL, new.email))
    return [
        families.hold(session, patient.id, channel, value, role=role, now=now)
        for channel, value in given
    ]


def _agree(
    session: Session,
    new: Registration,
    patient: Patient,
    held: Sequence[Address],
    *,
    source: str,
    now: datetime,
) -> None:
    for agreement in new.agreements:
        for address in held:
            if agreement.channel in {None, address.channel}:
                consents.record(
                    session,
                    address_id=address.id,
                    patient_id=patient.id,
                    purpose=agreement.purpose,
                    is_granted=agreement.is_granted,
                    wording=agreement.wording,
                    language=new.language,
                    source=source,
                    now=now,
                )


def _next_number(session: Session, hospital_id: UUID | None) -> str | None:
    """The next free number of the hospital; None without a hospital."""
    while hospital_id and (found := driver.fetch(session, _NUMBER, {"hospital": hospital_id})):
        number, is_taken = found[0]
        if not is_taken:
            return str(number)
    return None


def _first_of(session: Session, address_id: UUID) -> UUID | None:
    """Whose phone it is, if that person may speak for a child."""
    held = families.held_by(session, address_id)
    return next((patient.id for patient, role in held if role is HolderRole.SELF), None)
