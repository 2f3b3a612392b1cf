"""Ending what is over on the waiting list, set-wise."""

from collections import Counter
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day

_EXPIRE = text("""
    update waitlist_offers set status = 'expired', updated_at = :now
    where id in (
        select id from waitlist_offers
        where status = 'live' and expires_at <= :now
        for update skip locked
    )
    returning id
""")
# The time went to somebody else, or the person waits no longer.
_LOSE = text("""
    update waitlist_offers set status = 'lost', updated_at = :now
    where id in (
        select o.id from waitlist_offers o
        join waitlist_entries e on e.id = o.entry_id
        where o.status = 'live' and (
            e.status <> 'waiting'
            or not o.is_session and exists (
                select from appointments a
                where a.practitioner_id = o.practitioner_id and a.blocked && o.during
                  and a.status in ('pending', 'booked', 'checked-in', 'arrived')
                  and not a.allow_overlap and a.clinic_session_id is null
                  and (a.hold_until is null or a.hold_until > :now)
                  and a.id is distinct from e.moving_id
            )
        )
        for update of o skip locked
    )
    returning id
""")
# Booked meanwhile by another way; or the last day that would suit is over, or the person gone.
_CLOSE = text("""
    update waitlist_entries e
    set status = case when b.id is null then 'lapsed' else 'booked' end,
        version = e.version + 1, updated_at = :now
    from waitlist_entries w
    join patient_profiles p on p.id = w.patient_id
    left join lateral (
        select a.id from appointments a
        where a.patient_id = w.patient_id and a.service_id = w.service_id
          and a.status = 'booked' and lower(a.during) > :now
          and a.created_at > w.created_at and w.moving_id is null
        limit 1
    ) b on true
    where e.id = w.id and w.status = 'waiting'
      and (b.id is not null or w.latest_on < :today or p.status <> 'active')
    returning e.id
""")


def tidy(session: Session, *, now: datetime) -> Counter[str]:
    """End the offers that ran out or were lost and the waits that are over; how many of each."""
    facts = {"now": now, "today": lagos_day(now)}
    ended = {"closed": _CLOSE, "expired": _EXPIRE, "lost": _LOSE}
    return Counter(
        {name: len(session.execute(statement, facts).all()) for name, statement in ended.items()}
    )
