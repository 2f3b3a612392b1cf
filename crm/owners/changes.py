"""What staff do with owners: write them down and keep them right."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.kit.crypto import Vault
from crm.kit.errors import Gone, Invalid, NotFound, StaleVersion
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Permission
from crm.kit.violations import meaning
from crm.models import Owner, OwnerKind, OwnerStatus
from crm.owners.reading import TIN, visible

# Ten digits from the joint board, eight and four from the federal service, thirteen from 2026.
_TIN = re.compile(r"\d{10}|\d{8}-?\d{4}|\d{13}", re.ASCII)

CHANGEABLE = frozenset(
    {"kind", "name", "status", "resident", "state", "language", "preferred_channel"}
)


def make(
    session: Session,
    *,
    kind: OwnerKind,
    name: str,
    hospital_id: UUID | None,
    by: Actor,
    now: datetime,
    resident: bool = True,
    tin: str | None = None,
    state: str | None = None,
    language: str = "en",
    preferred_channel: Channel = Channel.WHATSAPP,
) -> Owner:
    """Write down an owner, at home at a hospital in the actor's scope.

    Raises NotFound for another hospital, Invalid when one is missing or the number is no TIN.
    """
    scope = by.scope(Permission.OWNERS_WRITE)
    if not scope.covers(hospital_id):
        if hospital_id is None:
            raise Invalid("hospital_id", "Say at which hospital the owner is.", code="missing")
        raise NotFound("There is no such hospital.")
    owner = Owner(
        id=uuid7(),
        kind=kind,
        name=name,
        hospital_id=hospital_id,
        status=OwnerStatus.ACTIVE,
        resident=resident,
        state=state,
        language=language,
        preferred_channel=preferred_channel,
        version=1,
        created_at=now,
        updated_at=now,
    )
    _seal_tin(session, owner, tin)
    with meaning(session, {"fk_owners_hospital_id": NotFound("There is no such hospital.")}):
        session.add(owner)
    return owner


def update(
    session: Session,
    owner_id: UUID,
    *,
    changes: Mapping[str, Any],
    version: int,
    by: Actor,
    now: datetime,
) -> Owner:
    """Change what is named in `changes` (see `CHANGEABLE`, and `tin`).

    Raises NotFound, Gone when erased, StaleVersion when somebody was faster, Invalid.
    """
    owner = lock(session, owner_id, by=by)
    if owner.version != version:
        raise StaleVersion("Somebody changed this owner.", version=owner.version)
    for name in CHANGEABLE & changes.keys():
        setattr(owner, name, changes[name])
    if "tin" in changes:
        _seal_tin(session, owner, changes["tin"])
    owner.version, owner.updated_at = owner.version + 1, now
    session.flush()
    return owner


def lock(session: Session, owner_id: UUID, *, by: Actor) -> Owner:
    """The owner, ours until the transaction ends. Raises NotFound, Gone."""
    scope = by.scope(Permission.OWNERS_WRITE)
    owner = session.scalar(
        select(Owner)
        .where(Owner.id == owner_id, visible(scope))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if owner is None:
        raise NotFound("There is no such owner.")
    if owner.status is OwnerStatus.ERASED:
        raise Gone("This owner was erased.")
    return owner


def _seal_tin(session: Session, owner: Owner, tin: str | None) -> None:
    number = "".join((tin or "").split())
    if number and not _TIN.fullmatch(number):
        raise Invalid("tin", "A tax number has 10, 12 or 13 digits.", code="tin_invalid")
    vault: Vault = session.info["vault"]
    owner.tin_sealed = vault.seal(number, where=TIN, row=owner.id) if number else None
    owner.has_tin = bool(number)
