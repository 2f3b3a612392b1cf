"""The places of session clinics: counted in one row each, taken and given back by UPDATE.

The count is the last thing a booking locks, in the order of ids: an insert into `appointments`
may wait for another, and must not keep a count while it waits.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm import availability, services
from crm.kit.edits import edit
from crm.kit.errors import DomainError, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.kit.violations import meaning
from crm.models import ClinicSession, Service
from crm.slots import Slot

_TAKE = text("""
    with taken as (
        update clinic_sessions
        set booked = booked + 1, last_number = last_number + 1, updated_at = :now
        where id = :session and not is_closed
          and booked < capacity + case when :beyond then overbook else 0 end
        returning id, last_number
    )
    update appointments
    set queue_number = taken.last_number
    from taken
    where appointments.id = :visit
    returning queue_number
""")
_GIVE_BACK = text("""
    update clinic_sessions
    set booked = booked - freed.places, updated_at = :now
    from unnest(cast(:ids as uuid[]), cast(:places as smallint[])) as freed (id, places)
    where clinic_sessions.id = freed.id
""")
_LOCK = text("""
    select id from clinic_sessions where id = any(:ids) order by id for no key update
""")


class NoSession(DomainError):
    """There is no session at that time."""

    code = "no_session"
    status = 422


class Places(TypedDict, total=False):
    """What staff may say of one session."""

    capacity: int
    overbook: int
    is_closed: bool


def find_or_make(session: Session, service: Service, slot: Slot, *, now: datetime) -> UUID:
    """The session's id; its row is made when it is the first time that anyone asks."""
    key = and_(
        ClinicSession.service_id == service.id,
        ClinicSession.practitioner_id == slot.practitioner_id,
        ClinicSession.starts_at == slot.starts_at,
    )
    found = session.scalar(select(ClinicSession.id).where(key))
    if found is not None:
        return found
    session.execute(
        insert(ClinicSession)
        .values(
            id=uuid7(),
            hospital_id=service.hospital_id,
            service_id=service.id,
            practitioner_id=slot.practitioner_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            capacity=service.capacity or 0,
            overbook=service.overbook,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(constraint="uq_clinic_sessions_once")
    )
    return session.scalars(select(ClinicSession.id).where(key)).one()


def lock(session: Session, ids: Iterable[UUID]) -> None:
    """Lock these counts in order; for whoever changes more than one."""
    session.execute(_LOCK, {"ids": sorted(set(ids))})


def take(
    session: Session, session_id: UUID, *, visit_id: UUID, now: datetime, beyond: bool = False
) -> int | None:
    """Take one place for a visit and return its number in the queue; None when it is full.

    With `beyond` the places kept for overbooking count too.
    """
    facts = {"session": session_id, "visit": visit_id, "now": now, "beyond": beyond}
    number: int | None = session.execute(_TAKE, facts).scalar()
    return number


def give_back(session: Session, ids: Iterable[UUID], *, now: datetime) -> None:
    """Give places back, one for each time an id is named."""
    freed = Counter(ids)
    if not freed:
        return
    if len(freed) > 1:
        lock(session, freed)
    session.execute(_GIVE_BACK, {"ids": list(freed), "places": list(freed.values()), "now": now})


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over sessions: those of one's hospitals."""
    return scope.where(ClinicSession.hospital_id)


def get(session: Session, session_id: UUID, *, scope: Scope, locked: bool = False) -> ClinicSession:
    """The session. Raises NotFound, also outside the scope."""
    found = select(ClinicSession).where(ClinicSession.id == session_id, visible(scope))
    if locked:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    there = session.scalar(found)
    if there is None:
        raise NotFound("There is no such session.")
    return there


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    service_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> Found[ClinicSession]:
    """The sessions that anybody has booked or staff have changed, by when they begin."""
    found = select(ClinicSession).where(visible(scope))
    if hospital_id:
        found = found.where(ClinicSession.hospital_id == hospital_id)
    if service_id:
        found = found.where(ClinicSession.service_id == service_id)
    if practitioner_id:
        found = found.where(ClinicSession.practitioner_id == practitioner_id)
    if begin:
        found = found.where(ClinicSession.starts_at >= begin)
    if end:
        found = found.where(ClinicSession.starts_at < end)
    return keyset(session, found, page, ClinicSession.starts_at, ClinicSession.id)


def arrange(
    session: Session,
    *,
    service_id: UUID,
    practitioner_id: UUID,
    starts_at: datetime,
    by: Actor,
    now: datetime,
) -> ClinicSession:
    """The session that begins then, as a row that can be changed. Raises NotFound, NoSession."""
    scope = by.scope(Permission.HOSPITALS_WRITE)
    service = services.get(session, service_id, scope=scope)
    slot = availability.session_at(session, service, practitioner_id, starts_at)
    if slot is None:
        raise NoSession("Nobody holds such a session at that time.")
    return get(session, find_or_make(session, service, slot, now=now), scope=scope)


def change(
    session: Session,
    session_id: UUID,
    *,
    version: int,
    by: Actor,
    now: datetime,
    **places: Unpack[Places],
) -> ClinicSession:
    """Change a session's places, or close it; what is booked stays booked.

    Raises NotFound, StaleVersion, Invalid when more are booked than would fit.
    """
    scope = by.scope(Permission.HOSPITALS_WRITE)
    there = get(session, session_id, scope=scope, locked=True)
    full = Invalid("capacity", f"{there.booked} are booked already.", code="more_booked")
    with meaning(session, {"ck_clinic_sessions_places": full}):
        edit(there, places, version=version, now=now)
    return there
