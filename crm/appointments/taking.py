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

from sqlalchemy import ColumnElement, Row, and_, or_, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from crm import availability, clinic_sessions
from crm.appointments import steps
from crm.appointments.refusals import BookingLimit, NotBookable, PatientBusy, SlotTaken
from crm.availability import Slot
from crm.kit import driver
from crm.kit.ids import uuid7
from crm.models import BLOCKS_PATIENT, BLOCKS_PRACTITIONER, Appointment, Service
from crm.models import AppointmentStatus as Status

MOST_OPEN = 3
"""Visits to come that one patient may have."""
_TRIES = 3
_Other = Row[UUID, UUID, datetime | None]
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read as another
# The constraints' own words, so that a prepared statement can still use their indexes.
_BLOCKS_PATIENT, _BLOCKS_PRACTITIONER = text(BLOCKS_PATIENT), text(BLOCKS_PRACTITIONER)

_MAY_BE_ONE_MORE = f"""
    case when %(is_one_more)s then visits_to_come(%(patient_id)s, %(now)s) < {MOST_OPEN}
    else true end
"""
_MAY_BOOK = f"select {_MAY_BE_ONE_MORE}"
_TAKE = f"""
    insert into appointments (
        id, reference, hospital_id, patient_id, service_id, practitioner_id,
        clinic_session_id, during, blocked, allow_overlap, override_reason, status, hold_until,
        source, previous_id, version, created_at, updated_at
    )
    select cast(%(id)s as uuid), h.code || '-' || %(code)s, h.id, cast(%(patient_id)s as uuid),
           cast(%(service_id)s as uuid), cast(%(practitioner_id)s as uuid),
           cast(%(clinic_session_id)s as uuid), tstzrange(%(starts_at)s, %(ends_at)s),
           tstzrange(%(blocked_from)s, %(blocked_until)s), cast(%(allow_overlap)s as boolean),
           cast(%(override_reason)s as text), cast(%(status)s as text),
           cast(%(hold_until)s as timestamptz), cast(%(source)s as text),
           cast(%(previous_id)s as uuid), cast(%(version)s as integer),
           cast(%(now)s as timestamptz), cast(%(now)s as timestamptz)
    from hospitals h where h.id = %(hospital_id)s and {_MAY_BE_ONE_MORE}
    on conflict do nothing
    returning id, reference, clinic_session_id, queue_number
"""  # noqa: S608 -- the pieces are our own
_TURN_HOLD = f"""
    update appointments
    set status = 'booked', hold_until = null, updated_at = %(now)s,
        previous_id = cast(%(previous_id)s as uuid), version = %(version)s
    where id = %(hold_id)s and status = 'pending' and hold_until > %(now)s
      and patient_id = %(patient_id)s and practitioner_id = %(practitioner_id)s
      and during = tstzrange(%(starts_at)s, %(ends_at)s) and {_MAY_BE_ONE_MORE}
    returning id, reference, clinic_session_id, queue_number
"""  # noqa: S608 -- the pieces are our own


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
    def is_one_more(self) -> bool:
        """True when it counts among the visits that a patient may have to come."""
        return self.moving is None and self.override is None

    def refuse_one_too_many(self, session: Session) -> None:
        """Raise BookingLimit when no visit more may be booked."""
        if self.is_one_more and driver.fetch(session, _MAY_BOOK, self.facts) == [(False,)]:
            raise BookingLimit(f"At most {MOST_OPEN} visits can be booked.", limit=MOST_OPEN)

    @property
    def facts(self) -> dict[str, Any]:
        """What the statements that take a time ask of it."""
        old = self.moving
        return {
            "patient_id": self.patient_id,
            "practitioner_id": self.slot.practitioner_id,
            "starts_at": self.slot.starts_at,
            "ends_at": self.slot.ends_at,
            "now": self.now,
            "is_one_more": self.is_one_more,
            "previous_id": old.id if old else None,
            "version": old.version + 1 if old else 1,
        }

    def gives_way(self, other: _Other) -> bool:
        """True for a dead hold, the patient's own hold and the visit being moved."""
        if other.hold_until is not None:
            return bool(other.hold_until <= self.now) or other.patient_id == self.patient_id
        return self.moving is not None and other.id == self.moving.id


