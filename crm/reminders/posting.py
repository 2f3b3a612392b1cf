"""Posting the reminders that are due, in batches.

A booking or a cancelled visit may wait for the worker that has its reminders, so the worker waits
for nobody: it skips the reminders and the talks that others have locked.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel, Option
from bot.texts import dates, say, spoken_to
from crm import outbox
from crm.kit.ids import uuid7
from crm.kit.tokens import Links
from crm.models import (
    Appointment,
    AppointmentStatus,
    Conversation,
    Hospital,
    Lane,
    Patient,
    Purpose,
    Reminder,
    ReminderKind,
    ReminderStatus,
)
from crm.outbox import Draft, Template
from crm.reminders.plans import HOURS_AHEAD

_ANSWERS = ("confirm", "move", "cancel")
# A literal, so that a prepared statement can still use the partial index.
_IS_PENDING = text("appointment_reminders.status = 'pending'")
_POSTED = text("""
    update appointment_reminders r
    set status = 'posted', message_id = posted.message_id, updated_at = :now
    from unnest(cast(:ids as uuid[]), cast(:messages as uuid[])) as posted (id, message_id)
    where r.id = posted.id
""")
_ASKED = text("""
    update conversations c
    set reminded_of = asked.visit_id, reminded_at = :now, updated_at = :now
    from unnest(cast(:talks as uuid[]), cast(:visits as uuid[])) as asked (talk_id, visit_id)
    where c.id = asked.talk_id
""")
_MAKE_TALKS = text("""
    insert into conversations (id, address_id)
    select * from unnest(cast(:ids as uuid[]), cast(:addresses as uuid[]))
    on conflict do nothing
