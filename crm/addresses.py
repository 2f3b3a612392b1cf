"""Addresses: a channel and a value, sealed, found by a blind index."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from crm.models import Address

WHERE = "addresses.value"


def index_of(vault: Vault, value: str) -> bytes:
    """The blind index of an address value."""
    return vault.index(value, domain=WHERE)


def find(session: Session, channel: Channel, value: str) -> Address | None:
    """The address, when we know it."""
    index = index_of(session.info["vault"], value)
    return session.scalar(
        select(Address).where(Address.channel == channel, Address.value_index == index)
    )


def find_or_make(session: Session, channel: Channel, value: str, *, now: datetime) -> Address:
    """The address, made when it is new. Safe when two ask at once."""
    known = find(session, channel, value)
    if known is not None:
        return known
    vault: Vault = session.info["vault"]
    id_ = uuid7()
    session.execute(
        insert(Address)
        .values(
            id=id_,
            channel=channel,
            value_sealed=vault.seal(value, where=WHERE, row=id_),
            value_index=index_of(vault, value),
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
    )
    made = find(session, channel, value)
    assert made is not None  # noqa: S101 -- inserted above, by us or by who came first
    return made


def value_of(session: Session, address: Address) -> str:
    """The phone number or id itself. Writes nothing; never log it."""
    vault: Vault = session.info["vault"]
    return vault.open(address.value_sealed, where=WHERE, row=address.id)
