"""The catalogue of rewards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from crm import hospitals
from crm.kit.errors import Denied, DomainError, Invalid, NotFound, StaleVersion
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.kit.violations import meaning
from crm.models import (
    LoyaltyAccount,
    LoyaltyTier,
    Patient,
    Reward,
    RewardKind,
    RewardStatus,
)


class CodeTaken(DomainError):
    """Another reward has this code."""

    code = "code_taken"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rewards are looked for."""

    kinds: Collection[RewardKind] = ()
    hospital_id: UUID | None = None
    tier: str | None = None
    most_points: int | None = None
    is_active: bool = True
    text: str | None = None


def search(
    session: Session, wanted: Wanted, *, scope: Scope, page: PageRequest, now: datetime
) -> Found[Reward]:
    """The rewards, by name: those given now, unless the others are asked for too."""
    query = _filtered(select(Reward), wanted)
    if wanted.is_active:
        query = query.where(
            Reward.status == RewardStatus.ACTIVE,
            Reward.valid_from <= now,
            or_(Reward.valid_until.is_(None), Reward.valid_until > now),
        )
    if scope.is_staff:
        query = query.where(or_(Reward.hospital_id.is_(None), scope.where(Reward.hospital_id)))
    return keyset(session, query, page, Reward.name, Reward.id)


def get(session: Session, reward_id: UUID, *, scope: Scope) -> Reward:
    """One reward of everywhere or of a hospital in the scope. Raises NotFound."""
    reward = session.get(Reward, reward_id, populate_existing=True)
    if reward is None or not _may_see(reward, scope):
        raise NotFound("There is no such reward.")
    return reward


def create(
    session: Session, *, scope: Scope, now: datetime, stock: int | None, **fields: Any
) -> Reward:
    """Add a reward. Raises CodeTaken, Invalid, Denied, NotFound."""
    reward = Reward(
        id=uuid7(), stock=stock, stock_left=stock, created_at=now, updated_at=now, **fields
    )
    _refuse_unless_may_write(session, reward, scope)
    _check(session, reward)
    with meaning(session, {"uq_loyalty_rewards_code": CodeTaken("That code is taken.")}):
        session.add(reward)
    return reward


def change(
    session: Session,
    reward: Reward,
    *,
    version: int,
    changes: Mapping[str, Any],
    scope: Scope,
    now: datetime,
) -> Reward:
    """Change fields; what was redeemed keeps its price. Raises StaleVersion, Invalid, CodeTaken.

    The row is locked, so that new stock and a redemption do not lose each other.
    """
    session.refresh(reward, with_for_update={"key_share": True})
    _refuse_unless_may_write(session, reward, scope)
    if reward.version != version:
        raise StaleVersion("Somebody changed it since you read it.", version=reward.version)
    with meaning(session, {"uq_loyalty_rewards_code": CodeTaken("That code is taken.")}):
        for name, value in changes.items():
            _set_stock(reward, value) if name == "stock" else setattr(reward, name, value)
        _check(session, reward)
        reward.version, reward.updated_at = version + 1, now
    return reward


def end_those_over(session: Session, *, now: datetime) -> int:
    """Mark the rewards whose time is over; how many."""
    ended = session.scalars(
        update(Reward)
        .where(Reward.status == RewardStatus.ACTIVE, Reward.valid_until <= now)
        .values(status=RewardStatus.ENDED, version=Reward.version + 1, updated_at=now)
        .returning(Reward.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


@dataclass(frozen=True, slots=True)
class Chance:
    """Whether a member may have a reward, and has the points for it."""

    reasons: list[str]
    is_affordable: bool

    @property
    def is_eligible(self) -> bool:
        """True when nothing but points may be missing."""
        return not self.reasons


def chances(
    session: Session, rewards: Collection[Reward], account: LoyaltyAccount
) -> dict[UUID, Chance]:
    """The member's chance of each reward, before limits and stock. Two queries."""
    tiers = session.execute(select(LoyaltyTier.code, LoyaltyTier.min_points))
    standings = {row.code: row.min_points for row in tiers}
    home = session.scalar(select(Patient.home_hospital_id).where(Patient.id == account.patient_id))
    return {
        reward.id: Chance(
            why_not(
                standing=standings[account.tier],
                standing_wanted=standings[reward.min_tier] if reward.min_tier else None,
                home=home,
                place=reward.hospital_id,
            ),
            account.available >= reward.points_cost,
        )
        for reward in rewards
    }


def why_not(
    *, standing: int, standing_wanted: int | None, home: UUID | None, place: UUID | None
) -> list[str]:
    """The reasons for which a member may not have a reward, as `redeem_points` finds them."""
    reasons = []
    if standing < (standing_wanted or 0):
        reasons.append("tier_too_low")
    if place is not None and home != place:
        reasons.append("other_hospital")
    return reasons


def _filtered(query: Select[Reward], wanted: Wanted) -> Select[Reward]:
    if wanted.kinds:
        query = query.where(Reward.kind.in_(wanted.kinds))
    if wanted.hospital_id is not None:
        here = Reward.hospital_id == wanted.hospital_id
        query = query.where(or_(Reward.hospital_id.is_(None), here))
    if wanted.tier is not None:
        query = query.where(Reward.min_tier == wanted.tier)
    if wanted.most_points is not None:
        query = query.where(Reward.points_cost <= wanted.most_points)
    if wanted.text:
        query = query.where(Reward.name.icontains(wanted.text, autoescape=True))
    return query


def _may_see(reward: Reward, scope: Scope) -> bool:
    return reward.hospital_id is None or not scope.is_staff or scope.covers(reward.hospital_id)


def _refuse_unless_may_write(session: Session, reward: Reward, scope: Scope) -> None:
    """A reward of everywhere is the group's; one hospital's is that hospital's."""
    if reward.hospital_id is None and scope.hospitals is not None:
        raise Denied("A reward of all hospitals is made by the group's administrators.")
    if reward.hospital_id is not None:
        hospitals.get(session, reward.hospital_id, scope=scope)


def _set_stock(reward: Reward, stock: int | None) -> None:
    """More or fewer in all; those already redeemed stay counted."""
    gone = (reward.stock or 0) - (reward.stock_left or 0)
    if stock is not None and stock < gone:
        raise Invalid("stock", f"{gone} were redeemed already.", code="below_redeemed")
    if reward.stock is None and stock is not None:
        raise Invalid("stock", "A reward without end stays so; make another.", code="endless")
    reward.stock, reward.stock_left = stock, None if stock is None else stock - gone


def _check(session: Session, reward: Reward) -> None:
    """What the database checks too, in words about a field. Raises Invalid."""
    if (reward.kind is RewardKind.DISCOUNT_PERCENT) != (reward.value_bps is not None):
        raise Invalid("value_bps", "A percentage belongs to a percentage discount, and only there.")
    if reward.kind is RewardKind.DISCOUNT_AMOUNT and reward.value_kobo is None:
        raise Invalid("value_kobo", "Say how much the discount is.", code="missing")
    if reward.valid_until is not None and reward.valid_until <= reward.valid_from:
        raise Invalid("valid_until", "It must end after it begins.")
    if reward.min_tier is not None and session.get(LoyaltyTier, reward.min_tier) is None:
        raise Invalid("min_tier", "There is no such tier.", code="unknown")
