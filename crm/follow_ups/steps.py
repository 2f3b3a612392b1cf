"""What people do with a follow-up: take it, reach the person, close it with its cause."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.follow_ups.readings import NOTE, RESOLUTION, get, subject
from crm.kit.crypto import Vault
from crm.kit.errors import DomainError, Invalid, StaleVersion
from crm.kit.permissions import PERMISSIONS, Actor, Permission, Scope
from crm.models import FollowUp, RootCause, User, UserGrant, UserStatus


class AlreadyResolved(DomainError):
    """It was closed; what comes after is a new one."""

    code = "already_resolved"


def assign(
    session: Session,
    follow_up_id: UUID,
    *,
    assignee_id: UUID,
    version: int,
    scope: Scope,
    by: Actor,
    now: datetime,
) -> FollowUp:
    """Give it to somebody who handles complaints there. Raises NotFound, StaleVersion, Invalid."""
    found = _for_change(session, follow_up_id, version=version, scope=scope, by=by)
    if assignee_id == found.named_user_id or not _handles(session, assignee_id, found):
        raise Invalid("assignee_id", "This person may not handle it.", code="may_not_handle")
    return _changed(session, found, now, assignee_id=assignee_id)


def name(
    session: Session,
    follow_up_id: UUID,
    *,
    user_id: UUID,
    version: int,
    scope: Scope,
    by: Actor,
    now: datetime,
) -> FollowUp:
    """Write down of whom it complains: from now on they neither see nor change it.

    Raises NotFound, StaleVersion, Invalid.
    """
    found = _for_change(session, follow_up_id, version=version, scope=scope, by=by)
    if user_id == by.id:
        raise Invalid("named_user_id", "Ask a colleague to take it over.", code="yourself")
    if session.get(User, user_id) is None:
        raise Invalid("named_user_id", "There is no such user.", code="unknown_user")
    assignee = None if found.assignee_id == user_id else found.assignee_id
    return _changed(session, found, now, named_user_id=user_id, assignee_id=assignee)


def note_contact(
    session: Session,
    follow_up_id: UUID,
    *,
    note: str,
    version: int,
    scope: Scope,
    by: Actor,
    now: datetime,
) -> FollowUp:
    """Write down that the person was reached; the first contact counts, a later note replaces it.

    Raises NotFound, StaleVersion, AlreadyResolved.
    """
    found = _for_change(session, follow_up_id, version=version, scope=scope, by=by)
    sealed = _sealed(session, found, NOTE, note) or found.contact_note_sealed
    first = found.first_contact_at or now
    assignee = found.assignee_id or by.id
    return _changed(
        session,
        found,
        now,
        first_contact_at=first,
        contact_note_sealed=sealed,
        assignee_id=assignee,
    )


def resolve(
    session: Session,
    follow_up_id: UUID,
    *,
    root_cause: RootCause,
    note: str,
    version: int,
    scope: Scope,
    by: Actor,
    now: datetime,
) -> FollowUp:
    """Close it with what was behind it. Raises NotFound, StaleVersion, AlreadyResolved."""
    found = _for_change(session, follow_up_id, version=version, scope=scope, by=by)
    return _changed(
        session,
        found,
        now,
        resolved_at=now,
        resolved_by=by.id,
        root_cause=root_cause,
        resolution_sealed=_sealed(session, found, RESOLUTION, note),
    )


def _for_change(
    session: Session, follow_up_id: UUID, *, version: int, scope: Scope, by: Actor
) -> FollowUp:
    found = get(session, follow_up_id, scope=scope, by=by)
    session.refresh(found, with_for_update=True)
    if found.version != version:
        raise StaleVersion("Somebody changed this follow-up meanwhile.", version=found.version)
    if found.resolved_at is not None:
        raise AlreadyResolved("This follow-up is closed.")
    return found


def _changed(session: Session, found: FollowUp, now: datetime, **values: Any) -> FollowUp:
    for name_, value in values.items():
        setattr(found, name_, value)
    found.version, found.updated_at = found.version + 1, now
    session.flush()
    return found


def _sealed(session: Session, found: FollowUp, where: str, note: str) -> bytes | None:
    vault: Vault = session.info["vault"]
    return vault.seal(note, where=where, row=found.id) if note else None


def _handles(session: Session, user_id: UUID, found: FollowUp) -> bool:
    needed = {Permission.FOLLOW_UPS_WRITE, subject(found)}
    handlers = [role for role, may in PERMISSIONS.items() if needed <= may]
    place = UserGrant.hospital_id.is_(None) | (UserGrant.hospital_id == found.hospital_id)
    grant = (
        select(UserGrant.id)
        .join(User, User.id == UserGrant.user_id)
        .where(UserGrant.user_id == user_id, UserGrant.role.in_(handlers), place)
        .where(User.status == UserStatus.ACTIVE)
    )
    return session.scalar(grant.limit(1)) is not None