""")


@dataclass(frozen=True, slots=True)
class Which:
    """Which of the reminders: of these hospitals (None is all of them), of these kinds."""

    hospitals: Collection[UUID] | None = None
    kinds: Collection[ReminderKind] = ()

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """What holds of them when they are due."""
        where: list[ColumnElement[bool]] = [Reminder.due_at <= now]
        if self.hospitals is not None:
            there = select(Appointment.id).where(Appointment.hospital_id.in_(self.hospitals))
            where.append(Reminder.appointment_id.in_(there))
        if self.kinds:
            where.append(Reminder.kind.in_(self.kinds))
        return where


ALL = Which()


def claim_due(
    session: Session, *, now: datetime, limit: int = 200, which: Which = ALL
) -> Sequence[Reminder]:
    """The reminders that are due, oldest first, locked; those in other hands are skipped."""
    return session.scalars(
        select(Reminder)
        .where(_IS_PENDING, *which.conditions(now))
        .order_by(Reminder.due_at)
        .limit(limit)
        .with_for_update(of=Reminder, skip_locked=True)
    ).all()


def count_due(session: Session, *, now: datetime, which: Which = ALL) -> int:
    """How many reminders wait to be posted."""
    due = select(func.count()).select_from(Reminder).where(_IS_PENDING, *which.conditions(now))
    return session.scalar(due) or 0


def post_due(
    session: Session, *, now: datetime, limit: int = 200, forms: Links | None = None
) -> Counter[str]:
    """Post one batch of due reminders; returns how many were posted, skipped and left for later.

    Those are skipped whose visit has changed or is near; those are left whose patient is writing
    to us at this very moment. Where SMS hears no answer it carries a link of `forms` instead.
    Eight statements a batch, however many reminders.
    """
    return post_batch(session, now=now, limit=limit, forms=forms)[0]


def post_batch(
    session: Session,
    *,
    now: datetime,
    limit: int,
    forms: Links | None,
    which: Which = ALL,
) -> tuple[Counter[str], Sequence[UUID]]:
    """The same for some of them, with the ids of the messages posted."""
    claimed = claim_due(session, now=now, limit=limit, which=which)
    if not claimed:
        return Counter(), []
    talks = _lock_talks(session, [reminder.address_id for reminder in claimed])
    due = _load(session, claimed)
    for each in due:
        each.skip_if_stale(now)
    skipped = [each for each in due if each.is_skipped]
    ready = [each for each in due if not each.is_skipped and each.address_id in talks]
    asking = [each for each in ready if not forms or each.reminder.channel != Channel.SMS]
    drafts = [
        each.draft(talks[each.address_id], forms=None if each in asking else forms)
        for each in ready
    ]
    posted = outbox.post_many(session, drafts, now=now)
    _note_posted(session, ready, posted, now)
    _note_asked(session, asking, talks, now)
    session.flush()
    left = len(due) - len(ready) - len(skipped)
    return Counter(posted=len(ready), skipped=len(skipped), left=left), posted


@dataclass(frozen=True, slots=True)
class _Due:
    """A claimed reminder with what it speaks of."""

    reminder: Reminder
    appointment: Appointment
    patient: Patient
    place: str
    phone: str

    @property
    def address_id(self) -> UUID:
        """Where it goes."""
        return self.reminder.address_id

    @property
    def is_skipped(self) -> bool:
        """True when nobody gets it."""
        return self.reminder.status == ReminderStatus.SKIPPED

    def skip_if_stale(self, now: datetime) -> None:
        """Mark the reminder as skipped when nobody should get it any more."""
        reason = self._reason_to_skip(now)
        if reason is not None:
            self.reminder.status = ReminderStatus.SKIPPED
            self.reminder.skip_reason = reason

    def _reason_to_skip(self, now: datetime) -> str | None:
        visit, reminder = self.appointment, self.reminder
        is_same = visit.version == reminder.appointment_version
        if visit.status != AppointmentStatus.BOOKED or not is_same:
            return "the visit changed"
        if visit.starts_at <= now:
            return "the visit has begun"
        if reminder.kind == ReminderKind.DAY_BEFORE and visit.starts_at - now <= HOURS_AHEAD:
            return "the same-day reminder says it"
        return None

    def draft(self, talk_id: UUID, *, forms: Links | None) -> Draft:
        """The message: first name, place, day and time; never service, doctor or reason.

        With `forms` it has a link in place of the question.
        """
        visit, channel = self.appointment, self.reminder.channel
        language = spoken_to(self.patient.language)
        name, at = self.patient.first_name, dates.moment(visit.starts_at, language)
        when = dates.in_queue(at, visit.queue_number, language)
        key = self.reminder.kind.replace("-", "_")
        facts = {"first_name": name, "place": self.place, "when": when, "phone": self.phone}
        if forms:
            facts["link"] = forms.form("reminder", visit.id)
        return Draft(
            address_id=self.reminder.address_id,
            channel=channel,
            text=say("reminder", f"{key}_one_way" if forms else key, language, channel, **facts),
            purpose=Purpose.REMINDER,
            lane=Lane.UTILITY,
            options=() if forms else _options(visit.id, language, channel),
            template=Template(
                f"appointment_reminder_{key}_{language}", (name, self.place, when, visit.id.hex)
            ),
            conversation_id=talk_id,
            patient_id=self.patient.id,
            about_id=visit.id,
            expires_at=visit.starts_at,
        )


def _options(visit_id: UUID, language: str, channel: Channel) -> tuple[Option, ...]:
    return tuple(
        Option(f"v1|reminder|{visit_id.hex}|{answer}", say("options", answer, language, channel))
        for answer in _ANSWERS
    )


def _lock_talks(session: Session, address_ids: list[UUID]) -> dict[UUID, UUID]:
    """The talks with these addresses by address, made where there is none; ours while we post.

    Missing are those that another transaction has, because their patient is writing just now.
    """
    ids = [uuid7() for _ in address_ids]
    session.execute(_MAKE_TALKS, {"ids": ids, "addresses": address_ids})
    talks = session.execute(
        select(Conversation.address_id, Conversation.id)
        .where(Conversation.address_id.in_(address_ids))
        .with_for_update(key_share=True, skip_locked=True)
    )
    return {talk.address_id: talk.id for talk in talks}


def _load(session: Session, claimed: Sequence[Reminder]) -> list[_Due]:
    by_id = {reminder.id: reminder for reminder in claimed}
    rows = session.execute(
        select(Reminder.id, Appointment, Patient, Hospital.name, Hospital.phone)
        .join(Appointment, Appointment.id == Reminder.appointment_id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Hospital, Hospital.id == Appointment.hospital_id)
        .where(Reminder.id.in_(by_id))
        .order_by(Reminder.due_at, Reminder.id)
        .execution_options(populate_existing=True)
    )
    return [
        _Due(by_id[id_], appointment, patient, place, phone)
        for id_, appointment, patient, place, phone in rows
    ]


def _note_posted(
    session: Session, posted: Sequence[_Due], message_ids: Sequence[UUID], now: datetime
) -> None:
    ids = [each.reminder.id for each in posted]
    session.execute(_POSTED, {"ids": ids, "messages": message_ids, "now": now})


def _note_asked(
    session: Session, posted: Sequence[_Due], talks: dict[UUID, UUID], now: datetime
) -> None:
    """A bare 1, 2 or 3 from this address now answers the reminder, the last one if several."""
    asked = {talks[each.address_id]: each.appointment.id for each in posted}
    pairs = {"talks": list(asked), "visits": list(asked.values()), "now": now}
    session.execute(_ASKED, pairs)
