"""The points of a booking: given once for a visit however often it moves, and taken back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import loyalty
from crm.appointments.visits import FIRST
from crm.models import Appointment, PointsTransaction

RULE = "booking"
_VISIT, _LATE = "appointment", "late_arrival"


def award(
    session: Session, visit_id: UUID, *, patient_id: UUID, now: datetime
) -> loyalty.Award | None:
    """Give the points of a first booking; None when it earns none."""
    return loyalty.award(
        session,
        patient_id=patient_id,
        rule=RULE,
        source_type=_VISIT,
        source_id=visit_id,
        now=now,
    )


def earned(session: Session, visit: Appointment) -> int:
    """How many points the booking earned, whatever became of them."""
    found = select(PointsTransaction.points).where(
        PointsTransaction.rule == RULE,
        PointsTransaction.source_type == _VISIT,
        PointsTransaction.source_id == _first_of(session, visit),
    )
    return session.scalar(found) or 0


def take_back(session: Session, visit: Appointment, *, reason: str, now: datetime) -> None:
    """Take them back, whichever of the visit's bookings earned them."""
    first_id = _first_of(session, visit)
    for source_type in (_VISIT, _LATE):
        loyalty.reverse(
            session,
            rule=RULE,
            source_type=source_type,
            source_id=first_id,
            now=now,
            reason=reason,
        )


def give_again(session: Session, visit: Appointment, *, now: datetime) -> None:
    """Give them again to somebody who was marked absent and came after all."""
    loyalty.award(
        session,
        patient_id=visit.patient_id,
        rule=RULE,
        source_type=_LATE,
        source_id=_first_of(session, visit),
        now=now,
    )


def _first_of(session: Session, visit: Appointment) -> UUID:
    if visit.previous_id is None:
        return visit.id
    return session.scalars(select(FIRST).where(Appointment.id == visit.id)).one()
