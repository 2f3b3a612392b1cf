"""Points given by hand: a few by one person, many by two."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from crm import patients
from crm.kit.clock import lagos_day
from crm.kit.errors import Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Scope
from crm.loyalty import accounts, earning, validity
from crm.loyalty.earning import Award
from crm.loyalty.ledger import Credit
from crm.loyalty.refusals import AlreadyDecided, SameApprover
from crm.models import (
    LoyaltyAccount,
    Patient,
    PointsRequest,
    PointsRequestStatus,
)

ALONE = 500
"""What one person may give without another."""

_WAIT = text("update loyalty_points set pending = pending + :points where id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Points that somebody gives, and why."""

    points: int
    reason: str
    is_qualifying: bool = False
    expires_on: date | None = None


def give(
    session: Session, patient_id: UUID, gift: Gift, *, by: Actor, now: datetime
) -> Award | PointsRequest:
    """Give the points, or above 500 ask a second person. Raises AccountFrozen, Invalid."""
    if gift.expires_on is not None and gift.expires_on < lagos_day(now):
        raise Invalid("expires_on", "That day is over.")
    account = accounts.locked(session, accounts.enrol(session, patient_id, now=now).id)
    accounts.refuse_unless_active(account.status)
    if gift.points > ALONE and by.id is not None:
        return _ask(session, account.id, gift, by_id=by.id, now=now)
    return _given(session, account.id, gift, by_id=by.id, now=now)


def waiting(session: Session, *, scope: Scope, page: PageRequest) -> Found[PointsRequest]:
    """The requests that wait for a second person, oldest first."""
    query = (
        select(PointsRequest)
        .join(LoyaltyAccount, LoyaltyAccount.id == PointsRequest.account_id)
        .join(Patient, Patient.id == LoyaltyAccount.patient_id)
        .where(PointsRequest.status == PointsRequestStatus.WAITING, patients.visible(scope))
    )
    return keyset(session, query, page, PointsRequest.id)


def approve(
    session: Session, request_id: UUID, *, scope: Scope, by: Actor, now: datetime
) -> tuple[PointsRequest, Award]:
    """Give what another person asked for. Raises NotFound, SameApprover, AlreadyDecided."""
    request = _decidable(session, request_id, scope=scope, by=by)
    gift = Gift(
        points=request.points,
        reason=request.reason,
        is_qualifying=request.is_qualifying,
        expires_on=request.expires_on,
    )
    given = _given(session, request.account_id, gift, by_id=by.id, now=now)
    request.transaction_id = given.transaction_id
    return _decided(session, request, PointsRequestStatus.APPROVED, by=by, now=now), given


def reject(
    session: Session, request_id: UUID, *, scope: Scope, by: Actor, now: datetime
) -> PointsRequest:
    """Do not give them. Raises NotFound, SameApprover, AlreadyDecided."""
    request = _decidable(session, request_id, scope=scope, by=by)
    return _decided(session, request, PointsRequestStatus.REJECTED, by=by, now=now)


def patient_of(session: Session, request: PointsRequest) -> UUID:
    """Whom the points are for."""
    return session.get_one(LoyaltyAccount, request.account_id).patient_id


def _ask(
    session: Session, account_id: UUID, gift: Gift, *, by_id: UUID, now: datetime
) -> PointsRequest:
    request = PointsRequest(
        id=uuid7(),
        account_id=account_id,
        status=PointsRequestStatus.WAITING,
        points=gift.points,
        reason=gift.reason,
        is_qualifying=gift.is_qualifying,
        expires_on=gift.expires_on,
        requested_by=by_id,
        created_at=now,
        updated_at=now,
    )
    session.add(request)
    session.flush()
    session.execute(_WAIT, {"id": account_id, "points": gift.points})
    return request


def _given(
    session: Session, account_id: UUID, gift: Gift, *, by_id: UUID | None, now: datetime
) -> Award:
    usual = validity.month_end(now)
    until = validity.day_end(gift.expires_on) if gift.expires_on else usual
    credit = Credit(
        account_id=account_id,
        points=gift.points,
        expires_at=until,
        is_qualifying=gift.is_qualifying,
        reason=gift.reason,
        actor_id=by_id,
    )
    return earning.give(session, credit, now=now)


def _decidable(session: Session, request_id: UUID, *, scope: Scope, by: Actor) -> PointsRequest:
    """The request, its account locked first: whoever comes second finds it decided."""
    request = session.get(PointsRequest, request_id)
    if request is None:
        raise NotFound("There is no such request.")
    patients.get(session, patient_of(session, request), scope=scope)
    accounts.locked(session, request.account_id)
    session.refresh(request)
    if request.status is not PointsRequestStatus.WAITING:
        raise AlreadyDecided(f"This request was {request.status}.", request_status=request.status)
    if request.requested_by == by.id:
        raise SameApprover("Another person must decide what you have asked for.")
    return request


def _decided(
    session: Session,
    request: PointsRequest,
    status: PointsRequestStatus,
    *,
    by: Actor,
    now: datetime,
) -> PointsRequest:
    request.status, request.decided_by, request.decided_at = status, by.id, now
    request.updated_at = now
    session.flush()
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.id == request.account_id)
        .values(pending=LoyaltyAccount.pending - request.points)
        .execution_options(synchronize_session=False)
    )
    return request
