"""Spending points on a reward.

The redemption itself is the function `redeem_points` of the database: one round trip, in which the
account is locked by one statement and its lots are read by a later one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, column, text
from sqlalchemy.orm import Session

from crm.kit.crypto import Vault
from crm.kit.errors import DomainError, NotFound
from crm.kit.ids import uuid7
from crm.loyalty import codes
from crm.loyalty.refusals import (
    AccountFrozen,
    InsufficientPoints,
    LimitReached,
    NotEligible,
    NotEnrolled,
    OutOfStock,
    RewardEnded,
)
from crm.models import RedemptionStatus

CODE = "reward_redemptions.code"

_REDEEMED = "redeemed"
_REDEEM = text("""
    select outcome, points, available, status, expires_at, reasons, member_limit, resets_on,
           stock_left
    from redeem_points(
        :patient_id, :reward_id, :quantity, :note, :actor_id, :now,
        :id, :debit_id, :code_index, :code_last4
    )
""").columns(
    *map(
        column,
        (
            "outcome",
            "points",
            "available",
            "status",
            "expires_at",
            "reasons",
            "member_limit",
            "resets_on",
            "stock_left",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Points spent. The code is shown this once."""

    id: UUID
    status: RedemptionStatus
    points: int
    available: int
    code: str
    expires_at: datetime


def redeem(
    session: Session,
    *,
    patient_id: UUID,
    reward_id: UUID,
    now: datetime,
    quantity: int = 1,
    note: str | None = None,
    actor_id: UUID | None = None,
) -> Redeemed:
    """Spend points on a reward; a code for the desk comes back. One round trip.

    Raises, in this order: NotEnrolled, AccountFrozen; NotFound, RewardEnded; NotEligible;
    LimitReached; OutOfStock; InsufficientPoints. Then nothing has changed.
    """
    id_, code = uuid7(), codes.make()
    found = session.execute(
        _REDEEM,
        {
            "patient_id": patient_id,
            "reward_id": reward_id,
            "quantity": quantity,
            "note": note,
            "actor_id": actor_id,
            "now": now,
            "id": id_,
            "debit_id": uuid7(),
            "code_index": index_of(session, code),
            "code_last4": code[-4:],
        },
    ).one()
    if found.outcome != _REDEEMED:
        raise _refusal(found)
    return Redeemed(
        id_,
        RedemptionStatus(found.status),
        found.points,
        found.available,
        codes.shown(code),
        found.expires_at,
    )


def index_of(session: Session, code: str) -> bytes:
    """The blind index under which a code is kept."""
    vault: Vault = session.info["vault"]
    return vault.index(code, domain=CODE)


def _refusal(found: Row[Any]) -> DomainError:
    refusal: DomainError = NotFound("There is no such reward.")
    match found.outcome:
        case "not_enrolled":
            refusal = NotEnrolled("This patient does not collect points yet.")
        case "account_frozen":
            refusal = AccountFrozen(f"This account is {found.status}.", account_status=found.status)
        case "reward_ended":
            refusal = RewardEnded("This reward is not given now.")
        case "not_eligible":
            refusal = NotEligible("This reward is not for this member.", reasons=found.reasons)
        case "limit_reached":
            resets_on = found.resets_on and found.resets_on.isoformat()
            refusal = LimitReached(
                "No more of these for now.", limit=found.member_limit, resets_on=resets_on
            )
        case "out_of_stock":
            refusal = OutOfStock("There are not so many left.", stock_left=found.stock_left)
        case "insufficient_points":
            refusal = InsufficientPoints(
                f"It costs {found.points:,} points; there are {found.available:,}.",
                needed=found.points,
                available=found.available,
            )
    return refusal
