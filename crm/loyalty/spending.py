"""Spending points on a reward: stock, limits and points settled in one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Row, column, text
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.kit.crypto import Vault
from crm.kit.errors import NotFound
from crm.kit.ids import uuid7
from crm.loyalty import accounts, codes, ledger, limits, validity
from crm.loyalty.refusals import (
    InsufficientPoints,
    LimitReached,
    NotEligible,
    OutOfStock,
    RewardEnded,
)
from crm.models import RedemptionStatus, RewardStatus

CODE = "reward_redemptions.code"

# A join on what may change (the tier) would lose the row when it changes while we wait.
_LOCK = text("""
    select a.id, a.status, a.available,
           (select min_points from loyalty_tiers where code = a.tier) as standing,
           (select min_points from loyalty_tiers where code = r.min_tier) as standing_wanted,
           p.home_hospital_id, r.id as reward_id, r.status as reward_status, r.hospital_id,
           r.points_cost, r.stock, r.member_limit, r.limit_period, r.min_tier, r.valid_from,
           r.valid_until, r.voucher_days, r.needs_approval
    from loyalty_points a
    join patient_profiles p on p.id = a.patient_id
    join loyalty_rewards r on r.id = :reward_id
    where a.patient_id = :patient_id
    for no key update of a
""").columns(
    column("id"),
    column("status"),
    column("available"),
    column("standing"),
    column("standing_wanted"),
    column("home_hospital_id"),
    column("reward_id"),
    column("reward_status"),
    column("hospital_id"),
    column("points_cost"),
    column("stock"),
    column("member_limit"),
    column("limit_period"),
    column("min_tier"),
    column("valid_from"),
    column("valid_until"),
    column("voucher_days"),
    column("needs_approval"),
)
_REDEEM = text(f"""
    with b as (
        select id, seq, available from loyalty_points
        where id = :account_id and available >= :points
          and (cast(:member_limit as int) is null
               or {limits.TAKEN} + :quantity <= cast(:member_limit as int))
    ), k as (
        update loyalty_rewards r set stock_left = r.stock_left - :quantity
        from b where r.id = :reward_id and r.stock_left >= :quantity and r.status = 'active'
        returning r.id
    ), a as (
        select b.* from b where :is_endless or exists (select from k)
    ), t as (
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying,
            source_type, source_id, actor_id, at
        )
        select cast(:debit_id as uuid), a.id, a.seq + 1, 'redeem', - :points,
               a.available - :points, false, 'redemption', cast(:id as uuid),
               cast(:actor_id as uuid), cast(:now as timestamptz)
        from a
        returning id, seq, balance_after
    ), {ledger.draw()}, q as (
        insert into reward_redemptions (
            id, account_id, reward_id, status, quantity, points_spent, debit_id,
            code_index, code_last4, expires_at, note, created_at, updated_at
        )
        select cast(:id as uuid), :account_id, :reward_id, :status, :quantity, :points, t.id,
               cast(:code_index as bytea), :code_last4, cast(:expires_at as timestamptz),
               cast(:note as text), cast(:now as timestamptz), cast(:now as timestamptz)
        from t
    )
    update loyalty_points p
    set seq = t.seq, available = t.balance_after, redeemed = p.redeemed + :points,
        updated_at = :now
    from t where p.id = :account_id
    returning p.available, (select sum(points) from d) as drawn
""").columns(column("available"), column("drawn"))  # noqa: S608 -- the pieces are our own
_LEFT = text("select stock_left from loyalty_rewards where id = :id")


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
    """Spend points on a reward; a code for the desk comes back. Two round trips.

    Raises, in this order: NotEnrolled, AccountFrozen; RewardEnded; NotEligible; LimitReached;
    OutOfStock; InsufficientPoints. Then nothing has changed.
    """
    found = _locked(session, patient_id, reward_id)
    accounts.refuse_unless_active(found.status)
    _refuse_unless_given(found, now)
    _refuse_unless_eligible(found)
    return _spent(session, found, quantity=quantity, note=note, actor_id=actor_id, now=now)


def _locked(session: Session, patient_id: UUID, reward_id: UUID) -> Row[Any]:
    wanted = {"patient_id": patient_id, "reward_id": reward_id}
    found = session.execute(_LOCK, wanted).one_or_none()
    if found is None:
        accounts.of(session, patient_id)
        raise NotFound("There is no such reward.")
    return found


def _refuse_unless_given(found: Row[Any], now: datetime) -> None:
    is_on = found.reward_status == RewardStatus.ACTIVE and found.valid_from <= now
    if not is_on or (found.valid_until is not None and found.valid_until <= now):
        raise RewardEnded("This reward is not given now.")


def _refuse_unless_eligible(found: Row[Any]) -> None:
    reasons = why_not(
        standing=found.standing,
        standing_wanted=found.standing_wanted,
        home=found.home_hospital_id,
        place=found.hospital_id,
    )
    if reasons:
        raise NotEligible("This reward is not for this member.", reasons=reasons)


def why_not(
    *, standing: int, standing_wanted: int | None, home: UUID | None, place: UUID | None
) -> list[str]:
    """The reasons for which a member may not have a reward, whatever their points."""
    reasons = []
    if standing < (standing_wanted or 0):
        reasons.append("tier_too_low")
    if place is not None and home != place:
        reasons.append("other_hospital")
    return reasons


def _spent(
    session: Session,
    found: Row[Any],
    *,
    quantity: int,
    note: str | None,
    actor_id: UUID | None,
    now: datetime,
) -> Redeemed:
    id_, code, points = uuid7(), codes.make(), found.points_cost * quantity
    status = RedemptionStatus.PENDING if found.needs_approval else RedemptionStatus.APPROVED
    expires_at = validity.day_end(lagos_day(now) + timedelta(days=found.voucher_days))
    written = session.execute(
        _REDEEM,
        {
            "id": id_,
            "debit_id": uuid7(),
            "account_id": found.id,
            "reward_id": found.reward_id,
            "points": points,
            "quantity": quantity,
            "member_limit": found.member_limit,
            "since": limits.began(found.limit_period, now),
            "is_endless": found.stock is None,
            "status": status.value,
            "code_index": index_of(session, code),
            "code_last4": code[-4:],
            "expires_at": expires_at,
            "note": note,
            "actor_id": actor_id,
            "now": now,
        },
    ).one_or_none()
    if written is None:
        _refuse(session, found, quantity, points, now)
    ledger.check_drawn(written, points)
    return Redeemed(id_, status, points, written.available, codes.shown(code), expires_at)


def index_of(session: Session, code: str) -> bytes:
    """The blind index under which a code is kept."""
    vault: Vault = session.info["vault"]
    return vault.index(code, domain=CODE)


def _refuse(
    session: Session, found: Row[Any], quantity: int, points: int, now: datetime
) -> NoReturn:
    """Say which of the three it was, in the order a member would want to know."""
    if found.member_limit is not None:
        since = limits.began(found.limit_period, now)
        taken = limits.taken(session, found.id, found.reward_id, since=since)
        if taken + quantity > found.member_limit:
            raise LimitReached(
                "No more of these for now.",
                limit=found.member_limit,
                resets_on=limits.resets_on(found.limit_period, now),
            )
    left = session.scalar(_LEFT, {"id": found.reward_id})
    if left is not None and left < quantity:
        raise OutOfStock("There are not so many left.", stock_left=left)
    if found.available < points:
        raise InsufficientPoints(
            f"It costs {points:,} points; there are {found.available:,}.",
            needed=points,
            available=found.available,
        )
    raise RewardEnded("This reward has just been taken off.")
