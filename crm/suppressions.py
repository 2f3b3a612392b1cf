"""Addresses that hear nothing they did not ask for: after a STOP, or because a carrier said so."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.models import Suppression, SuppressionReason

_IN_FORCE = Suppression.lifted_at.is_(None)


def suppress(
    session: Session, address_id: UUID, reason: SuppressionReason, *, now: datetime
) -> bool:
    """Suppress the address until lifted. Returns False when it already was, whatever the reason."""
    return suppress_many(session, {address_id: reason}, now=now) == 1


def suppress_many(
    session: Session, reasons: Mapping[UUID, SuppressionReason], *, now: datetime
) -> int:
    """Suppress each address for its reason; returns how many were not yet."""
    if not reasons:
        return 0
    rows = [
        {"id": uuid7(), "address_id": address_id, "reason": reasons[address_id], "since": now}
        for address_id in sorted(reasons)
    ]
    statement = (
        insert(Suppression)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["address_id"], index_where=_IN_FORCE)
        .returning(Suppression.id)
    )
    return len(session.scalars(statement).all())


def lift(session: Session, address_id: UUID, *, now: datetime) -> bool:
    """Let the address be written to again. Returns False when nothing held it."""
    statement = (
        update(Suppression)
        .where(Suppression.address_id == address_id, _IN_FORCE)
        .values(lifted_at=now)
        .returning(Suppression.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is not None


def is_suppressed(session: Session, address_id: UUID) -> bool:
    """True while the address is suppressed, for any reason."""
    statement = select(Suppression.id).where(Suppression.address_id == address_id, _IN_FORCE)
    return session.scalar(statement) is not None
