"""Many awards of one rule at once: a data load, a campaign's bonus."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.loyalty import accounts, debts
from crm.loyalty.earning import MONTH_END, WORTH
from crm.loyalty.refusals import RuleInactive
from crm.models import EarningRule

_ENROL = text("""
    insert into loyalty_points (id, patient_id, referral_code, tier_since)
    select n.id, n.patient_id, n.code, n.at
    from unnest(cast(:ids as uuid[]), cast(:patients as uuid[]), cast(:codes as text[]),
                cast(:moments as timestamptz[])) as n (id, patient_id, code, at)
    on conflict (patient_id) do nothing
""")
_LOCK = text("""
    select id from loyalty_points
    where patient_id = any(cast(:patients as uuid[])) and status = 'active'
    order by id for no key update
""")
_CREDIT = text(f"""
    with g as (
        select g.*, a.id as account_id, a.seq, a.available, r.daily_cap, r.is_qualifying,
               {WORTH} as points, {MONTH_END} as expires_at
        from unnest(
            cast(:ids as uuid[]), cast(:lots as uuid[]), cast(:patients as uuid[]),
            cast(:sources as uuid[]), cast(:amounts as bigint[]), cast(:moments as timestamptz[])
        ) as g (id, lot_id, patient_id, source_id, amount_kobo, at)
        join loyalty_points a on a.patient_id = g.patient_id
        join earning_rules r on r.code = cast(:rule as text)
        where a.id = any(cast(:accounts as uuid[])) and {WORTH} > 0
          and not exists (
            select from loyalty_transactions t
            where t.rule = cast(:rule as text) and t.source_type = cast(:source_type as text)
              and t.source_id = g.source_id
          )
    ), c as (
        select g.*, row_number() over (
            partition by account_id, date_trunc('day', at, 'Africa/Lagos') order by at, id
        ) + (
            select count(*) from loyalty_transactions t
            where g.daily_cap is not null and t.account_id = g.account_id
              and t.rule = cast(:rule as text)
              and date_trunc('day', t.at, 'Africa/Lagos') = date_trunc('day', g.at, 'Africa/Lagos')
        ) as nth
        from g
    ), r as (
        select c.*, row_number() over w as n,
               cast(sum(points) over (w rows unbounded preceding) as bigint) as running
        from c where daily_cap is null or nth <= daily_cap
        window w as (partition by account_id order by at, id)
    ), t as (
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying,
            rule, source_type, source_id, at
        )
        select id, account_id, seq + n, 'earn', points, available + running, is_qualifying,
               cast(:rule as text), cast(:source_type as text), source_id, at
        from r
    ), l as (
        insert into loyalty_lots (id, account_id, transaction_id, points, remaining, expires_at)
        select lot_id, account_id, id, points, points, expires_at from r
    ), s as (
        select account_id, count(*) as n, cast(sum(points) as bigint) as points,
               cast(coalesce(sum(points) filter (where is_qualifying), 0) as bigint) as qualifying,
               max(at) as at
        from r group by account_id
    )
    update loyalty_points p
    set seq = p.seq + s.n, available = p.available + s.points, earned = p.earned + s.points,
        qualifying = p.qualifying + s.qualifying, updated_at = s.at
    from s where p.id = s.account_id
    returning p.id, p.owed, s.n, s.points, s.at
""")  # noqa: S608 -- the pieces are our own
_RISE = text("""
    with up as (
        select p.id, p.tier, p.qualifying, n.code
        from loyalty_points p
        join loyalty_tiers o on o.code = p.tier
        join lateral (
            select code from loyalty_tiers
            where min_points <= p.qualifying and min_points > o.min_points
            order by min_points desc limit 1
        ) n on true
        where p.id = any(cast(:accounts as uuid[]))
    ), x as (
        select * from unnest(cast(:accounts as uuid[]), cast(:ids as uuid[]),
                             cast(:moments as timestamptz[])) as x (account_id, id, at)
    ), c as (
        insert into loyalty_tier_changes (id, account_id, from_tier, to_tier, qualifying, at)
        select x.id, up.id, up.tier, up.code, up.qualifying, x.at
        from up join x on x.account_id = up.id
    )
    update loyalty_points p set tier = up.code, tier_since = x.at
    from up join x on x.account_id = up.id where p.id = up.id
""")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that earned points, when it happened."""

    patient_id: UUID
    source_id: UUID
    at: datetime
    amount_kobo: int = 0


def award_many(
    session: Session, events: Sequence[Event], *, rule: str, source_type: str, now: datetime
) -> tuple[int, int]:
    """Give each event its points, once, as `award` does; how many awards and points.

    Accounts are opened where there are none. Four statements, however many events: best a
    thousand at a time. What an award of long ago would have expired since, expires tonight.
    Raises RuleInactive.
    """
    found = session.get(EarningRule, rule, populate_existing=True)
    if found is None or not found.is_active:
        raise RuleInactive(f"There is no earning rule {rule} in force.")
    if not events:
        return 0, 0
    wanted = _once(events)
    about = {"accounts": _lock(session, wanted), "rule": rule, "source_type": source_type}
    given = session.execute(_CREDIT, _columns(wanted) | about).all()
    _rise(session, {row.id: row.at for row in given})
    for row in given:
        if row.owed:
            debts.collect(session, row.id, now=now)
    return sum(row.n for row in given), sum(row.points for row in given)


def _once(events: Sequence[Event]) -> list[Event]:
    return list({event.source_id: event for event in reversed(events)}.values())


def _lock(session: Session, events: Sequence[Event]) -> Sequence[UUID]:
    """The accounts, opened where there are none, locked in the order of their ids."""
    firsts: dict[UUID, datetime] = {}
    for event in events:
        firsts[event.patient_id] = min(event.at, firsts.get(event.patient_id, event.at))
    patients = sorted(firsts)
    session.execute(
        _ENROL,
        {
            "ids": [uuid7() for _ in patients],
            "patients": patients,
            "codes": [accounts.new_code() for _ in patients],
            "moments": [firsts[patient] for patient in patients],
        },
    )
    return session.scalars(_LOCK, {"patients": patients}).all()


def _columns(events: Sequence[Event]) -> dict[str, Any]:
    return {
        "ids": [uuid7() for _ in events],
        "lots": [uuid7() for _ in events],
        "patients": [event.patient_id for event in events],
        "sources": [event.source_id for event in events],
        "amounts": [event.amount_kobo for event in events],
        "moments": [event.at for event in events],
    }


def _rise(session: Session, moments: dict[UUID, datetime]) -> None:
    """Lift those whom the points have brought to a tier."""
    ids = [uuid7() for _ in moments]
    columns = {"accounts": list(moments), "ids": ids, "moments": list(moments.values())}
    session.execute(_RISE, columns)
