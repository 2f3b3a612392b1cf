"""Finding owners, within what the one who asks may see."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import addresses
from crm.kit.crypto import Vault
from crm.kit.errors import NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import Address, Contract, Owner, OwnerAddress, OwnerStatus

TIN = "owners.tin"


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over owners: at home in scope or with a contract there; or self."""
    if scope.owner_id is not None:
        return Owner.id == scope.owner_id
    if scope.hospitals is None:
        return scope.where(Owner.hospital_id)
    has_contract = (
        select(Contract.id)
        .where(Contract.owner_id == Owner.id, scope.where(Contract.hospital_id))
        .exists()
    )
    return or_(scope.where(Owner.hospital_id), has_contract)


def get(session: Session, owner_id: UUID, *, scope: Scope) -> Owner:
    """The owner. Raises NotFound, also outside the scope."""
    owner = session.scalar(select(Owner).where(Owner.id == owner_id, visible(scope)))
    if owner is None:
        raise NotFound("There is no such owner.")
    return owner


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    name: str | None = None,
    phone: str | None = None,
    status: OwnerStatus | None = None,
    hospital_id: UUID | None = None,
) -> Found[Owner]:
    """Owners one may see by name; `phone` is a whole number in E.164."""
    found = select(Owner).where(visible(scope))
    if name:
        found = found.where(Owner.name.icontains(name, autoescape=True))
    if phone:
        found = found.where(_is_reached_at(session, phone))
    if status:
        found = found.where(Owner.status == status)
    if hospital_id:
        found = found.where(_belongs_to(hospital_id))
    return keyset(session, found, page, Owner.name, Owner.id)


def tin(session: Session, owner: Owner) -> str | None:
    """The tax identification number, opened. Never log it."""
    if owner.tin_sealed is None:
        return None
    vault: Vault = session.info["vault"]
    return vault.open(owner.tin_sealed, where=TIN, row=owner.id)


def _is_reached_at(session: Session, phone: str) -> ColumnElement[bool]:
    index = addresses.index_of(session.info["vault"], phone)
    return (
        select(OwnerAddress.owner_id)
        .join(Address, Address.id == OwnerAddress.address_id)
        .where(OwnerAddress.owner_id == Owner.id, Address.value_index == index)
        .where(Address.channel.in_([Channel.WHATSAPP, Channel.SMS]))
        .exists()
    )


def _belongs_to(hospital_id: UUID) -> ColumnElement[bool]:
    has_contract = (
        select(Contract.id)
        .where(Contract.owner_id == Owner.id, Contract.hospital_id == hospital_id)
        .exists()
    )
    return or_(Owner.hospital_id == hospital_id, has_contract)
