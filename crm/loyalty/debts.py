"""Debts: points that were taken back after they had been spent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.loyalty import accounts, ledger
from crm.models import LoyaltyAccount, PointsDebt


def owe(
    session: Session,
    account_id: UUID,
    *,
    original_id: UUID,
    points: int,
    reason: str,
    now: datetime,
) -> None:
    """Write down what could not be taken back now. The account is locked by the caller."""
    session.add(
        PointsDebt(
            id=uuid7(),
            account_id=account_id,
            original_id=original_id,
            points=points,
            reason=reason,
            created_at=now,
            updated_at=now,
        )
    )
    session.flush()
    _owed_by(session, account_id, points)


def collect(session: Session, account_id: UUID, *, now: datetime) -> int:
    """Pay open debts, oldest first, out of what has come in; how many points that took.

    The account is locked by the caller. The tier has felt it already, when the debt was made.
    """
    account = accounts.locked(session, account_id)
    left: int = account.available
    for debt in _open(session, account) if account.owed else ():
        paid = min(left, debt.points - debt.paid)
        if not paid:
            break
        _pay(session, debt, paid, now=now)
        left -= paid
    return int(account.available) - left


def _open(session: Session, account: Row[Any]) -> list[PointsDebt]:
    return list(
        session.scalars(
            select(PointsDebt)
            .where(PointsDebt.account_id == account.id, PointsDebt.paid < PointsDebt.points)
            .order_by(PointsDebt.id)
            .execution_options(populate_existing=True)
        )
    )


def _pay(session: Session, debt: PointsDebt, points: int, *, now: datetime) -> None:
    ledger.take_back(
        session,
        debt.account_id,
        original_id=debt.original_id,
        points=points,
        reason=debt.reason,
        now=now,
    )
    debt.paid, debt.updated_at = debt.paid + points, now
    session.flush()
    _owed_by(session, debt.account_id, -points)


def _owed_by(session: Session, account_id: UUID, points: int) -> None:
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.id == account_id)
        .values(owed=LoyaltyAccount.owed + points)
        .execution_options(synchronize_session=False)
    )
