"""Where owners are reached, and telling them what concerns their money at every one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session
from sqlalchemy.types import Uuid

from bot.channels.carrier import Channel
from bot.texts import say, spoken_to
from crm import addresses, outbox
from crm.kit.errors import NotFound
from crm.models import (
    Address,
    Contract,
    Conversation,
    Hospital,
    Lane,
    Owner,
    OwnerAddress,
    Purpose,
    Suppression,
)
from crm.outbox import Draft, Template

_REACHED = (
    select(Address, OwnerAddress.owner_id)
    .join(OwnerAddress, OwnerAddress.address_id == Address.id)
    .join(Owner, Owner.id == OwnerAddress.owner_id)
    .outerjoin(Conversation, Conversation.address_id == Address.id)
    .outerjoin(
        Suppression, (Suppression.address_id == Address.id) & Suppression.lifted_at.is_(None)
    )
    .where(Owner.id == func.any(bindparam("owner_ids", type_=ARRAY(Uuid()))))
    .order_by(
        Suppression.id.is_not(None),
        (Address.channel == Owner.preferred_channel).desc(),
        Conversation.heard_at.desc().nulls_last(),
        OwnerAddress.since,
    )
)


@dataclass(frozen=True, slots=True)
class Reached:
    """One way to an owner, opened."""

    address_id: UUID
    channel: Channel
    value: str


def best_address(session: Session, owner_id: UUID) -> Address | None:
    """Where to write to an owner: the preferred channel first, then where they were last heard."""
    return best_addresses(session, [owner_id]).get(owner_id)


def best_addresses(session: Session, owner_ids: Sequence[UUID]) -> dict[UUID, Address]:
    """The same for many owners by one query; those who cannot be reached are missing."""
    best: dict[UUID, Address] = {}
    for address, owner_id in session.execute(_REACHED, {"owner_ids": list(owner_ids)}):
        best.setdefault(owner_id, address)
    return best


def reached_at(session: Session, owner_id: UUID) -> list[Reached]:
    """Every way to an owner, the best first, with phone numbers and e-mails opened."""
    return [
        Reached(address.id, address.channel, addresses.value_of(session, address))
        for address in _addresses(session, owner_id)
    ]


def add_address(
    session: Session, owner: Owner, channel: Channel, value: str, *, now: datetime
) -> Address:
    """Let an address reach the owner; a second time changes nothing."""
    address = addresses.find_or_make(session, channel, value, now=now)
    row = {"address_id": address.id, "owner_id": owner.id, "since": now}
    session.execute(insert(OwnerAddress).values(row).on_conflict_do_nothing())
    return address


def remove_address(session: Session, owner: Owner, address_id: UUID, *, now: datetime) -> None:
    """No longer write to the owner there, after one last word. Raises NotFound."""
    known = {address.id: address for address in _addresses(session, owner.id)}
    if address_id not in known:
        raise NotFound("There is no such address.")
    _tell(session, owner, [known[address_id]], "address_removed", now=now)
    session.execute(
        delete(OwnerAddress)
        .where(OwnerAddress.owner_id == owner.id, OwnerAddress.address_id == address_id)
        .execution_options(synchronize_session=False)
    )


def tell_everywhere(
    session: Session, owner: Owner, key: str, *, now: datetime, **facts: str
) -> int:
    """Tell the owner at every address on file, for whoever changed one may hold it.

    Returns how many messages were posted.
    """
    return _tell(session, owner, _addresses(session, owner.id), key, now=now, **facts)


def _addresses(session: Session, owner_id: UUID) -> list[Address]:
    return [row[0] for row in session.execute(_REACHED, {"owner_ids": [owner_id]})]


def _tell(
    session: Session,
    owner: Owner,
    to: Sequence[Address],
    key: str,
    *,
    now: datetime,
    **facts: str,
) -> int:
    language = spoken_to(owner.language)
    said = {"first_name": owner.name, **facts, "phone": _phone(session, owner)}
    drafts = [
        Draft(
            address_id=address.id,
            channel=address.channel,
            text=say("owner_notice", key, language, address.channel, **said),
            purpose=Purpose.NOTICE,
            lane=Lane.UTILITY,
            owner_id=owner.id,
            template=Template(f"owner_notice_{key}_{language}", tuple(said.values())),
        )
        for address in to
    ]
    return len(outbox.post_many(session, drafts, now=now))


def _phone(session: Session, owner: Owner) -> str:
    """The number of the owner's hospital: at home, else of a contract, else the first."""
    at_contract = select(Contract.hospital_id).where(Contract.owner_id == owner.id)
    is_theirs = or_(Hospital.id == owner.hospital_id, Hospital.id.in_(at_contract))
    phones = select(Hospital.phone).order_by(is_theirs.desc(), Hospital.position).limit(1)
    return session.scalars(phones).one()
