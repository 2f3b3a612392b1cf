"""Taking a time: the one place where appointments race.

The exclusion constraints decide, and nobody deadlocks, because an insert comes first, with ON
CONFLICT DO NOTHING and nothing locked before it that another insert waits for. Only when what is
in the way may give way (a dead hold, the patient's own hold, the visit being moved) is it locked,
in the order of ids, released, and the insert tried again in a savepoint: both or neither. A visit
to a session takes its place last (`settle`). How many visits a patient may have to come is counted
by the statement that takes the time, under the patient's own lock.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from crm import availability, clinic_sessions
from crm.appointments import steps
from crm.appointments.refusals import BookingLimit, NotBookable, PatientBusy, SlotTaken
from crm.availability import Slot
from crm.kit.ids import uuid7
from crm.models import BLOCKS_PATIENT, BLOCKS_PRACTITIONER, Appointment, Hospital, Service
from crm.models import AppointmentStatus as Status

MOST_OPEN = 3
"""Visits to come that one patient may have."""
_TRIES = 3
_Other = Row[UUID, UUID, datetime | None]
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read as another
# The constraints' own words, so that a prepared statement can still use their indexes.
_BLOCKS_PATIENT, _BLOCKS_PRACTITIONER = text(BLOCKS_PATIENT), text(BLOCKS_PRACTITIONER)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The row that is to be, and the visit it takes the place of."""

    patient_id: UUID
    service: Service
    slot: Slot
    source: str
    now: datetime
    moving: Appointment | None
    hold_until: datetime | None = None
    override: str | None = None
    """Why staff may break the rules of times."""
    overlaps: bool = False
    """With an override: beside another visit, outside the constraints."""
    freed: list[UUID] = field(default_factory=list)
    """The sessions that got places back on the way; `settle` counts them."""

    @property
    def during(self) -> Range[datetime]:
        """The stretch of time."""
        return Range(self.slot.starts_at, self.slot.ends_at)

    @property
    def blocked(self) -> Range[datetime]:
        """The same with its buffers, in which the practitioner sees nobody else."""
        if self.service.is_session:
            return self.during
        before = timedelta(minutes=self.service.buffer_before_min)
        after = timedelta(minutes=self.service.buffer_after_min)
        return Range(self.slot.starts_at - before, self.slot.ends_at + after)

    @property
    def is_over_the_old_visit(self) -> bool:
        """True when old and new time overlap, so that one must go before the other comes."""
        return self.moving is not None and self.moving.during.overlaps(self.during)

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What must hold when the time is taken: a visit more may be booked."""
        is_one_more = self.moving is None and self.override is None
        return [self._to_come < MOST_OPEN] if is_one_more else []

    @property
    def _to_come(self) -> ColumnElement[int]:
        return func.visits_to_come(self.patient_id, self.now)

    def refuse_one_too_many(self, session: Session) -> None:
        """Raise BookingLimit when no visit more may be booked."""
        if self.conditions and session.execute(select(self._to_come)).scalar_one() >= MOST_OPEN:
            raise BookingLimit(f"At most {MOST_OPEN} visits can be booked.", limit=MOST_OPEN)

    @property
    def succession(self) -> dict[str, Any]:
        """What ties the new row to the old one: its id, and one version more."""
        old = self.moving
        return {"previous_id": old.id if old else None, "version": old.version + 1 if old else 1}

    def gives_way(self, other: _Other) -> bool:
        """True for a dead hold, the patient's own hold and the visit being moved."""
        if other.hold_until is not None:
            return bool(other.hold_until <= self.now) or other.patient_id == self.patient_id
        return self.moving is not None and other.id == self.moving.id


def take(session: Session, wanted: Wanted) -> Appointment:
    """Insert the row, making those give way that may.

    Raises SlotTaken, PatientBusy, BookingLimit.
    """
    for _ in range(_TRIES):
        taken = _insert(session, wanted)
        if taken is None:
            wanted.refuse_one_too_many(session)
        if taken is None and (others := in_the_way(session, wanted)):
            refuse_if_taken(session, wanted, others)
            taken = _swap(session, wanted, others)
        if taken is not None:
            return taken
    raise slot_taken(session, wanted)


def take_beside(session: Session, wanted: Wanted) -> Appointment:
    """The same for staff with a reason: beside what is there when it does not give way."""
    try:
        return take(session, wanted)
    except (SlotTaken, PatientBusy):
        beside = _insert(session, replace(wanted, overlaps=True))
        if beside is None:  # its reference was given before: the caller may try again
            raise
        return beside


def settle(session: Session, wanted: Wanted, taken: Appointment) -> bool:
    """Count the places taken and given back, the last locks of all; False when it is full."""
    needed = taken.clinic_session_id if taken.queue_number is None else None
    if needed is not None:
        if wanted.freed:
            clinic_sessions.lock(session, [needed, *wanted.freed])
        beyond = wanted.override is not None
        number = clinic_sessions.take(
            session, needed, visit_id=taken.id, now=wanted.now, beyond=beyond
        )
        if number is None:
            return False
        session.refresh(taken, ["queue_number"])
    clinic_sessions.give_back(session, wanted.freed, now=wanted.now)
    return True


