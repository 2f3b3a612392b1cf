"""Events: one row for each act, look and refusal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.kit import driver
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Scope
from crm.models import AuditEvent, AuditOutcome

_INSERT = """
    insert into audit_events (
        id, hospital_id, at, actor_kind, actor_id, roles, address, request_id, action, entity,
        entity_id, fields, purpose, outcome
    ) values (
        %(id)s, %(hospital_id)s, %(at)s, %(actor_kind)s, %(actor_id)s, %(roles)s, %(address)s,
        %(request_id)s, %(action)s, %(entity)s, %(entity_id)s, %(fields)s, %(purpose)s, %(outcome)s
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is to be remembered; names of fields, never their values."""

    actor: Actor
    action: str
    outcome: AuditOutcome = AuditOutcome.DONE
    entity: str | None = None
    entity_id: UUID | None = None
    hospital_id: UUID | None = None
    fields: Sequence[str] = ()
    purpose: str | None = None
    address: str | None = None
    request_id: str | None = None


def record(session: Session, act: Act, *, now: datetime) -> None:
    """Write one event; without a hospital of its own it is in the actor's only one, if so."""
    event = {
        "id": uuid7(),
        "hospital_id": act.hospital_id or _home(act.actor),
        "at": now,
        "actor_kind": act.actor.kind.value,
        "actor_id": act.actor.id,
        "roles": sorted(role.value for role in act.actor.roles),
        "address": act.address,
        "request_id": act.request_id,
        "action": act.action,
        "entity": act.entity,
        "entity_id": act.entity_id,
        "fields": list(act.fields),
        "purpose": act.purpose,
        "outcome": act.outcome.value,
    }
    driver.run(session, _INSERT, event)


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    actor_id: UUID | None = None,
    entity_id: UUID | None = None,
    action: str | None = None,
    outcome: AuditOutcome | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Found[AuditEvent]:
    """Events of the hospitals in scope, newest first."""
    found = select(AuditEvent).where(scope.where(AuditEvent.hospital_id))
    if actor_id:
        found = found.where(AuditEvent.actor_id == actor_id)
    if entity_id:
        found = found.where(AuditEvent.entity_id == entity_id)
    if action:
        found = found.where(AuditEvent.action.startswith(action, autoescape=True))
    if outcome:
        found = found.where(AuditEvent.outcome == outcome)
    if since:
        found = found.where(AuditEvent.at >= since)
    if until:
        found = found.where(AuditEvent.at < until)
    return keyset(session, found, page, AuditEvent.seq.desc())


def _home(actor: Actor) -> UUID | None:
    places = {place for _, place in actor.grants}
    return places.pop() if len(places) == 1 else None
