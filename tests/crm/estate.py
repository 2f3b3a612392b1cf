"""Owners for tests: who acts for whom, and what they are owed."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import contracts, owners
from crm.contracts import Terms
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Kind, Role
from crm.models import (
    Contract,
    ContractModel,
    Hospital,
    Owner,
    OwnerKind,
    TaxCategory,
)

ALHAJI = "+2349140000021"
TEN_PER_CENT = Terms(model=ContractModel.PERCENTAGE, share_bps=1_000, tax_category=TaxCategory.RENT)


def hospital(session: Session, code: str) -> Hospital:
    """One of the seeded hospitals."""
    return session.scalars(select(Hospital).where(Hospital.code == code)).one()


def staff(role: Role, hospital_id: UUID | None = None, name: str = "Ngozi") -> Actor:
    """Somebody who acts, at one hospital or at all."""
    return Actor(Kind.USER, uuid7(), name, ((role, hospital_id),))


def an_owner(session: Session, *, now, at: Hospital, name: str = "Alhaji Danladi", **more) -> Owner:
    """An owner at home at a hospital, reached on WhatsApp."""
    by = staff(Role.FINANCE, at.id)
    phone = more.pop("phone", ALHAJI)
    owner = owners.make(
        session,
        **{"kind": OwnerKind.INDIVIDUAL, **more},
        name=name,
        hospital_id=at.id,
        by=by,
        now=now,
    )
    if phone:
        owners.add_address(session, owner, Channel.WHATSAPP, phone, now=now)
    return owner


def a_contract(session: Session, owner: Owner, *, now, at: Hospital, **more) -> Contract:
    """Ten per cent of the cash at a hospital, from January 2026 on."""
    agreed = {"terms": TEN_PER_CENT, "starts_on": date(2026, 1, 1), "ends_on": None}
    return contracts.agree(
        session,
        owner_id=owner.id,
        hospital_id=at.id,
        by=staff(Role.FINANCE),
        now=now,
        **{**agreed, **more},
    )
