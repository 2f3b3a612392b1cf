"""Points of two records that become one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.kit.permissions import Actor
from crm.loyalty import accounts, earning
from crm.loyalty.ledger import Credit, draw
from crm.models import LoyaltyAccount, LoyaltyStatus, PointsKind

REASON = "from a record that was merged"

_LOTS = text("""
    select l.remaining, l.expires_at, t.is_qualifying
    from loyalty_lots l join loyalty_transactions t on t.id = l.transaction_id
    where l.account_id = :account_id and l.remaining > 0 order by l.expires_at, l.id
""")
_TAKE_OUT = text(f"""
    with a as (
        select id, seq, available from loyalty_points where id = :account_id
    ), t as (
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying, reason, actor_id, at
        )
        select cast(:id as uuid), a.id, a.seq + 1, 'expire', - :points, a.available - :points,
               false, cast(:reason as text), cast(:actor_id as uuid), cast(:now as timestamptz)
        from a
        returning id, seq, balance_after
    ), {draw()}
    update loyalty_points p
    set seq = t.seq, available = t.balance_after, expired = p.expired + :points
    from t where p.id = :account_id
""")  # noqa: S608 -- the pieces are our own


def move(session: Session, kept_id: UUID, gone_id: UUID, *, by: Actor, now: datetime) -> None:
    """Let the patient who stays have the points of both, each until it would have expired.

    A single account changes its holder. Of two, the one that goes is emptied and closed; its
    history, and codes that were drawn from it, stay where they are.
    """
    held = _accounts(session, kept_id, gone_id)
    if gone_id not in held:
        return
    if kept_id not in held:
        _hand_over(session, held[gone_id], kept_id, now=now)
        return
    for account_id in sorted(held.values()):
        accounts.locked(session, account_id)
    lots = session.execute(_LOTS, {"account_id": held[gone_id]}).all()
    if lots:
        _take_out(session, held[gone_id], lots, by=by, now=now)
    for lot in lots:
        _put_in(session, held[kept_id], lot, by=by, now=now)
    _close(session, held[gone_id], now=now)


def _accounts(session: Session, *patient_ids: UUID) -> dict[UUID, UUID]:
    """The account of each patient who has one."""
    rows = session.execute(
        select(LoyaltyAccount.patient_id, LoyaltyAccount.id).where(
            LoyaltyAccount.patient_id.in_(patient_ids)
        )
    )
    return {row.patient_id: row.id for row in rows}


def _hand_over(session: Session, account_id: UUID, patient_id: UUID, *, now: datetime) -> None:
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.id == account_id)
        .values(patient_id=patient_id, updated_at=now)
    )


def _take_out(
    session: Session, account_id: UUID, lots: Sequence[Row[Any]], *, by: Actor, now: datetime
) -> None:
    given = {
        "id": uuid7(),
        "account_id": account_id,
        "points": sum(lot.remaining for lot in lots),
        "reason": "moved with its record",
        "actor_id": by.id,
        "now": now,
    }
    session.execute(_TAKE_OUT, given)


def _put_in(session: Session, account_id: UUID, lot: Row[Any], *, by: Actor, now: datetime) -> None:
    credit = Credit(
        account_id=account_id,
        kind=PointsKind.ADJUST,
        points=lot.remaining,
        expires_at=lot.expires_at,
        is_qualifying=lot.is_qualifying,
        reason=REASON,
        actor_id=by.id,
    )
    earning.give(session, credit, now=now)


def _close(session: Session, account_id: UUID, *, now: datetime) -> None:
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.id == account_id)
        .values(status=LoyaltyStatus.CLOSED, updated_at=now)
    )
