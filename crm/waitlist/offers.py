"""Offers: a free time, one person, thirty minutes to say yes. An offer holds nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from crm import appointments, availability
from crm.appointments import Booking
from crm.availability import Slot
from crm.kit.errors import DomainError, NotFound
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Permission, Scope
from crm.kit.tokens import Links
from crm.models import (
    Appointment,
    AppointmentStatus,
    OfferStatus,
    Practitioner,
    Service,
    WaitlistEntry,
    WaitlistOffer,
    WaitStatus,
)
from crm.waitlist import entries, notices

OPEN_FOR = timedelta(minutes=30)


class OfferOver(DomainError):
    """The offer was answered, ran out, or the wait is over."""

    code = "offer_over"


class NotOffered(DomainError):
    """The time cannot be offered: it is offered already, or was to this person."""

    code = "not_offered"


@dataclass(frozen=True, slots=True)
class LiveOffer:
    """An offer that still waits for its answer, with what it speaks of."""

    id: UUID
    entry_id: UUID
    patient_id: UUID
    service_id: UUID
    starts_at: datetime
    expires_at: datetime


def live_offer(session: Session, address_id: UUID, *, now: datetime) -> LiveOffer | None:
    """The newest offer sent to this address that still waits for its answer."""
    row = session.execute(
        select(WaitlistOffer, WaitlistEntry)
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistOffer.address_id == address_id)
        .where(WaitlistOffer.status == OfferStatus.LIVE, WaitlistOffer.expires_at > now)
        .where(WaitlistEntry.status == WaitStatus.WAITING)
        .order_by(WaitlistOffer.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    made, entry = row
    return LiveOffer(
        made.id, entry.id, entry.patient_id, entry.service_id, made.starts_at, made.expires_at
    )


def accept(session: Session, offer_id: UUID, *, source: str, now: datetime) -> Booking:
    """Book the time offered, in place of the later visit if there is one.

    Raises OfferOver, and SlotTaken and the others of `appointments.book`; then nothing has
    changed, and the visit they have stays.
    """
    made, entry = _live(session, offer_id, now)
    service = session.get_one(Service, entry.service_id)
    booked = appointments.book(
        session,
        patient_id=entry.patient_id,
        service=service,
        slot=_slot(session, made),
        source=source,
        moving_id=_still_booked(session, entry.moving_id),
        now=now,
    )
    made.status, made.answered_at, made.appointment_id = OfferStatus.ACCEPTED, now, booked.id
    entry.status, entry.version = WaitStatus.BOOKED, entry.version + 1
    made.updated_at = entry.updated_at = now
    session.flush()
    return booked


def pass_on(session: Session, offer_id: UUID, *, now: datetime) -> WaitlistOffer:
    """Leave the time to the next; the patient keeps waiting. Raises OfferOver, NotFound."""
    made, _ = _live(session, offer_id, now)
    made.status, made.answered_at, made.updated_at = OfferStatus.PASSED, now, now
    session.flush()
    return made


def get_offer(session: Session, offer_id: UUID, *, scope: Scope) -> WaitlistOffer:
    """The offer. Raises NotFound, also outside the scope."""
    made = session.scalar(
        select(WaitlistOffer)
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistOffer.id == offer_id, entries.visible(scope))
    )
    if made is None:
        raise NotFound("There is no such offer.")
    return made


def offers_of(session: Session, entry_id: UUID) -> Sequence[WaitlistOffer]:
    """What was offered to one who waits, newest first."""
    found = select(WaitlistOffer).where(WaitlistOffer.entry_id == entry_id)
    return session.scalars(found.order_by(WaitlistOffer.id.desc()).limit(50)).all()


def offer(
    session: Session,
    entry_id: UUID,
    *,
    starts_at: datetime,
    practitioner_id: UUID | None = None,
    forms: Links | None = None,
    by: Actor,
    now: datetime,
) -> WaitlistOffer:
    """Offer a free time by hand, out of turn. Raises NotFound, NotOffered, OfferOver."""
    scope = by.scope(Permission.APPOINTMENTS_WRITE)
    entry = entries.get(session, entry_id, scope=scope, lock=True)
    if entry.status != WaitStatus.WAITING:
        raise OfferOver("This wait is over.")
    service = session.get_one(Service, entry.service_id)
    near = availability.nearest(
        session,
        service,
        starts_at,
        now=now,
        count=1,
        practitioner_id=practitioner_id or entry.practitioner_id,
        patient_id=entry.patient_id,
        moving_id=entry.moving_id,
    )
    slot = next((slot for slot in near if slot.starts_at == starts_at), None)
    made = make(session, entry, slot, forms=forms, now=now) if slot else None
    if made is None:
        raise NotOffered("That time is not free, or was offered already.")
    return made


def make(
    session: Session, entry: WaitlistEntry, slot: Slot, *, forms: Links | None, now: datetime
) -> WaitlistOffer | None:
    """Write the offer down and send it; None when the time or the person has one already."""
    is_session = slot.places_left is not None
    made = session.scalar(
        insert(WaitlistOffer)
        .values(
            id=uuid7(),
            entry_id=entry.id,
            practitioner_id=slot.practitioner_id,
            during=Range(slot.starts_at, slot.ends_at),
            is_session=is_session,
            expires_at=min(now + OPEN_FOR, slot.starts_at),
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(WaitlistOffer)
    )
    if made is not None:
        notices.send(session, made, entry, forms=forms, now=now)
    return made


def _live(session: Session, offer_id: UUID, now: datetime) -> tuple[WaitlistOffer, WaitlistEntry]:
    """The offer and its entry, both ours until the transaction ends."""
    row = session.execute(
        select(WaitlistOffer, WaitlistEntry)
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistOffer.id == offer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such offer.")
    made, entry = row
    is_open = made.status == OfferStatus.LIVE and made.expires_at > now
    if not is_open or entry.status != WaitStatus.WAITING:
        raise OfferOver("This offer is over.")
    return made, entry


def _slot(session: Session, made: WaitlistOffer) -> Slot:
    who = session.get_one(Practitioner, made.practitioner_id)
    return Slot(who.id, who.name, made.starts_at, made.ends_at)


def _still_booked(session: Session, visit_id: UUID | None) -> UUID | None:
    """The later visit, unless it was moved or cancelled since."""
    if visit_id is None:
        return None
    found = select(Appointment.id).where(
        Appointment.id == visit_id, Appointment.status == AppointmentStatus.BOOKED
    )
    return session.scalar(found)
