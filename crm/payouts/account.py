"""An owner's account with us: on its way, not taken by the bank, waiting, held, and paid last."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.kit.permissions import Scope
from crm.models import Payout, PayoutStatus
from crm.payouts.reading import visible

_S = PayoutStatus
_APPROVED = (_S.APPROVED, _S.PROCESSING)


@dataclass(frozen=True, slots=True)
class Account:
    """How an owner stands with us."""

    approved_kobo: int
    failed_kobo: int
    """What the bank did not take; it is tried again."""
    pending_kobo: int
    held_kobo: int
    last: Payout | None
    """The payment that reached the bank last."""


def account(session: Session, owner_id: UUID) -> Account:
    """What is coming to an owner, and what came last. Two queries."""
    mine = visible(Scope(frozenset(), owner_id=owner_id))
    by_status: dict[PayoutStatus, int] = {
        status: int(kobo)
        for status, kobo in session.execute(
            select(Payout.status, func.sum(Payout.net_kobo)).where(mine).group_by(Payout.status)
        )
    }
    last = session.scalar(
        select(Payout)
        .where(mine, Payout.status == _S.COMPLETED, Payout.net_kobo > 0)
        .order_by(Payout.paid_at.desc(), Payout.id.desc())
        .limit(1)
    )
    return Account(
        approved_kobo=sum(by_status.get(status, 0) for status in _APPROVED),
        failed_kobo=by_status.get(_S.FAILED, 0),
        pending_kobo=by_status.get(_S.PENDING_APPROVAL, 0),
        held_kobo=by_status.get(_S.ON_HOLD, 0),
        last=last,
    )
