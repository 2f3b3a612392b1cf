"""When to remind, and whom: written down with the booking, void when the visit is.

The day before, 24 hours ahead and in waking hours; the same day, two hours ahead. A same-day
reminder that would wake people goes out the evening before instead, but only when no day-before
reminder was planned.
"""

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.kit.clock import at_lagos, lagos
from crm.kit.ids import uuid7
from crm.models import (
    Address,
    AddressHolder,
    Appointment,
    Conversation,
    Message,
    MessageStatus,
    Reminder,
    ReminderKind,
    ReminderStatus,
)

DAY_AHEAD = timedelta(hours=24)
HOURS_AHEAD = timedelta(hours=2)
_WAKING = (time(7), time(21))
_EVENING = time(19)


def plan(
    session: Session, appointment: Appointment, *, now: datetime, address: Address | None = None
) -> int:
    """Write down the reminders still to come; returns how many.

    They go to the address given, else the one the patient was last heard on, else one that
    speaks for the patient, WhatsApp first. A patient without any is not reminded.
    """
    address = address or _address_of(session, appointment.patient_id)
    if address is None:
        return 0
    rows = [
        {
            "id": uuid7(),
            "appointment_id": appointment.id,
            "appointment_version": appointment.version,
            "kind": kind,
            "channel": address.channel,
            "address_id": address.id,
            "due_at": due_at,
        }
        for kind, due_at in due_times(appointment.starts_at, now=now)
    ]
    if rows:
        session.execute(insert(Reminder).values(rows).on_conflict_do_nothing())
    return len(rows)


def due_times(starts_at: datetime, *, now: datetime) -> list[tuple[ReminderKind, datetime]]:
    """When to remind of a visit that starts then; only what is still ahead."""
    day_before = _waking(starts_at - DAY_AHEAD)
    if day_before > now:
        same_day = starts_at - HOURS_AHEAD
        planned = [(ReminderKind.DAY_BEFORE, day_before)]
        return [*planned, (ReminderKind.SAME_DAY, same_day)] if _is_waking(same_day) else planned
    same_day = starts_at - HOURS_AHEAD
    due_at = same_day if _is_waking(same_day) else _evening_before(same_day)
    return [(ReminderKind.SAME_DAY, due_at)] if due_at > now else []


def void(session: Session, appointment_id: UUID, *, now: datetime) -> None:
    """Nothing more is said about this visit: reminders end, and those posted but not yet sent."""
    session.execute(
        update(Reminder)
        .where(Reminder.appointment_id == appointment_id)
        .where(Reminder.status == ReminderStatus.PENDING)
        .values(status=ReminderStatus.CANCELLED, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    posted = select(Reminder.message_id).where(
        Reminder.appointment_id == appointment_id, Reminder.message_id.is_not(None)
    )
    message_ids = session.scalars(posted).all()
    if not message_ids:
        return
    session.execute(
        update(Message)
        .where(Message.id.in_(message_ids))
        .where(Message.status == MessageStatus.QUEUED)
        .values(status=MessageStatus.CANCELLED, reason="visit changed", status_at=now)
        .execution_options(synchronize_session=False)
    )


def _address_of(session: Session, patient_id: UUID) -> Address | None:
    return session.scalar(
        select(Address)
        .join(AddressHolder, AddressHolder.address_id == Address.id)
        .outerjoin(Conversation, Conversation.address_id == Address.id)
        .where(AddressHolder.patient_id == patient_id)
        .where(Address.channel.in_((Channel.WHATSAPP, Channel.SMS)))
        .order_by(
            Conversation.heard_at.desc().nulls_last(),
            (Address.channel == Channel.WHATSAPP).desc(),
            AddressHolder.since.desc(),
        )
        .limit(1)
    )


def _is_waking(moment: datetime) -> bool:
    first, last = _WAKING
    return first <= lagos(moment).time() < last


def _waking(moment: datetime) -> datetime:
    """The same moment, or the nearest waking one of that day."""
    local = lagos(moment)
    if local.time() < _WAKING[0]:
        return at_lagos(local.date(), _WAKING[0])
    return moment if _is_waking(moment) else at_lagos(local.date(), _EVENING)


def _evening_before(moment: datetime) -> datetime:
    """19:00 of the day before a time too early, or of the same day before one too late."""
    local = lagos(moment)
    is_early = local.time() < _WAKING[0]
    return at_lagos(local.date() - timedelta(days=is_early), _EVENING)
