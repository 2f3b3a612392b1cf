"""Addresses and the people they speak for: families share phones, and people have several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from bot.channels.carrier import Channel
from crm import addresses
from crm.kit import driver
from crm.kit.errors import DomainError, NotFound
from crm.kit.permissions import Scope
from crm.models import (
    Address,
    AddressHolder,
    Conversation,
    HolderRole,
    Patient,
    PatientStatus,
    Suppression,
)
from crm.patients.people import visible


class LastAddress(DomainError):
    """Without it nobody could reach the patient."""

    code = "last_address"


# Asked in many turns: what a talk needs of a patient, and not the rest of the forty columns.
_HELD_BY = """
    select p.id, p.full_name, p.born_on_sealed, p.home_hospital_id, p.state, h.role
    from address_holders h join patient_profiles p on p.id = h.patient_id
    where h.address_id = %(address_id)s and p.status = 'active'
    order by h.role desc, p.full_name
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A patient whom a phone speaks for, as a talk needs them."""

    id: UUID
    full_name: str
    born_on_sealed: bytes | None
    home_hospital_id: UUID | None
    state: str | None

    @property
    def first_name(self) -> str:
        """What we call them: the first of their names."""
        return self.full_name.split()[0]


def held_by(session: Session, address_id: UUID) -> Sequence[tuple[Held, HolderRole]]:
    """The living patients an address speaks for, the phone's own person first, then by name."""
    rows = driver.fetch(session, _HELD_BY, {"address_id": address_id})
    return [(Held(*row), HolderRole(role)) for *row, role in rows]


_SPEAK = """
    update patient_profiles p set language = %(language)s, updated_at = now()
    from address_holders h
    where h.address_id = %(address_id)s and p.id = h.patient_id and p.status = 'active'
        and p.language <> %(language)s
"""


def speak(session: Session, address_id: UUID, language: str) -> None:
    """Remember the language for the patients of this address."""
    driver.run(session, _SPEAK, {"address_id": address_id, "language": language})


_LANGUAGE = """
    select p.language from address_holders h join patient_profiles p on p.id = h.patient_id
    where h.address_id = %(address_id)s and p.status = 'active'
    order by h.role desc, p.full_name
    limit 1
"""


def language_of(session: Session, address_id: UUID) -> str:
    """What is read at this address; English when it speaks for nobody."""
    rows = driver.fetch(session, _LANGUAGE, {"address_id": address_id})
    return str(rows[0][0]) if rows else "en"


def family(session: Session, patient: Patient, *, scope: Scope) -> Sequence[Patient]:
    """The others in scope who share an address with the patient, by name."""
    mine, theirs = aliased(AddressHolder), aliased(AddressHolder)
    shares = (
        select(theirs.patient_id)
        .join(mine, mine.address_id == theirs.address_id)
        .where(mine.patient_id == patient.id, theirs.patient_id != patient.id)
    )
    found = (
        select(Patient)
        .where(Patient.id.in_(shares), visible(scope))
        .where(Patient.status.not_in((PatientStatus.MERGED, PatientStatus.ERASED)))
        .order_by(Patient.name_folded, Patient.id)
    )
    return session.scalars(found).all()


def addresses_of(session: Session, patient_id: UUID) -> Sequence[tuple[Address, HolderRole]]:
    """The addresses that speak for a patient, oldest first."""
    rows = session.execute(
        select(Address, AddressHolder.role)
        .join(AddressHolder, AddressHolder.address_id == Address.id)
        .where(AddressHolder.patient_id == patient_id)
        .order_by(AddressHolder.since, Address.channel)
    )
    return [(address, role) for address, role in rows]


def addresses_of_many(
    session: Session, patient_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Address]]:
    """The addresses of each of many patients, oldest first. One query."""
    found: dict[UUID, list[Address]] = {id_: [] for id_ in patient_ids}
    rows = session.execute(
        select(AddressHolder.patient_id, Address)
        .join(Address, Address.id == AddressHolder.address_id)
        .where(AddressHolder.patient_id.in_(patient_ids))
        .order_by(AddressHolder.since, Address.channel)
    )
    for patient_id, address in rows:
        found[patient_id].append(address)
    return found


def best_address(session: Session, patient_id: UUID) -> Address | None:
    """Where the patient is best reached, a child through their guardian; None when nowhere.

    One that hears us first, then the channel they prefer, then where they were last heard.
    """
    found = _best(session, patient_id)
    if found is None:
        guardian = session.scalar(select(Patient.guardian_id).where(Patient.id == patient_id))
        found = _best(session, guardian) if guardian else None
    return found


def _best(session: Session, patient_id: UUID) -> Address | None:
    is_held = Suppression.lifted_at.is_(None) & (Suppression.address_id == Address.id)
    in_turn = case(
        {Channel.WHATSAPP: 0, Channel.SMS: 1, Channel.EMAIL: 2}, value=Address.channel, else_=3
    )
    query = (
        select(Address)
        .join(AddressHolder, AddressHolder.address_id == Address.id)
        .join(Patient, Patient.id == AddressHolder.patient_id)
        .outerjoin(Suppression, is_held)
        .outerjoin(Conversation, Conversation.address_id == Address.id)
        .where(AddressHolder.patient_id == patient_id)
        .order_by(
            Suppression.id.is_(None).desc(),
            func.coalesce(Address.channel == Patient.preferred_channel, False).desc(),
            Conversation.heard_at.desc().nulls_last(),
            in_turn,
            AddressHolder.since.desc(),
        )
        .limit(1)
    )
    return session.scalars(query).first()


def hold(
    session: Session,
    patient_id: UUID,
    channel: Channel,
    value: str,
    *,
    role: HolderRole = HolderRole.SELF,
    now: datetime,
) -> Address:
    """Let an address (E.164, or an e-mail) speak for the patient; more than once is once."""
    address = addresses.find_or_make(session, channel, value, now=now)
    session.execute(
        insert(AddressHolder)
        .values(address_id=address.id, patient_id=patient_id, role=role, since=now)
        .on_conflict_do_nothing()
    )
    return address


def release(session: Session, patient_id: UUID, address_id: UUID) -> None:
    """Let an address speak for the patient no more. Raises NotFound, LastAddress."""
    held = {address.id for address, _ in addresses_of(session, patient_id)}
    if address_id not in held:
        raise NotFound("This address does not speak for the patient.")
    if len(held) == 1:
        raise LastAddress("This is the only way to reach the patient. Add another one first.")
    session.execute(
        delete(AddressHolder).where(
            AddressHolder.patient_id == patient_id, AddressHolder.address_id == address_id
        )
    )
