"""The ledger's own statements: points in, points out, points put back.

Each expects the account's row to be locked by an earlier statement of the same transaction. Lock
first, read next: under READ COMMITTED one statement that does both reads lots from before the
lock was its own, and spends them twice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.loyalty.refusals import LedgerBroken
from crm.models import PointsKind

_CREDIT = text("""
    with a as (
        select id, seq, available, qualifying + :qualifying as qualifying, tier
        from loyalty_points where id = :account_id
    ), t as (
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying, reason, actor_id, at
        )
        select cast(:id as uuid), a.id, a.seq + 1, :kind, :points, a.available + :points,
               :qualifying > 0, cast(:reason as text), cast(:actor_id as uuid),
               cast(:now as timestamptz)
        from a
        returning id, seq, balance_after
    ), l as (
        insert into loyalty_lots (id, account_id, transaction_id, points, remaining, expires_at)
        select cast(:lot_id as uuid), :account_id, t.id, :points, :points,
               cast(:expires_at as timestamptz)
        from t
    ), up as (
        select n.code from loyalty_tiers n, a join loyalty_tiers o on o.code = a.tier
        where n.min_points <= a.qualifying and n.min_points > o.min_points
        order by n.min_points desc limit 1
    ), c as (
        insert into loyalty_tier_changes (
            id, account_id, transaction_id, from_tier, to_tier, qualifying, at
        )
        select cast(:change_id as uuid), a.id, t.id, a.tier, up.code, a.qualifying,
               cast(:now as timestamptz)
        from a, t, up
    )
    update loyalty_points p
    set seq = t.seq, available = t.balance_after, earned = p.earned + :points,
        qualifying = a.qualifying, tier = coalesce(up.code, p.tier),
        tier_since = case when up.code is null then p.tier_since else :now end, updated_at = :now
    from a, t left join up on true
    where p.id = a.id
    returning p.id as account_id, cast(:points as bigint) as points, p.available, p.qualifying,
              p.tier, a.tier as tier_before, p.owed
""")

_SOONEST = "expires_at, id"
_OWN_FIRST = "(transaction_id = :original_id) desc, expires_at, id"


def draw(order: str = _SOONEST) -> str:
    """The common tables that take `:points` out of the open lots for the debit `t`.

    A lot holds a point at least, so no more lots than points are needed.
    """
    return f"""
    o as (
        select id, remaining, expires_at, transaction_id from loyalty_lots
        where account_id = :account_id and remaining > 0
        order by {order} limit :points
    ), w as (
        select id, remaining,
               sum(remaining) over (order by {order} rows unbounded preceding) - remaining as before
        from o
    ), d as (
        select id, cast(least(remaining, :points - before) as bigint) as points
        from w where before < :points
    ), s as (
        update loyalty_lots l set remaining = l.remaining - d.points from d, t where l.id = d.id
    ), g as (
        insert into loyalty_allocations (transaction_id, lot_id, points)
        select t.id, d.id, d.points from d, t
    )
    """  # noqa: S608 -- the orders are our own


_TAKE_BACK = text(f"""
    with a as (
        select id, seq, available from loyalty_points
        where id = :account_id and available >= :points
    ), t as (
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying,
            source_type, source_id, reverses_id, reason, actor_id, at
        )
        select cast(:id as uuid), a.id, a.seq + 1, 'reversal', - :points, a.available - :points,
               r.is_qualifying, r.source_type, r.source_id, r.id, cast(:reason as text),
               cast(:actor_id as uuid), cast(:now as timestamptz)
        from a, loyalty_transactions r where r.id = :original_id
        returning id, seq, balance_after
    ), {draw(_OWN_FIRST)}
    update loyalty_points p
    set seq = t.seq, available = t.balance_after, earned = p.earned - :points, updated_at = :now
    from t where p.id = :account_id
    returning p.available, (select sum(points) from d) as drawn
