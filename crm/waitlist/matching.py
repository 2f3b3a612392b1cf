"""Bringing free times and waiting people together, a service at a time.

Whoever waits, waits because nothing that suits is free; so what suits now has become free since,
whatever freed it: a cancelled visit, a dead hold, a doctor back from leave. Nothing needs to be
told to the list, and no such event can be lost.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.kit.clock import lagos, lagos_day
from crm.kit.tokens import Links
from crm.models import (
    OfferStatus,
    Service,
    WaitlistEntry,
    WaitlistOffer,
    WaitStatus,
)
from crm.waitlist import offers
from crm.waitlist.table import Table

MOST_OFFERS = 3
_IN = timedelta(days=7)
"""Nobody is offered more than three times in seven days."""
_HOURS = (time(7), time(20, 30))
"""People are asked while they are awake and may still answer before nine."""
_BATCH = 100


def waited_for(session: Session) -> Sequence[UUID]:
    """The services that somebody waits for."""
    return session.scalars(
        select(WaitlistEntry.service_id)
        .join(Service, Service.id == WaitlistEntry.service_id)
        .where(WaitlistEntry.status == WaitStatus.WAITING, Service.is_active)
        .distinct()
    ).all()


def offer_free(
    session: Session, service_id: UUID, *, now: datetime, forms: Links | None = None
) -> int:
    """Offer what is free to those who wait for this service, in turn; how many were offered.

    Nothing at night. Entries that another transaction works on are left to it.
    """
    opens, closes = _HOURS
    if not opens <= lagos(now).time() < closes:
        return 0
    waiting = _waiting(session, service_id, now)
    if not waiting:
        return 0
    service = session.get_one(Service, service_id)
    table = Table(session, service, waiting, now)
    made = 0
    for entry in waiting:
        for slot in table.suiting(entry):
            if offers.make(session, entry, slot, forms=forms, now=now):
                table.take(slot)
                made += 1
                break
    return made


def _waiting(session: Session, service_id: UUID, now: datetime) -> Sequence[WaitlistEntry]:
    """Those whose turn it may be, urgent first, then whoever waits longest; locked."""
    offered = select(WaitlistOffer.id).where(WaitlistOffer.entry_id == WaitlistEntry.id)
    lately = (
        select(func.count())
        .select_from(WaitlistOffer)
        .where(WaitlistOffer.entry_id == WaitlistEntry.id, WaitlistOffer.created_at > now - _IN)
        .scalar_subquery()
    )
    return session.scalars(
        select(WaitlistEntry)
        .where(WaitlistEntry.service_id == service_id, WaitlistEntry.status == WaitStatus.WAITING)
        .where(~offered.where(WaitlistOffer.status == OfferStatus.LIVE).exists())
        .where(lately < MOST_OFFERS, WaitlistEntry.latest_on >= lagos_day(now))
        .order_by(WaitlistEntry.priority, WaitlistEntry.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