@dataclass(frozen=True, slots=True)
class Booking:
    """A time that was taken: a visit, or a hold until `hold_until`."""

    id: UUID
    reference: str
    clinic_session_id: UUID | None
    queue_number: int | None
    hospital_id: UUID
    patient_id: UUID
    practitioner_id: UUID
    starts_at: datetime
    ends_at: datetime
    source: str
    version: int
    hold_until: datetime | None


def take(session: Session, wanted: Wanted) -> Booking:
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


def turn_hold(session: Session, hold_id: UUID, wanted: Wanted) -> Booking | None:
    """The hold as a booking, if it still lives and holds the time wanted."""
    return _taken(session, wanted, _TURN_HOLD, hold_id=hold_id)


def take_beside(session: Session, wanted: Wanted) -> Booking:
    """The same for staff with a reason: beside what is there when it does not give way."""
    try:
        return take(session, wanted)
    except (SlotTaken, PatientBusy):
        beside = _insert(session, replace(wanted, overlaps=True))
        if beside is None:  # its reference was given before: the caller may try again
            raise
        return beside


def settle(session: Session, wanted: Wanted, taken: Booking) -> Booking | None:
    """Count the places taken and given back, the last locks of all; None when it is full.

    A visit to a session comes back with its number in the queue.
    """
    needed = taken.clinic_session_id if taken.queue_number is None else None
    if needed is not None:
        if wanted.freed:
            clinic_sessions.lock(session, [needed, *wanted.freed])
        beyond = wanted.override is not None
        number = clinic_sessions.take(
            session, needed, visit_id=taken.id, now=wanted.now, beyond=beyond
        )
        if number is None:
            return None
        taken = replace(taken, queue_number=number)
    clinic_sessions.give_back(session, wanted.freed, now=wanted.now)
    return taken


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


def _insert(session: Session, wanted: Wanted) -> Booking | None:
    """The new row, or None when a condition or a constraint says no.

    That is one visit too many, an overlap, or a reference already given.
    """
    code = "".join(secrets.choice(_LETTERS) for _ in range(5))
    place = (
        clinic_sessions.find_or_make(session, wanted.service, wanted.slot, now=wanted.now)
        if wanted.service.is_session
        else None
    )
    blocked = wanted.blocked
    return _taken(
        session,
        wanted,
        _TAKE,
        id=uuid7(),
        code=code,
        hospital_id=wanted.service.hospital_id,
        service_id=wanted.service.id,
        clinic_session_id=place,
        blocked_from=blocked.lower,
        blocked_until=blocked.upper,
        allow_overlap=wanted.overlaps,
        override_reason=wanted.override,
        status=(Status.PENDING if wanted.hold_until else Status.BOOKED).value,
        hold_until=wanted.hold_until,
        source=wanted.source,
    )


def _taken(session: Session, wanted: Wanted, statement: str, **row: Any) -> Booking | None:
    """What a statement took of what is wanted."""
    facts = wanted.facts
    rows = driver.fetch(session, statement, facts | row)
    if not rows:
        return None
    id_, reference, clinic_session_id, queue_number = rows[0]
    return Booking(
        id=id_,
        reference=reference,
        clinic_session_id=clinic_session_id,
        queue_number=queue_number,
        hospital_id=wanted.service.hospital_id,
        patient_id=wanted.patient_id,
        practitioner_id=wanted.slot.practitioner_id,
        starts_at=wanted.slot.starts_at,
        ends_at=wanted.slot.ends_at,
        source=wanted.source,
        version=facts["version"],
        hold_until=wanted.hold_until,
    )


def _swap(session: Session, wanted: Wanted, others: Sequence[_Other]) -> Booking | None:
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
