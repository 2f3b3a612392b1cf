"""What people do with appointments: hold, book, move, confirm, cancel."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import clinic_sessions, reminders
from crm.appointments import checks, notes, points, steps, taking
from crm.appointments.refusals import TooLate, TooManyMoves, VisitClosed
from crm.appointments.taking import Booking, Wanted
from crm.appointments.visits import Visit
from crm.availability import Slot
from crm.kit.errors import NotFound
from crm.models import Appointment, AppointmentStatus, Service

CUT_OFF = timedelta(hours=2)
MAX_MOVES = 3
BY_PATIENT = frozenset({*map(str, Channel), "web"})
"""Sources that say the patient acts; the cut-off and the limit of moves bind them alone."""


class _Full(Exception):
    """The last place went to somebody else."""


def hold(
    session: Session,
    *,
    patient_id: UUID,
    service: Service,
    slot: Slot,
    source: str,
    now: datetime,
    minutes: int = 10,
    moving_id: UUID | None = None,
    is_offered: bool = False,
) -> Booking | None:
    """Keep a time for a patient who is still typing; it ends by itself after `minutes`.

    The patient's other holds end. Returns None when the new time overlaps the visit being moved:
    no row can hold it, `book` swaps the two. `is_offered` says that the caller has just read the
    time from `availability` in this transaction. Raises as `book` does.
    """
    until = now + timedelta(minutes=minutes)
    moving = _movable(session, moving_id, patient_id, source, now)
    wanted = Wanted(patient_id, service, slot, source, now, moving, until)
    checks.refuse_unless_meant(session, patient_id, service, slot)
    if not is_offered:
        taking.refuse_unless_offered(session, wanted)
    if wanted.is_over_the_old_visit:
        taking.refuse_if_taken(session, wanted, taking.in_the_way(session, wanted))
        return None
    with _whole(session, wanted):
        held = taking.take(session, wanted)
        return _end_other_holds_and_settle(session, wanted, held)


def book(
    session: Session,
    *,
    patient_id: UUID,
    service: Service,
    slot: Slot,
    source: str,
    now: datetime,
    hold_id: UUID | None = None,
    moving_id: UUID | None = None,
    override: str | None = None,
    is_offered: bool = False,
) -> Booking:
    """Book a time, the one held if the hold still lives; with `moving_id` in place of that visit.

    `source` is the channel when the patient acts ("whatsapp", "sms", "web"), else who does
    ("desk"). `override` is why staff may book what is closed, taken or full; `is_offered` is as
    for `hold`. A first booking earns points. Raises SlotTaken, PatientBusy, NotBookable,
    NotEligible, BookingLimit, TooLate, TooManyMoves, VisitClosed, NotFound; then nothing has
    changed.
    """
    moving = _movable(session, moving_id, patient_id, source, now)
    wanted = Wanted(patient_id, service, slot, source, now, moving, override=override)
    if override is None:
        checks.refuse_unless_meant(session, patient_id, service, slot)
    with _whole(session, wanted):
        held = taking.turn_hold(session, hold_id, wanted) if hold_id else None
        booked = held or _taken(session, wanted, is_offered=is_offered)
        if moving is not None:
            old = steps.close(session, moving.id, reason="rescheduled", now=now)
            wanted.freed.extend(steps.places([old.clinic_session_id if old else None]))
        # To hold a time ends what was held before: beside a hold that lives there is no other.
        booked = (_settle if held else _end_other_holds_and_settle)(session, wanted, booked)
    reminders.plan(
        session,
        booked.id,
        patient_id=patient_id,
        starts_at=slot.starts_at,
        version=booked.version,
        now=now,
    )
    if moving is None:
        points.award(session, booked.id, patient_id=patient_id, now=now)
    else:
        notes.hand_on(session, moving, booked.id)
    return booked


def confirm(session: Session, appointment_id: UUID, *, now: datetime) -> Appointment:
    """Note that the patient will come; saying so twice changes nothing.

    Raises VisitClosed when it is over or was cancelled, NotFound.
    """
    visit = locked(session, appointment_id)
    if visit.status != AppointmentStatus.BOOKED or visit.starts_at <= now:
        raise VisitClosed("This visit is over or was cancelled.")
    if visit.confirmed_at is None:
        visit.confirmed_at, visit.updated_at = now, now
        visit.revision += 1
        session.flush()
    return visit


def cancel(
    session: Session,
    appointment_id: UUID,
    *,
    reason: str,
    now: datetime,
    by_patient: bool = True,
    keeps_points: bool = False,
) -> Appointment:
    """Give the time back and void the reminders; a second time changes nothing.

    The points of the booking go back too, unless the hospital is the one that cancels
    (`keeps_points`). Raises TooLate inside the cut-off when the patient cancels, VisitClosed
    after the visit, NotFound.
    """
    visit = locked(session, appointment_id)
    if visit.status == AppointmentStatus.CANCELLED:
        return visit
    if by_patient and visit.status == AppointmentStatus.BOOKED:
        _refuse_if_late(visit.starts_at, now)
    closed = steps.close(session, visit.id, reason=reason, now=now)
    if closed is None:
        raise VisitClosed("This visit is over.")
    clinic_sessions.give_back(session, steps.places([closed.clinic_session_id]), now=now)
    if not keeps_points:
        points.take_back(session, closed, reason="the visit was cancelled", now=now)
    return closed


def release(session: Session, hold_id: UUID, *, now: datetime) -> None:
    """Give the time of a hold back; one that was booked or has ended stays as it is."""
    ended = steps.end_holds(session, [hold_id], now=now)
    clinic_sessions.give_back(session, steps.places(ended), now=now)


def release_dead_holds(session: Session, *, now: datetime) -> int:
    """End the holds that ran out, except those another transaction works on; returns how many."""
    ended = steps.end_dead_holds(session, now=now)
    clinic_sessions.give_back(session, steps.places(ended), now=now)
    return len(ended)


def may_move(visit: Visit, *, now: datetime) -> bool:
    """True when the patient may still move this visit."""
    is_early = visit.starts_at - now >= CUT_OFF
    return visit.status == AppointmentStatus.BOOKED and is_early and visit.moves < MAX_MOVES


def _movable(
    session: Session, moving_id: UUID | None, patient_id: UUID, source: str, now: datetime
) -> Appointment | None:
    """The visit to be moved, locked; None when nothing is moved."""
    if moving_id is None:
        return None
    visit = locked(session, moving_id)
    if visit.patient_id != patient_id:
        raise NotFound("There is no such visit.")
    if visit.status != AppointmentStatus.BOOKED:
        raise VisitClosed("This visit is over or was cancelled.")
    if source in BY_PATIENT:
        _refuse_if_late(visit.starts_at, now)
        _refuse_if_moved_often(visit.version - 1)
    return visit


@contextmanager
def _whole(session: Session, wanted: Wanted) -> Iterator[None]:
    """All or nothing where places are counted; a single time needs no savepoint of its own."""
    if not wanted.service.is_session:
        yield
        return
    try:
        with session.begin_nested():
            yield
    except _Full:
        raise taking.slot_taken(session, wanted) from None


def _taken(session: Session, wanted: Wanted, *, is_offered: bool) -> Booking:
    if wanted.override is not None:
        return taking.take_beside(session, wanted)
    if not is_offered:
        taking.refuse_unless_offered(session, wanted)
    return taking.take(session, wanted)


def _end_other_holds_and_settle(session: Session, wanted: Wanted, taken: Booking) -> Booking:
    ended = steps.end_other_holds(session, wanted.patient_id, kept=taken.id, now=wanted.now)
    wanted.freed.extend(steps.places(ended))
    return _settle(session, wanted, taken)


def _settle(session: Session, wanted: Wanted, taken: Booking) -> Booking:
    settled = taking.settle(session, wanted, taken)
    if settled is None:
        raise _Full
    return settled


def locked(session: Session, appointment_id: UUID) -> Appointment:
    """The visit, ours until the transaction ends. Raises NotFound."""
    # Inserts that meet this row do not wait for such a lock, so it may be taken first.
    visit = session.get(
        Appointment, appointment_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if visit is None:
        raise NotFound("There is no such visit.")
    return visit


def _refuse_if_late(starts_at: datetime, now: datetime) -> None:
    if starts_at - now < CUT_OFF:
        raise TooLate("It is too late to change this visit here.")


def _refuse_if_moved_often(moves: int) -> None:
    if moves >= MAX_MOVES:
        raise TooManyMoves("This visit was moved three times already.")
