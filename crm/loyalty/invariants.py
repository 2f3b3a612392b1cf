"""The ten rules that the ledger keeps at every moment, each as one query for what breaks it.

Run by a job each night and after every race test. A violation means that somebody wrote past the
ledger's own statements, or that these are wrong.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

RULES = {
    "I1 the balance is the sum of the transactions": """
        select a.id from loyalty_points a
        left join loyalty_transactions t on t.account_id = a.id
        group by a.id having a.available <> coalesce(sum(t.points), 0)
    """,
    "I2 the balance is what the lots still hold": """
        select a.id from loyalty_points a
        left join loyalty_lots l on l.account_id = a.id
        group by a.id having a.available <> coalesce(sum(l.remaining), 0)
    """,
    "I3 every debit is the sum of its allocations": """
        select t.id from loyalty_transactions t
        left join loyalty_allocations g on g.transaction_id = t.id
        group by t.id
        having greatest(- t.points, 0) <> coalesce(sum(g.points), 0)
    """,
    "I4 every lot is what remains of it and what was drawn": """
        select l.id from loyalty_lots l
        join loyalty_transactions t on t.id = l.transaction_id
        left join loyalty_allocations g on g.lot_id = l.id
        group by l.id, t.id
        having l.points <> l.remaining + coalesce(sum(g.points - g.restored), 0)
            or l.account_id <> t.account_id
            or (t.kind in ('earn', 'adjust') and l.points <> t.points)
        union all
        select t.id from loyalty_transactions t
        where t.kind in ('earn', 'adjust')
          and not exists (select from loyalty_lots l where l.transaction_id = t.id)
    """,
    "I5 transactions are numbered without a gap": """
        select a.id from loyalty_points a
        left join loyalty_transactions t on t.account_id = a.id
        group by a.id
        having count(t.id) <> a.seq or coalesce(max(t.seq), 0) <> a.seq
            or coalesce(min(t.seq), 1) <> 1
    """,
    "I6 the balance after each transaction is the sum up to it": """
        select id from (
            select id, balance_after,
                   sum(points) over (partition by account_id order by seq) as running
            from loyalty_transactions
        ) as t where balance_after <> running
    """,
    "I7 what is pending waits for a second person, what is owed are open debts": """
        select a.id from loyalty_points a
        where a.pending <> (
            select coalesce(sum(points), 0) from loyalty_requests r
            where r.account_id = a.id and r.status = 'waiting'
        ) or a.owed <> (
            select coalesce(sum(points - paid), 0) from loyalty_debts d where d.account_id = a.id
        )
    """,
    "I8 members and programme cancel each other out": """
        select a.id from loyalty_points a
        left join loyalty_transactions t on t.account_id = a.id
        group by a.id
        having a.earned <> coalesce(
                sum(t.points) filter (where t.kind in ('earn', 'adjust', 'reversal')), 0)
            or a.redeemed <> - coalesce(
                sum(t.points) filter (where t.kind in ('redeem', 'refund')), 0)
            or a.expired <> - coalesce(sum(t.points) filter (where t.kind = 'expire'), 0)
            or a.qualifying <> coalesce(sum(t.points) filter (where t.is_qualifying), 0) - (
                select coalesce(sum(d.points - d.paid), 0) from loyalty_debts d
                join loyalty_transactions o on o.id = d.original_id and o.is_qualifying
                where d.account_id = a.id
            )
        union all
        select null from (
            select (select coalesce(sum(available), 0) from loyalty_points)
                 - (select coalesce(sum(points), 0) from loyalty_transactions) as difference
        ) as programme where difference <> 0
    """,
    "I9 a redemption has one debit, and one refund where it was given back": """
        select d.id from reward_redemptions d
        left join loyalty_transactions t on t.id = d.debit_id
        left join loyalty_transactions f on f.id = d.refund_id
        left join loyalty_rewards r on r.id = d.reward_id
        where t.kind is distinct from 'redeem' or t.points <> - d.points_spent
           or t.account_id <> d.account_id or t.source_id <> d.id
           or (d.status in ('pending', 'approved', 'fulfilled') and d.refund_id is not null)
           or (d.status in ('rejected', 'cancelled') and d.refund_id is null)
           or (d.refund_id is not null and (
                f.kind <> 'refund' or f.points <> d.points_spent or f.account_id <> d.account_id))
        union all
        select t.id from loyalty_transactions t
        where t.kind in ('redeem', 'refund') and not exists (
            select from reward_redemptions d where t.id in (d.debit_id, d.refund_id)
        )
    """,
    "I10 stock left is stock less what was redeemed and not given back": """
        select r.id from loyalty_rewards r
        left join reward_redemptions d
            on d.reward_id = r.id and d.status in ('pending', 'approved', 'fulfilled')
        where r.stock is not null
        group by r.id having r.stock_left <> r.stock - coalesce(sum(d.quantity), 0)
    """,
}
_COUNT = text(
    " union all ".join(
        f"select '{name}' as rule, count(*) as times from ({query}) as broken"  # noqa: S608 -- ours
        for name, query in RULES.items()
    )
)


def check(session: Session) -> dict[str, int]:
    """How often each rule is broken; nothing but zeros is right.

    One statement, so that all ten see the same moment while others write.
    """
    return {row.rule: row.times for row in session.execute(_COUNT)}


def broken(session: Session) -> dict[str, int]:
    """The rules that do not hold, and how often."""
    return {name: times for name, times in check(session).items() if times}