def refuse_unless_offered(session: Session, wanted: Wanted) -> None:
    """Raise NotBookable when the time is over, or nobody works then."""
    is_ahead = wanted.slot.starts_at > wanted.now
    if not is_ahead or not availability.is_offered(session, wanted.service, wanted.slot):
        alternatives = _alternatives(session, wanted)
        raise NotBookable("That time is not offered any more.", alternatives=alternatives)


def in_the_way(session: Session, wanted: Wanted) -> Sequence[_Other]:
    """The blocking rows of this practitioner or patient that overlap the time, dead holds too."""
    visit = Appointment
    meets_patient: ColumnElement[bool] = and_(
        visit.patient_id == wanted.patient_id, visit.during.overlaps(wanted.during)
    )
    meets_practitioner = and_(
        visit.practitioner_id == wanted.slot.practitioner_id,
        visit.blocked.overlaps(wanted.blocked),
        _BLOCKS_PRACTITIONER,
    )
    meets = meets_patient if wanted.service.is_session else or_(meets_patient, meets_practitioner)
    return session.execute(
        select(visit.id, visit.patient_id, visit.hold_until).where(_BLOCKS_PATIENT, meets)
    ).all()


def refuse_if_taken(session: Session, wanted: Wanted, others: Sequence[_Other]) -> None:
    """Raise PatientBusy or SlotTaken when one of them does not give way."""
    staying = [other for other in others if not wanted.gives_way(other)]
    for other in staying:
        if other.patient_id == wanted.patient_id:
            raise PatientBusy("There is another visit at that time.", appointment_id=other.id)
    if staying:
        raise slot_taken(session, wanted)


def _insert(session: Session, wanted: Wanted) -> Appointment | None:
    """The new row, or None when a condition or a constraint says no.

    That is one visit too many, an overlap, or a reference already given.
    """
    hospital = select(Hospital.code).where(Hospital.id == wanted.service.hospital_id)
    code = "".join(secrets.choice(_LETTERS) for _ in range(5))
    place = (
        clinic_sessions.find_or_make(session, wanted.service, wanted.slot, now=wanted.now)
        if wanted.service.is_session
        else None
    )
    row = {
        "id": uuid7(),
        "reference": hospital.scalar_subquery() + f"-{code}",
        "hospital_id": wanted.service.hospital_id,
        "patient_id": wanted.patient_id,
        "service_id": wanted.service.id,
        "practitioner_id": wanted.slot.practitioner_id,
        "clinic_session_id": place,
        "during": wanted.during,
        "blocked": wanted.blocked,
        "allow_overlap": wanted.overlaps,
        "override_reason": wanted.override,
        "status": Status.PENDING if wanted.hold_until else Status.BOOKED,
        "hold_until": wanted.hold_until,
        "source": wanted.source,
        "created_at": wanted.now,
        "updated_at": wanted.now,
        **wanted.succession,
    }
    return session.scalar(
        insert(Appointment)
        .from_select(list(row), _given(row).where(*wanted.conditions))
        .on_conflict_do_nothing()
        .returning(Appointment)
    )


def _given(row: dict[str, Any]) -> Select[*tuple[Any, ...]]:
    """A row as a query, so that it can be given on a condition."""
    columns = Appointment.__table__.c
    return select(
        *(
            value if isinstance(value, ColumnElement) else literal(value, columns[name].type)
            for name, value in row.items()
        )
    )


def _swap(session: Session, wanted: Wanted, others: Sequence[_Other]) -> Appointment | None:
    """Release what gives way and insert again: both or neither."""
    savepoint = session.begin_nested()
    holds = [other.id for other in others if other.hold_until is not None]
    ended = list(steps.end_holds(session, holds, now=wanted.now))
    if wanted.is_over_the_old_visit and wanted.moving is not None:
        old = steps.close(session, wanted.moving.id, reason="rescheduled", now=wanted.now)
        ended.append(old.clinic_session_id if old else None)
    taken = _insert(session, wanted)
    if taken is None:
        savepoint.rollback()
    else:
        savepoint.commit()
        wanted.freed.extend(steps.places(ended))
    return taken


def slot_taken(session: Session, wanted: Wanted) -> SlotTaken:
    """The refusal, with the nearest free times."""
    alternatives = _alternatives(session, wanted)
    return SlotTaken("That time has just been taken.", alternatives=alternatives)


def _alternatives(session: Session, wanted: Wanted) -> list[Slot]:
    return availability.nearest(
        session,
        wanted.service,
        wanted.slot.starts_at,
        now=wanted.now,
        patient_id=wanted.patient_id,
        moving_id=wanted.moving.id if wanted.moving else None,
    )
