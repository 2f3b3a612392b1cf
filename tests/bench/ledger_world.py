"""Members with points for the benchmark of the ledger, and the same movements in plain SQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.models import Reward, RewardKind, RewardStatus

COST = 25
"""What one redemption costs."""
GIVEN = 10
"""What one award gives."""
_BASE = 0x7000_8000_0000_0000_0000 | (1 << 100)
_BEGUN = datetime(2026, 1, 1, tzinfo=UTC)

_MEMBERS = """
with n as (
    select n, cast(:prefix || lpad(to_hex(n), 12, '0') as uuid) as id
    from generate_series(0, :members - 1) as n
), p as (
    insert into patient_profiles (id, full_name) select id, 'Someone Bench' from n
)
insert into loyalty_points (id, patient_id, referral_code, tier, tier_since, available, earned,
                            qualifying, seq)
select id, id, 'B' || lpad(to_hex(n), 7, '0'), 'platinum', now(), :lots * :points, :lots * :points,
       :lots * :points, :lots
from n
"""
_LOTS = """
with t as (
    insert into loyalty_transactions (id, account_id, seq, kind, points, balance_after,
                                      is_qualifying, rule, source_type, source_id, at)
    select gen_random_uuid(), a.id, k, 'earn', :points, k * :points, true, 'payment', 'fill',
           gen_random_uuid(), now()
    from loyalty_points a, generate_series(1, :lots) as k
    returning id, account_id, points, seq
)
insert into loyalty_lots (id, account_id, transaction_id, points, remaining, expires_at)
select gen_random_uuid(), account_id, id, points, points,
       timestamptz '2099-01-01' + seq * interval '1 day'
from t
"""

# What the operations do, with nothing asked twice: one statement, whose update is the lock.
PLAIN_AWARD = """
with a as (
    update loyalty_points set available = available + 10, earned = earned + 10,
        qualifying = qualifying + 10, seq = seq + 1
    where id = %(member)s returning id, seq, available
), t as (
    insert into loyalty_transactions (id, account_id, seq, kind, points, balance_after,
                                      is_qualifying, rule, source_type, source_id, at)
    select %(id)s, id, seq, 'earn', 10, available, true, 'payment', 'plain', %(source)s, now()
    from a returning id, account_id
)
insert into loyalty_lots (id, account_id, transaction_id, points, remaining, expires_at)
select %(lot)s, account_id, id, 10, 10, now() + interval '1 year' from t
"""
# Here the lock must be a statement of its own, or lots are read from before it.
PLAIN_LOCK = "select id from loyalty_points where id = %(member)s for no key update"
PLAIN_REDEEM = """
with a as (
    update loyalty_points set available = available - 25, redeemed = redeemed + 25, seq = seq + 1
    where id = %(member)s and available >= 25 returning id, seq, available
), t as (
    insert into loyalty_transactions (id, account_id, seq, kind, points, balance_after,
                                      is_qualifying, source_type, source_id, at)
    select %(id)s, id, seq, 'redeem', -25, available, false, 'redemption', %(source)s, now()
    from a returning id, account_id
), o as (
    select id, remaining, expires_at from loyalty_lots
    where account_id = %(member)s and remaining > 0 order by expires_at, id limit 25
), w as (
    select id, remaining, sum(remaining) over (order by expires_at, id) - remaining as before from o
), d as (
    select id, cast(least(remaining, 25 - before) as bigint) as points from w where before < 25
), s as (
    update loyalty_lots l set remaining = l.remaining - d.points from d where l.id = d.id
), g as (
    insert into loyalty_allocations (transaction_id, lot_id, points)
    select t.id, d.id, d.points from t, d
)
insert into reward_redemptions (id, account_id, reward_id, status, quantity, points_spent,
                                debit_id, code_index, code_last4, expires_at)
select %(source)s, account_id, %(reward)s, 'approved', 1, 25, id, %(code)s, 'ABCD',
       now() + interval '90 days'
from t
"""


def member(number: int) -> UUID:
    """The id of a member and of their account."""
    return UUID(int=_BASE | number)


def fill(engine: Engine, members: int, points_each: int) -> UUID:
    """So many members, each with four lots; returns the id of a reward that never runs out."""
    lots = 4
    sizes = {"members": members, "lots": lots, "points": -(-points_each // lots)}
    with engine.begin() as connection:
        connection.execute(text(_MEMBERS), {**sizes, "prefix": str(member(0))[:-12]})
        connection.execute(text(_LOTS), sizes)
        reward_id = _reward(Session(connection))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    return reward_id


Execute = Callable[[str, dict[str, Any]], Any]
Plain = Callable[[Execute, Callable[[], None], UUID, UUID], None]


def plain_award(execute: Execute, commit: Callable[[], None], member_id: UUID, _: UUID) -> None:
    """One award in plain SQL."""
    ids = {"id": uuid7(), "lot": uuid7(), "source": uuid7()}
    execute(PLAIN_AWARD, {"member": member_id, **ids})
    commit()


def plain_redeem(
    execute: Execute, commit: Callable[[], None], member_id: UUID, reward_id: UUID
) -> None:
    """One redemption in plain SQL."""
    ids = {"id": uuid7(), "source": uuid7(), "reward": reward_id}
    execute(PLAIN_LOCK, {"member": member_id})
    execute(PLAIN_REDEEM, {"member": member_id, "code": uuid7().bytes, **ids})
    commit()


def _reward(session: Session) -> UUID:
    reward = Reward(
        id=uuid7(),
        code="BENCH",
        name="Bench",
        description="For the benchmark.",
        kind=RewardKind.PRIORITY_ACCESS,
        status=RewardStatus.ACTIVE,
        points_cost=COST,
        valid_from=_BEGUN,
    )
    session.add(reward)
    session.flush()
    return reward.id
