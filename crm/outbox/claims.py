"""Taking due messages for delivery: each by one process, leased, with its attempt written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.channels.errors import WINDOW_CLOSED
from crm import gate
from crm.models import Lane, MessageStatus, Purpose
from crm.outbox.outcomes import Outcome, settle

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that only its claimer may send, once, until the lease runs out."""

    id: UUID
    n: int
    """Which attempt this is, from 1."""
    channel: Channel
    purpose: Purpose
    address_id: UUID
    value_sealed: bytes
    body_sealed: bytes
    must_use_template: bool
    attempted_at: datetime


# Right after a broadcast the planner's figures are of the empty queue, and it would sort the whole
# backlog for every claim; without sorts it walks the index and stops at the limit.
_WALK = text("select set_config('enable_sort', 'off', true)")

# An expired row is claimed into its end; every other one with its attempt.
_CLAIM = text(f"""
    with due as materialized (
        select id from messages
        where lane = :lane and status = 'queued' and due_at <= :now and id >= :oldest
        order by due_at, id
        limit :limit
        for update skip locked
    ), m as (
        update messages set
            status = case when expires_at < :now then 'expired' else 'sending' end,
            attempts = attempts + 1, lease_until = :lease_until, status_at = :now
        from due where messages.id = due.id and messages.id >= :oldest
        returning messages.*
    ), tried as (
        insert into message_attempts (message_id, n, started_at)
        select id, attempts, :now from m where status = 'sending'
    )
    select m.id, m.status, m.attempts, m.purpose, m.address_id, m.body_sealed,
        m.error_code, a.value_sealed, {gate.COLUMNS}
    from m {gate.JOINS}
""")  # noqa: S608 -- the pieces are our own


def oldest_claimable() -> UUID:
    """The bound that keeps old partitions out of every plan."""
    return gate.reach()


def claim(session: Session, lane: Lane, *, now: datetime, limit: int = 25) -> list[Claimed]:
    """Take what is due in this lane, as many as the limit; an empty list means nothing is due.

    What has expired ends here, and what the gate now turns away is put back or stopped.
    """
    while True:
        rows = _take(session, lane, now=now, limit=limit)
        claimed = _pass_gate(session, rows, now=now)
        if claimed or not rows:
            return claimed


def _take(session: Session, lane: Lane, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    session.execute(_WALK)
    values = {
        "lane": lane,
        "now": now,
        "oldest": oldest_claimable(),
        "lease_until": now + LEASE,
        "limit": limit,
    }
    return session.execute(_CLAIM, values).all()


def _pass_gate(session: Session, rows: Sequence[Row[Any]], *, now: datetime) -> list[Claimed]:
    claimed, turned_away = [], []
    for row in rows:
        if row.status == MessageStatus.EXPIRED:
            continue
        verdict = gate.verdict(gate.facts_of(row), purpose=Purpose(row.purpose), now=now)
        if verdict.kind is gate.Kind.GO:
            claimed.append(_claimed(row, verdict, now))
        else:
            turned_away.append(Outcome.turned_away(row.id, row.attempts, verdict))
    settle(session, turned_away, now=now)
    return claimed


def _claimed(row: Row[Any], verdict: gate.Verdict, now: datetime) -> Claimed:
    return Claimed(
        id=row.id,
        n=row.attempts,
        channel=Channel(row.channel),
        purpose=Purpose(row.purpose),
        address_id=row.address_id,
        value_sealed=row.value_sealed,
        body_sealed=row.body_sealed,
        # The carrier's word on the window outweighs our own.
        must_use_template=verdict.must_use_template or row.error_code == WINDOW_CLOSED,
        attempted_at=now,
    )
