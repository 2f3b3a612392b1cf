"""Expiry: many accounts at a time, each oldest lot first."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7

_LOCK = text("""
    select id from loyalty_points
    where id = any(array(
        select distinct account_id from loyalty_lots
        where remaining > 0 and expires_at <= :now limit :limit
    ))
    order by id for no key update
""")
_LAPSE = text("""
    with x as (
        select * from unnest(cast(:accounts as uuid[]), cast(:ids as uuid[])) as x (account_id, id)
    ), o as (
        select l.id, l.account_id, l.remaining from loyalty_lots l
        join x on x.account_id = l.account_id
        where l.remaining > 0 and l.expires_at <= :now
    ), n as (
        select account_id, cast(sum(remaining) as bigint) as points from o group by account_id
    ), t as (
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying, at
        )
        select x.id, a.id, a.seq + 1, 'expire', - n.points, a.available - n.points, false,
               cast(:now as timestamptz)
        from n join x on x.account_id = n.account_id join loyalty_points a on a.id = n.account_id
    ), g as (
        insert into loyalty_allocations (transaction_id, lot_id, points)
        select x.id, o.id, o.remaining from o join x on x.account_id = o.account_id
    ), s as (
        update loyalty_lots l set remaining = 0 from o where l.id = o.id
    )
    update loyalty_points p
    set seq = p.seq + 1, available = p.available - n.points, expired = p.expired + n.points,
        updated_at = :now
    from n where p.id = n.account_id
    returning n.points
""")


def lapse(session: Session, *, now: datetime, limit: int = 1_000) -> tuple[int, int]:
    """Take out what has expired on so many accounts; how many accounts and points.

    Two statements, however many lots: the accounts are locked by the first and their lots read
    by the second. A run that comes again finds nothing left to do.
    """
    accounts = session.scalars(_LOCK, {"now": now, "limit": limit}).all()
    if not accounts:
        return 0, 0
    ids = [uuid7() for _ in accounts]
    lapsed = session.scalars(_LAPSE, {"accounts": accounts, "ids": ids, "now": now}).all()
    return len(lapsed), sum(lapsed)