""")  # noqa: S608 -- the pieces are our own

_PUT_BACK = text("""
    with a as (
        select id, seq, available from loyalty_points where id = :account_id
    ), d as (
        select g.lot_id, g.points - g.restored as points, l.expires_at > :now as is_alive
        from loyalty_allocations g join loyalty_lots l on l.id = g.lot_id
        where g.transaction_id = :debit_id and g.points > g.restored
    ), n as (
        select cast(sum(points) as bigint) as points,
               cast(sum(points) filter (where not is_alive) as bigint) as lapsed
        from d
    ), t as (
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying,
            source_type, source_id, reason, actor_id, at
        )
        select cast(:id as uuid), a.id, a.seq + 1, 'refund', n.points, a.available + n.points,
               false, cast(:source_type as text), cast(:source_id as uuid),
               cast(:reason as text), cast(:actor_id as uuid), cast(:now as timestamptz)
        from a, n where n.points > 0
        returning id, seq, balance_after
    ), l as (
        update loyalty_lots l set remaining = l.remaining + d.points
        from d where l.id = d.lot_id and d.is_alive
    ), g as (
        update loyalty_allocations g set restored = g.points
        from d where g.transaction_id = :debit_id and g.lot_id = d.lot_id and d.is_alive
    ), e as (
        insert into loyalty_lots (id, account_id, transaction_id, points, remaining, expires_at)
        select cast(:lot_id as uuid), a.id, t.id, n.lapsed, n.lapsed,
               cast(:grace_until as timestamptz)
        from a, t, n where n.lapsed > 0
    )
    update loyalty_points p
    set seq = t.seq, available = t.balance_after, redeemed = p.redeemed - n.points,
        updated_at = :now
    from t, n where p.id = :account_id
    returning p.available, p.owed, n.points
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Points that somebody gives, and the lot they make."""

    account_id: UUID
    points: int
    expires_at: datetime
    is_qualifying: bool
    reason: str
    actor_id: UUID | None
    kind: PointsKind = PointsKind.ADJUST


def credit(session: Session, given: Credit, *, now: datetime) -> tuple[UUID, Row[Any]]:
    """Write points in by hand; the transaction's id and the account as it is then."""
    id_ = uuid7()
    written = session.execute(
        _CREDIT,
        {
            "id": id_,
            "lot_id": uuid7(),
            "change_id": uuid7(),
            "account_id": given.account_id,
            "kind": given.kind.value,
            "points": given.points,
            "qualifying": given.points if given.is_qualifying else 0,
            "expires_at": given.expires_at,
            "reason": given.reason,
            "actor_id": given.actor_id,
            "now": now,
        },
    ).one()
    return id_, written


def take_back(
    session: Session,
    account_id: UUID,
    *,
    original_id: UUID,
    points: int,
    reason: str,
    now: datetime,
    actor_id: UUID | None = None,
) -> UUID:
    """Write the reversal of a credit, out of its own lot first. Raises LedgerBroken."""
    id_ = uuid7()
    facts = {"id": id_, "account_id": account_id, "original_id": original_id, "points": points}
    written = session.execute(
        _TAKE_BACK, {**facts, "reason": reason, "actor_id": actor_id, "now": now}
    ).one_or_none()
    check_drawn(written, points)
    return id_


def put_back(
    session: Session,
    account_id: UUID,
    *,
    debit_id: UUID,
    source: tuple[str, UUID],
    reason: str,
    grace_until: datetime,
    now: datetime,
    actor_id: UUID | None = None,
) -> tuple[UUID, Row[Any]]:
    """Undo a debit: its lots get their points again; those that have expired, a new lot's grace.

    Raises LedgerBroken when there is nothing to put back.
    """
    id_ = uuid7()
    written = session.execute(
        _PUT_BACK,
        {
            "id": id_,
            "lot_id": uuid7(),
            "account_id": account_id,
            "debit_id": debit_id,
            "source_type": source[0],
            "source_id": source[1],
            "reason": reason,
            "actor_id": actor_id,
            "grace_until": grace_until,
            "now": now,
        },
    ).one_or_none()
    if written is None:
        raise LedgerBroken(f"nothing to put back of {debit_id}")
    return id_, written


def check_drawn(written: Row[Any] | None, points: int) -> None:
    """Raise LedgerBroken unless the lots gave what the balance promised."""
    if written is None or written.drawn != points:
        raise LedgerBroken("the lots do not add up to the balance")
