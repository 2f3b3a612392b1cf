"""Who speaks as an owner from an address, and in which language."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from crm.models import Owner, OwnerAddress, OwnerStatus

# Asked in many turns, so it is put together once.
_HELD_BY = (
    select(Owner)
    .join(OwnerAddress, OwnerAddress.owner_id == Owner.id)
    .where(OwnerAddress.address_id == bindparam("address_id"))
    .where(Owner.status == OwnerStatus.ACTIVE)
    .order_by(Owner.name, Owner.id)
)


def held_by(session: Session, address_id: UUID) -> Sequence[Owner]:
    """The owners an address speaks for, by name; a company's clerk may speak for several."""
    return session.scalars(_HELD_BY, {"address_id": address_id}).all()


def speak(session: Session, owner_id: UUID, language: str) -> None:
    """Remember the language an owner speaks."""
    session.execute(
        update(Owner)
        .where(Owner.id == owner_id)
        .values(language=language)
        .execution_options(synchronize_session="fetch")
    )
