"""Steps from one status to the next, and the end of holds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm import reminders
from crm.kit import driver
from crm.models import Appointment
from crm.models import AppointmentStatus as Status

_ERROR = Status.ENTERED_IN_ERROR
MOVES: dict[Status, tuple[Status, ...]] = {
    Status.PENDING: (Status.BOOKED, Status.CANCELLED),
    Status.BOOKED: (
        Status.CHECKED_IN,
        Status.ARRIVED,
        Status.NOSHOW,
        Status.OUTCOME_UNKNOWN,
        Status.CANCELLED,
        _ERROR,
    ),
    Status.CHECKED_IN: (Status.ARRIVED, Status.FULFILLED, Status.CANCELLED, _ERROR),
    Status.ARRIVED: (Status.FULFILLED, Status.CANCELLED, _ERROR),
    Status.FULFILLED: (_ERROR,),
    Status.CANCELLED: (_ERROR,),
    Status.NOSHOW: (Status.ARRIVED, _ERROR),
    Status.OUTCOME_UNKNOWN: (Status.ARRIVED, Status.FULFILLED, Status.NOSHOW, _ERROR),
    _ERROR: (),
}
"""What a status may become. A step is an UPDATE that expects the status it comes from."""


def step(
    session: Session, visit_id: UUID, to: Status, *, now: datetime, **values: Any
) -> Appointment | None:
    """Bring a visit to a status from any that may become it; None when it stands elsewhere."""
    before = [status for status, after in MOVES.items() if to in after]
    return session.scalar(
        update(Appointment)
        .where(Appointment.id == visit_id, Appointment.status.in_(before))
        .values(
            status=to,
            hold_until=None,
            updated_at=now,
            revision=Appointment.revision + 1,
            **values,
        )
        .returning(Appointment)
        .execution_options(populate_existing=True, synchronize_session=False)
    )


def close(session: Session, visit_id: UUID, *, reason: str, now: datetime) -> Appointment | None:
    """Cancel a visit and void its reminders; None when it stands where it cannot be cancelled."""
    closed = step(
        session, visit_id, Status.CANCELLED, now=now, cancel_reason=reason, cancelled_at=now
    )
    if closed is not None:
        reminders.void(session, visit_id, now=now)
    return closed


Ended = Sequence[UUID | None]
"""For each hold that ended the session it kept a place in, if it was one."""


def end_dead_holds(session: Session, *, now: datetime) -> Ended:
    """End the holds that ran out, except those another transaction works on."""
    return _end(session, "hold_until <= %(now)s for update skip locked", now=now)


def end_other_holds(session: Session, patient_id: UUID, *, kept: UUID, now: datetime) -> Ended:
    """End what the patient holds besides; what another transaction works on may stay."""
    others = "patient_id = %(patient)s and id <> %(kept)s for update skip locked"
    return _end(session, others, now=now, patient=patient_id, kept=kept)


def end_holds(session: Session, holds: Sequence[UUID], *, now: datetime) -> Ended:
    """End those of these that are still holds; locked in order, so that no two wait crosswise."""
    return _end(session, "id = any(%(holds)s) order by id for update", now=now, holds=list(holds))


def places(ended: Iterable[UUID | None]) -> list[UUID]:
    """The sessions that got a place back, one for each place."""
    return [session_id for session_id in ended if session_id is not None]


def _end(session: Session, which: str, *, now: datetime, **facts: Any) -> Ended:
    ended = f"""
        update appointments
        set status = 'cancelled', hold_until = null, cancelled_at = %(now)s, updated_at = %(now)s,
            cancel_reason = 'hold ended'
        where id in (select id from appointments where status = 'pending' and {which})
        returning clinic_session_id
    """  # noqa: S608 -- the condition is one of the three above
    return [session_id for (session_id,) in driver.fetch(session, ended, {"now": now, **facts})]
