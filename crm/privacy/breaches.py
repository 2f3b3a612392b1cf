"""The log of breaches, with the clock of 72 hours within which the commission is told."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import hospitals
from crm.kit.errors import Denied, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Scope
from crm.models import Breach, BreachSeverity

NOTIFIED_WITHIN = timedelta(hours=72)
"""NDPA 2023 section 40; GDPR article 33."""


def log(
    session: Session,
    *,
    summary: str,
    severity: BreachSeverity,
    detected_at: datetime,
    scope: Scope,
    by: Actor,
    now: datetime,
    hospital_id: UUID | None = None,
    people_affected: int = 0,
    measures: str | None = None,
) -> Breach:
    """Write a breach down; its clock runs from when it was detected. Raises NotFound, Invalid.

    Without a hospital it concerns the group, whose office alone may log it. Raises Denied.
    """
    if hospital_id is not None:
        hospitals.get(session, hospital_id, scope=scope)
    elif scope.hospitals is not None:
        raise Denied("A breach of the whole group is logged by the group's office.")
    if detected_at > now:
        raise Invalid("detected_at", "It cannot have been detected in the future.")
    breach = Breach(
        id=uuid7(),
        hospital_id=hospital_id,
        summary=summary,
        severity=severity,
        people_affected=people_affected,
        detected_at=detected_at,
        notify_by=detected_at + NOTIFIED_WITHIN,
        measures=measures,
        recorded_by_id=by.id,
        created_at=now,
        updated_at=now,
    )
    session.add(breach)
    session.flush()
    return breach


def search(
    session: Session, *, scope: Scope, page: PageRequest, is_unreported: bool = False
) -> Found[Breach]:
    """The breaches in scope, the latest first."""
    found = select(Breach).where(scope.where(Breach.hospital_id))
    if is_unreported:
        found = found.where(Breach.reported_at.is_(None), Breach.closed_at.is_(None))
    return keyset(session, found, page, Breach.detected_at.desc(), Breach.id.desc())


def change(
    session: Session, breach_id: UUID, changes: Mapping[str, Any], *, scope: Scope, now: datetime
) -> Breach:
    """Write down what was learnt and done: when it was reported, whom it hit, what was mended."""
    breach = session.scalars(
        select(Breach)
        .where(Breach.id == breach_id, scope.where(Breach.hospital_id))
        .with_for_update()
    ).one_or_none()
    if breach is None:
        raise NotFound("There is no such breach.")
    for name in ("reported_at", "people_told_at", "closed_at"):
        at = changes.get(name)
        if at is not None and not breach.detected_at <= at <= now:
            raise Invalid(name, "It lies between the detection and now.")
    for name, value in changes.items():
        setattr(breach, name, value)
    breach.updated_at = now
    session.flush()
    return breach


def hours_left(breach: Breach, *, now: datetime) -> float | None:
    """Hours until the commission must have been told, negative when late; None when it was."""
    if breach.reported_at is not None or breach.closed_at is not None:
        return None
    return round((breach.notify_by - now) / timedelta(hours=1), 1)
