"""Steps from one status to the next, and the end of holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.orm import Session

from crm import reminders
from crm.models import Appointment
from crm.models import AppointmentStatus as Status

MOVES: dict[Status, tuple[Status, ...]] = {
    Status.PENDING: (Status.BOOKED, Status.CANCELLED),
    Status.BOOKED: (Status.CHECKED_IN, Status.ARRIVED, Status.NOSHOW, Status.CANCELLED),
    Status.CHECKED_IN: (Status.ARRIVED, Status.FULFILLED, Status.CANCELLED),
    Status.ARRIVED: (Status.FULFILLED, Status.CANCELLED),
    Status.NOSHOW: (Status.ARRIVED,),
}
"""What a status may become. A step is an UPDATE that expects the status it comes from."""

# A literal, so that a prepared statement can still use the partial index.
_IS_HOLD = text("appointments.status = 'pending'")


def step(
    session: Session, visit_id: UUID, to: Status, *, now: datetime, **values: Any
) -> Appointment | None:
    """Bring a visit to a status from any that may become it; None when it stands elsewhere."""
    before = [status for status, after in MOVES.items() if to in after]
    return session.scalar(
        update(Appointment)
        .where(Appointment.id == visit_id, Appointment.status.in_(before))
        .values(status=to, hold_until=None, updated_at=now, **values)
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


def end_dead_holds(session: Session, *, now: datetime) -> int:
    """End the holds that ran out, except those another transaction works on; returns how many."""
    return _end_unlocked(session, now, Appointment.hold_until <= now)


def end_other_holds(session: Session, kept: Appointment, *, now: datetime) -> int:
    """End what the same patient holds besides; what another transaction works on may stay."""
    is_other = Appointment.id != kept.id
    return _end_unlocked(session, now, Appointment.patient_id == kept.patient_id, is_other)


def lock_holds(session: Session, holds: Sequence[UUID]) -> Sequence[UUID]:
    """Those that are still holds once we have them; in order, so that no two wait crosswise."""
    return session.scalars(
        select(Appointment.id)
        .where(Appointment.id.in_(holds), Appointment.status == Status.PENDING)
        .order_by(Appointment.id)
        .with_for_update()
    ).all()


def end_holds(session: Session, holds: Sequence[UUID], *, now: datetime) -> int:
    """Give the times of these holds back; the caller has them locked."""
    if not holds:
        return 0
    ended = update(Appointment).where(Appointment.id.in_(holds))
    session.execute(
        ended.values(
            status=Status.CANCELLED,
            hold_until=None,
            cancelled_at=now,
            cancel_reason="hold-ended",
            updated_at=now,
        ),
        execution_options={"synchronize_session": False},
    )
    return len(holds)


def _end_unlocked(session: Session, now: datetime, *which: ColumnElement[bool]) -> int:
    holds = select(Appointment.id).where(_IS_HOLD, *which).with_for_update(skip_locked=True)
    return end_holds(session, session.scalars(holds).all(), now=now)
