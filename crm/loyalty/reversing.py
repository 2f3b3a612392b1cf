"""Taking back what was not truly earned: a visit cancelled, a payment refunded, a slip by hand.

What was spent in the meantime becomes a debt. Qualifying points go down by all that is taken back
or owed, and the tier with them: spending and expiry never demote, but what was never earned does
not hold up a tier.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.loyalty import debts, ledger
from crm.loyalty.refusals import NothingToReverse

_FIND = text("""
    select id from loyalty_transactions
    where rule = :rule and source_type = :source_type and source_id = :source_id
""")
_LOCK = text("""
    select a.id from loyalty_points a
    join loyalty_transactions t on t.account_id = a.id
    where t.id = :id and t.kind in ('earn', 'adjust')
    for no key update of a
""")
_READ = text("""
    select t.points, t.is_qualifying, a.available,
        coalesce((
            select sum(-r.points) from loyalty_transactions r where r.reverses_id = t.id
        ), 0) + coalesce((
            select sum(d.points - d.paid) from loyalty_debts d where d.original_id = t.id
        ), 0) as reversed,
        coalesce((
            select sum(g.points) from loyalty_lots l
            join loyalty_allocations g on g.lot_id = l.id
            join loyalty_transactions x on x.id = g.transaction_id and x.kind = 'expire'
            where l.transaction_id = t.id
        ), 0) as expired
    from loyalty_transactions t join loyalty_points a on a.id = t.account_id
    where t.id = :id
""")
_LOWER = text("""
    with a as (
        select id, tier, qualifying - :points as qualifying from loyalty_points where id = :id
    ), n as (
        select code from loyalty_tiers, a
        where min_points <= greatest(a.qualifying, 0) order by min_points desc limit 1
    ), o as (
        select o.min_points < f.min_points as is_lower
        from a join loyalty_tiers f on f.code = a.tier, n join loyalty_tiers o on o.code = n.code
    ), c as (
        insert into loyalty_tier_changes (
            id, account_id, transaction_id, from_tier, to_tier, qualifying, at
        )
        select cast(:change_id as uuid), a.id, cast(:transaction_id as uuid), a.tier, n.code,
               a.qualifying, cast(:now as timestamptz)
        from a, n, o where o.is_lower
    )
    update loyalty_points p
    set qualifying = a.qualifying, tier = case when o.is_lower then n.code else p.tier end,
        tier_since = case when o.is_lower then :now else p.tier_since end, updated_at = :now
    from a, n, o where p.id = a.id
""")


@dataclass(frozen=True, slots=True)
class Reversal:
    """What was taken back: out of the balance, and what is owed from now on."""

    original_id: UUID
    transaction_id: UUID | None
    """None when all of it is owed."""
    points: int
    owed: int


def reverse(
    session: Session,
    *,
    rule: str,
    source_type: str,
    source_id: UUID,
    now: datetime,
    reason: str,
    left: Fraction = Fraction(0),
    actor_id: UUID | None = None,
) -> Reversal | None:
    """Take back what this event earned, but for the share that is left of it (a part refund).

    Saying so twice takes back once. None when there is nothing to take back.
    """
    source = {"rule": rule, "source_type": source_type, "source_id": source_id}
    original_id = session.scalar(_FIND, source)
    if original_id is None:
        return None
    return _taken(session, original_id, reason=reason, left=left, now=now, actor_id=actor_id)


def reverse_transaction(
    session: Session,
    transaction_id: UUID,
    *,
    reason: str,
    now: datetime,
    actor_id: UUID | None = None,
) -> Reversal:
    """Take back one credit by its id. Raises NothingToReverse."""
    taken = _taken(
        session, transaction_id, reason=reason, left=Fraction(0), now=now, actor_id=actor_id
    )
    if taken is None:
        raise NothingToReverse("There is nothing left of these points to take back.")
    return taken


def _taken(
    session: Session,
    original_id: UUID,
    *,
    reason: str,
    left: Fraction,
    now: datetime,
    actor_id: UUID | None,
) -> Reversal | None:
    account_id = session.scalar(_LOCK, {"id": original_id})
    if account_id is None:
        return None
    original = session.execute(_READ, {"id": original_id}).one()
    due = _due(original, left)
    if due <= 0:
        return None
    points = min(due, original.available)
    transaction_id = None
    if points:
        transaction_id = ledger.take_back(
            session,
            account_id,
            original_id=original_id,
            points=points,
            reason=reason,
            now=now,
            actor_id=actor_id,
        )
    if due > points:
        debts.owe(
            session,
            account_id,
            original_id=original_id,
            points=due - points,
            reason=reason,
            now=now,
        )
    if original.is_qualifying:
        _lower(session, account_id, due, transaction_id, now=now)
    return Reversal(original_id, transaction_id, points, due - points)


def _due(original: Row[Any], left: Fraction) -> int:
    """What is to go: not what stays, nor what went before, nor what expired by itself."""
    stays = original.points * left.numerator // left.denominator
    return int(original.points - stays - original.reversed - original.expired)


def _lower(
    session: Session, account_id: UUID, points: int, transaction_id: UUID | None, *, now: datetime
) -> None:
    session.execute(
        _LOWER,
        {
            "id": account_id,
            "points": points,
            "transaction_id": transaction_id,
            "change_id": uuid7(),
            "now": now,
        },
    )
