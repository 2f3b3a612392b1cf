"""When to remind, and whom: written down with the booking, void when the visit is.

The day before, 24 hours ahead and in waking hours; the same day, two hours ahead. A same-day
reminder that would wake people goes out the evening before instead, but only when no day-before
reminder was planned.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm.kit import driver
from crm.kit.clock import at_lagos, lagos
from crm.kit.ids import uuid7
from crm.models import Reminder, ReminderKind, ReminderStatus

DAY_AHEAD = timedelta(hours=24)
HOURS_AHEAD = timedelta(hours=2)
_WAKING = (time(7), time(21))
_EVENING = time(19)

_ADDRESS = """
    select a.id, a.channel
    from address_holders h
    join addresses a on a.id = h.address_id and a.channel in ('whatsapp', 'sms')
    left join conversations c on c.address_id = a.id
    where h.patient_id = %(patient)s
    order by c.heard_at desc nulls last, a.channel = 'whatsapp' desc, h.since desc
    limit 1
"""
_PLAN = f"""
    with chosen as ({_ADDRESS})
    insert into appointment_reminders (
        id, appointment_id, appointment_version, kind, channel, address_id, due_at
    )
    select r.id, %(visit)s, %(version)s, r.kind, chosen.channel, chosen.id, r.due_at
    from chosen, unnest(%(ids)s::uuid[], %(kinds)s::text[], %(due)s::timestamptz[])
        as r(id, kind, due_at)
    on conflict do nothing
"""  # noqa: S608 -- the pieces are our own
_VOID = text("""
    update appointment_reminders
    set status = 'cancelled', updated_at = :now
    where appointment_id = :visit and status = 'pending'
""")
_POSTED = text("""
    select message_id from appointment_reminders
    where appointment_id = :visit and message_id is not null
""")
_UNPOST = text("""
    update messages
    set status = 'cancelled', reason = 'the visit changed', status_at = :now
    where id = any(:messages) and status = 'queued'
""")


def plan(
    session: Session,
    appointment_id: UUID,
    *,
    patient_id: UUID,
    starts_at: datetime,
    version: int,
    now: datetime,
) -> None:
    """Write down the reminders still to come, in one statement.

    They go to the address the patient was last heard on, else to one that speaks for the
    patient, WhatsApp first. A patient without any is not reminded.
    """
    planned = due_times(starts_at, now=now)
    if planned:
        rows = {
            "ids": [uuid7() for _ in planned],
            "kinds": [kind.value for kind, _ in planned],
            "due": [due_at for _, due_at in planned],
        }
        visit = {"visit": appointment_id, "version": version, "patient": patient_id}
        driver.run(session, _PLAN, rows | visit)


def due_times(starts_at: datetime, *, now: datetime) -> list[tuple[ReminderKind, datetime]]:
    """When to remind of a visit that starts then; only what is still ahead."""
    day_before, same_day = _waking(starts_at - DAY_AHEAD), starts_at - HOURS_AHEAD
    planned = [(ReminderKind.DAY_BEFORE, day_before)] if day_before > now else []
    if _is_waking(same_day):
        planned.append((ReminderKind.SAME_DAY, same_day))
    elif not planned:
        planned.append((ReminderKind.SAME_DAY, _evening_before(same_day)))
    return [(kind, due_at) for kind, due_at in planned if due_at > now]


def coming(session: Session, appointment_id: UUID) -> Sequence[Reminder]:
    """The reminders still to come for a visit, soonest first."""
    return session.scalars(
        select(Reminder)
        .where(Reminder.appointment_id == appointment_id)
        .where(Reminder.status == ReminderStatus.PENDING)
        .order_by(Reminder.due_at)
    ).all()


def void(session: Session, appointment_id: UUID, *, now: datetime) -> None:
    """Nothing more is said about this visit: reminders end, and those posted but not yet sent.

    Two reads, because the first statement may wait for a worker that is just posting one.
    """
    visit = {"visit": appointment_id, "now": now}
    session.execute(_VOID, visit)
    posted = session.scalars(_POSTED, visit).all()
    if posted:
        session.execute(_UNPOST, {"messages": posted, "now": now})


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
