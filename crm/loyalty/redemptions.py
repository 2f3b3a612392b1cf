"""Redemptions after they were made: approved, used at the desk, given back, or too late."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text, update
from sqlalchemy.orm import Session

from crm import patients
from crm.kit.errors import NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.loyalty import codes, debts, ledger, spending, validity
from crm.loyalty.refusals import AlreadyDecided
from crm.models import LoyaltyAccount, Patient, Redemption, RedemptionStatus, Reward

OPEN = (RedemptionStatus.PENDING, RedemptionStatus.APPROVED)

_LOCK = text("""
    select d.id, d.account_id, d.reward_id, d.status, d.quantity, d.debit_id, r.refunds_expired
    from reward_redemptions d
    join loyalty_points a on a.id = d.account_id
    join loyalty_rewards r on r.id = d.reward_id
    where d.id = :id
    for no key update of a, d
""")
_RESTOCK = text("""
    update loyalty_rewards set stock_left = stock_left + :quantity
    where id = :id and stock is not null
""")
_LATE = text("""
    select id, account_id from reward_redemptions
    where status in ('pending', 'approved') and expires_at <= :now
    order by expires_at limit :limit
""")
_LOCK_MANY = text("""
    select id from loyalty_points where id = any(cast(:ids as uuid[]))
    order by id for no key update
""")


def get(session: Session, redemption_id: UUID, *, scope: Scope) -> Redemption:
    """One redemption of a member one may see. Raises NotFound."""
    found = session.scalars(_seen_by(scope).where(Redemption.id == redemption_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such redemption.")
    return found


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    patient_id: UUID | None = None,
    reward_id: UUID | None = None,
    statuses: Collection[RedemptionStatus] = (),
) -> Found[Redemption]:
    """The redemptions of the members one may see, newest first."""
    query = _seen_by(scope)
    if patient_id is not None:
        query = query.where(LoyaltyAccount.patient_id == patient_id)
    if reward_id is not None:
        query = query.where(Redemption.reward_id == reward_id)
    if statuses:
        query = query.where(Redemption.status.in_(statuses))
    return keyset(session, query, page, Redemption.id.desc())


def facts(session: Session, redemptions: Collection[Redemption]) -> dict[UUID, tuple[UUID, str]]:
    """Whose each redemption is and what of: patient's id and reward's name. One query."""
    rows = session.execute(
        select(Redemption.id, LoyaltyAccount.patient_id, Reward.name)
        .join(LoyaltyAccount, LoyaltyAccount.id == Redemption.account_id)
        .join(Reward, Reward.id == Redemption.reward_id)
        .where(Redemption.id.in_([each.id for each in redemptions]))
    )
    return {row.id: (row.patient_id, row.name) for row in rows}


def approve(
    session: Session, redemption: Redemption, *, by_id: UUID | None, now: datetime
) -> Redemption:
    """Let the code be used. Raises AlreadyDecided."""
    approved = session.scalar(
        update(Redemption)
        .where(Redemption.id == redemption.id, Redemption.status == RedemptionStatus.PENDING)
        .values(status=RedemptionStatus.APPROVED, decided_by=by_id, decided_at=now, updated_at=now)
        .returning(Redemption)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if approved is None:
        raise AlreadyDecided("This redemption does not wait for approval any more.")
    return approved


def reject(
    session: Session, redemption: Redemption, *, reason: str, by_id: UUID | None, now: datetime
) -> Redemption:
    """Take the code away and give the points back. Raises AlreadyDecided."""
    return _close(
        session, redemption.id, RedemptionStatus.REJECTED, reason=reason, by_id=by_id, now=now
    )


def cancel(
    session: Session, redemption: Redemption, *, reason: str, by_id: UUID | None, now: datetime
) -> Redemption:
    """The member wants the points back instead. Raises AlreadyDecided once the code was used."""
    return _close(
        session, redemption.id, RedemptionStatus.CANCELLED, reason=reason, by_id=by_id, now=now
    )


def renew(session: Session, redemption: Redemption, *, now: datetime) -> str:
    """Another code for one that was lost; the old one is worth nothing. Shown this once.

    Raises AlreadyDecided when it was used, given back or is over.
    """
    code = codes.make()
    renewed = session.scalar(
        update(Redemption)
        .where(Redemption.id == redemption.id, Redemption.status.in_(OPEN))
        .where(Redemption.expires_at > now)
        .values(code_index=spending.index_of(session, code), code_last4=code[-4:], updated_at=now)
        .returning(Redemption)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if renewed is None:
        raise AlreadyDecided("This code was used, given back or is over.")
    return codes.shown(code)


def expire_late(session: Session, *, now: datetime, limit: int = 100) -> int:
    """Close the codes that were not used in time; how many. The points come back where they do."""
    late = session.execute(_LATE, {"now": now, "limit": limit}).all()
    session.execute(_LOCK_MANY, {"ids": [each.account_id for each in late]})
    for each in late:
        locked = _locked(session, each.id)
        if locked.status in OPEN:
            _closed(
                session,
                locked,
                RedemptionStatus.EXPIRED,
                refunds=locked.refunds_expired,
                reason="the code was not used in time",
                by_id=None,
                now=now,
            )
    return len(late)


def _close(
    session: Session,
    redemption_id: UUID,
    status: RedemptionStatus,
    *,
    reason: str,
    by_id: UUID | None,
    now: datetime,
) -> Redemption:
    locked = _locked(session, redemption_id)
    if locked.status not in OPEN:
        raise AlreadyDecided(
            f"This redemption is {locked.status}.", redemption_status=locked.status
        )
    return _closed(session, locked, status, refunds=True, reason=reason, by_id=by_id, now=now)


def _locked(session: Session, redemption_id: UUID) -> Row[Any]:
    """The redemption and its account, ours until the transaction ends."""
    return session.execute(_LOCK, {"id": redemption_id}).one()


def _closed(
    session: Session,
    locked: Row[Any],
    status: RedemptionStatus,
    *,
    refunds: bool,
    reason: str,
    by_id: UUID | None,
    now: datetime,
) -> Redemption:
    """Give stock and points back and close. Order of locks: account, reward, lots."""
    session.execute(_RESTOCK, {"id": locked.reward_id, "quantity": locked.quantity})
    refund_id = None
    if refunds:
        refund_id = _refund(session, locked, reason=reason, by_id=by_id, now=now)
    return session.scalars(
        update(Redemption)
        .where(Redemption.id == locked.id)
        .values(
            status=status,
            refund_id=refund_id,
            reason=reason,
            decided_by=by_id,
            decided_at=now,
            updated_at=now,
        )
        .returning(Redemption)
        .execution_options(populate_existing=True, synchronize_session=False)
    ).one()


def _refund(
    session: Session, locked: Row[Any], *, reason: str, by_id: UUID | None, now: datetime
) -> UUID:
    refund_id, after = ledger.put_back(
        session,
        locked.account_id,
        debit_id=locked.debit_id,
        source=("redemption", locked.id),
        reason=reason,
        grace_until=validity.grace(now),
        now=now,
        actor_id=by_id,
    )
    if after.owed:
        debts.collect(session, locked.account_id, now=now)
    return refund_id


def _seen_by(scope: Scope) -> Select[Redemption]:
    return (
        select(Redemption)
        .join(LoyaltyAccount, LoyaltyAccount.id == Redemption.account_id)
        .join(Patient, Patient.id == LoyaltyAccount.patient_id)
        .where(patients.visible(scope))
        .execution_options(populate_existing=True)
    )
