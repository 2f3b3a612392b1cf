"""The ledger as people read it: what moved, why, and which lots a debit drew from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from crm.kit.errors import NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.models import (
    LoyaltyAccount,
    PointsAllocation,
    PointsKind,
    PointsLot,
    PointsTransaction,
    Referral,
    ReferralStatus,
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a debit took out of one lot, and what of it was put back."""

    lot_id: UUID
    earned_by: UUID
    """The transaction that brought the lot."""
    points: int
    restored: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which transactions are looked for."""

    kinds: Collection[PointsKind] = ()
    source_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def search(
    session: Session, account: LoyaltyAccount, wanted: Wanted, *, page: PageRequest
) -> Found[PointsTransaction]:
    """The account's transactions, newest first."""
    query = select(PointsTransaction).where(PointsTransaction.account_id == account.id)
    if wanted.kinds:
        query = query.where(PointsTransaction.kind.in_(wanted.kinds))
    if wanted.source_type is not None:
        query = query.where(PointsTransaction.source_type == wanted.source_type)
    if wanted.since is not None:
        query = query.where(PointsTransaction.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(PointsTransaction.at < wanted.until)
    return keyset(session, query, page, PointsTransaction.seq.desc())


def get(session: Session, account: LoyaltyAccount, transaction_id: UUID) -> PointsTransaction:
    """One transaction of the account. Raises NotFound."""
    found = session.get(PointsTransaction, transaction_id)
    if found is None or found.account_id != account.id:
        raise NotFound("There is no such transaction.")
    return found


def ends_of(
    session: Session, transactions: Collection[PointsTransaction]
) -> Mapping[UUID, datetime]:
    """When the points of each credit expire."""
    ids = [each.id for each in transactions if each.points > 0]
    rows = session.execute(
        select(PointsLot.transaction_id, PointsLot.expires_at).where(
            PointsLot.transaction_id.in_(ids)
        )
    )
    return {row.transaction_id: row.expires_at for row in rows}


def drawn(
    session: Session, transactions: Collection[PointsTransaction]
) -> Mapping[UUID, Sequence[Drawn]]:
    """The lots each debit drew from, soonest to expire first."""
    found: dict[UUID, list[Drawn]] = {each.id: [] for each in transactions if each.points < 0}
    rows = session.execute(
        select(PointsAllocation, PointsLot)
        .join(PointsLot, PointsLot.id == PointsAllocation.lot_id)
        .where(PointsAllocation.transaction_id.in_(found))
        .order_by(PointsLot.expires_at, PointsLot.id)
        .execution_options(populate_existing=True)
    )
    for part, lot in rows:
        found[part.transaction_id].append(
            Drawn(lot.id, lot.transaction_id, part.points, part.restored, lot.expires_at)
        )
    return found


def expiring(session: Session, account: LoyaltyAccount, *, limit: int = 12) -> dict[datetime, int]:
    """How many points end when, soonest first."""
    rows = session.execute(
        select(PointsLot.expires_at, func.sum(PointsLot.remaining))
        .where(PointsLot.account_id == account.id, PointsLot.remaining > 0)
        .group_by(PointsLot.expires_at)
        .order_by(PointsLot.expires_at)
        .limit(limit)
    )
    return {ends: int(points) for ends, points in rows}


def sums(session: Session, account: LoyaltyAccount) -> Mapping[str, int]:
    """What the balance is made of: points by rule, those without one by kind. They add up to it."""
    name = func.coalesce(PointsTransaction.rule, cast(PointsTransaction.kind, Text))
    rows = session.execute(
        select(name, func.sum(PointsTransaction.points))
        .where(PointsTransaction.account_id == account.id)
        .group_by(name)
        .order_by(func.sum(PointsTransaction.points).desc())
    )
    return {by: int(points) for by, points in rows}


def friends(session: Session, patient_id: UUID) -> Mapping[str, int]:
    """How many friends were brought, by what became of it."""
    rows = session.execute(
        select(Referral.status, func.count())
        .where(Referral.referrer_id == patient_id)
        .group_by(Referral.status)
    )
    counts = {status.value: 0 for status in ReferralStatus}
    return counts | {status.value: count for status, count in rows}
