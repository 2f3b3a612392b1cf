"""What happens on the day: check in, arrive, be seen, or not come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from crm import clinic_sessions, feedback, referrals, reminders
from crm.appointments import points, steps
from crm.appointments.changes import locked
from crm.appointments.refusals import VisitClosed
from crm.kit.clock import LAGOS, at_lagos, lagos_day
from crm.kit.errors import DomainError
from crm.models import BLOCKING, Appointment
from crm.models import AppointmentStatus as Status

GRACE = timedelta(minutes=30)


class NotToday(DomainError):
    """The visit is on another day."""

    code = "not_today"


class TooEarly(DomainError):
    """The visit has not begun, or its grace is not over: they may still come."""

    code = "too_early"


def check_in(session: Session, appointment_id: UUID, *, now: datetime) -> Appointment:
    """The patient is at the desk. Raises NotToday, VisitClosed, NotFound."""
    visit = locked(session, appointment_id)
    _refuse_unless_today(visit, now)
    return _stepped(session, visit, Status.CHECKED_IN, now=now, checked_in_at=now)


def arrive(session: Session, appointment_id: UUID, *, now: datetime) -> Appointment:
    """The patient is with the practitioner, or came although marked absent that day.

    Whoever was marked absent gets the points of the booking back. Raises NotToday, VisitClosed,
    NotFound.
    """
    visit = locked(session, appointment_id)
    _refuse_unless_today(visit, now)
    was_absent = visit.status == Status.NOSHOW
    came_at = visit.checked_in_at or now
    visit = _stepped(session, visit, Status.ARRIVED, now=now, checked_in_at=came_at)
    if was_absent:
        points.give_again(session, visit, now=now)
    return visit


def fulfil(session: Session, appointment_id: UUID, *, now: datetime) -> Appointment:
    """The visit took place: feedback is asked for, and who referred the patient is thanked.

    Raises VisitClosed, NotFound.
    """
    visit = _stepped(
        session, locked(session, appointment_id), Status.FULFILLED, now=now, fulfilled_at=now
    )
    feedback.invite(session, appointment=visit, now=now)
    referrals.visit_fulfilled(
        session, patient_id=visit.patient_id, appointment_id=visit.id, now=now
    )
    return visit


def no_show(session: Session, appointment_id: UUID, *, now: datetime) -> Appointment:
    """The patient did not come: the points of the booking go back.

    Raises TooEarly before the grace is over, VisitClosed, NotFound.
    """
    visit = locked(session, appointment_id)
    if visit.starts_at + GRACE > now:
        raise TooEarly("They may still come.")
    visit = _stepped(session, visit, Status.NOSHOW, now=now)
    points.take_back(session, visit, reason="the patient did not come", now=now)
    return visit


def enter_in_error(
    session: Session, appointment_id: UUID, *, reason: str, now: datetime
) -> Appointment:
    """The visit should never have been written down: time, place and points go back.

    Raises VisitClosed when it was said before, NotFound.
    """
    visit = locked(session, appointment_id)
    was_blocking = visit.status in BLOCKING
    visit = _stepped(session, visit, Status.ENTERED_IN_ERROR, now=now, cancel_reason=reason)
    reminders.void(session, visit.id, now=now)
    if was_blocking:
        clinic_sessions.give_back(session, steps.places([visit.clinic_session_id]), now=now)
    points.take_back(session, visit, reason="entered in error", now=now)
    return visit


def unattended(session: Session, *, now: datetime, limit: int = 500) -> Sequence[UUID]:
    """The booked visits that nobody came to as far as the desk says, oldest first.

    Half an hour after the start, or after the end of a session, where the hospital checked
    somebody in that day; where it did not, once that day is over, for then nobody can tell.
    """
    today = at_lagos(lagos_day(now))
    return session.scalars(
        select(Appointment.id)
        .where(Appointment.status == Status.BOOKED)
        .where(func.lower(Appointment.during) <= now - GRACE)
        .where(_expected_until() <= now - GRACE)
        .where(or_(_was_anybody_seen(), func.lower(Appointment.during) < today))
        .order_by(func.lower(Appointment.during))
        .limit(limit)
    ).all()


def judge(session: Session, appointment_id: UUID, *, now: datetime) -> Status | None:
    """Mark one of these as not come, or as unknown where the desk wrote nothing down that day.

    None when somebody has changed it, or is changing it just now.
    """
    seen = session.execute(
        select(Appointment, _was_anybody_seen())
        .where(Appointment.id == appointment_id, Appointment.status == Status.BOOKED)
        .with_for_update(of=Appointment, key_share=True, skip_locked=True)
    ).one_or_none()
    if seen is None:
        return None
    visit, was_anybody_seen = seen
    if was_anybody_seen:
        no_show(session, visit.id, now=now)
        return Status.NOSHOW
    _stepped(session, visit, Status.OUTCOME_UNKNOWN, now=now)
    return Status.OUTCOME_UNKNOWN


def _stepped(
    session: Session, visit: Appointment, to: Status, *, now: datetime, **values: object
) -> Appointment:
    before = visit.status
    stepped = steps.step(session, visit.id, to, now=now, **values)
    if stepped is None:
        raise VisitClosed(f"A visit that is {before} cannot become {to}.", stands=before)
    return stepped


def _refuse_unless_today(visit: Appointment, now: datetime) -> None:
    if lagos_day(visit.starts_at) != lagos_day(now):
        raise NotToday("This visit is on another day.")


def _expected_until() -> ColumnElement[datetime]:
    """Until when one may come: a session takes people until its end."""
    starts_at, ends_at = func.lower(Appointment.during), func.upper(Appointment.during)
    return case((Appointment.clinic_session_id.is_(None), starts_at), else_=ends_at)


def _was_anybody_seen() -> ColumnElement[bool]:
    """Whether the hospital checked somebody in on the visit's day."""
    other = aliased(Appointment)
    begin = func.date_trunc("day", func.lower(Appointment.during), str(LAGOS))
    return exists().where(
        other.hospital_id == Appointment.hospital_id,
        func.lower(other.during) >= begin,
        func.lower(other.during) < begin + timedelta(days=1),
        other.checked_in_at.is_not(None),
    )
