"""How points are shown."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

from bot.channels.carrier import Channel
from bot.texts import knows, say
from crm.api.kit import Out
from crm.kit.clock import lagos_day
from crm.loyalty import Award, Reversal, tiers
from crm.loyalty.history import Drawn
from crm.models import (
    LoyaltyAccount,
    LoyaltyStatus,
    LoyaltyTier,
    PointsKind,
    PointsRequest,
    PointsRequestStatus,
    PointsTransaction,
    TierChange,
)

_BASIS = "lifetime_qualifying_points"


class TierOut(Out):
    """A tier and what it brings."""

    code: str
    name: str
    min_points: int
    benefits: list[str]


class StandingOut(TierOut):
    """The member's tier."""

    since: datetime
    basis: str = _BASIS
    qualifying_points: int


class NextTierOut(Out):
    """The tier above, and how far it is."""

    code: str
    name: str
    points_needed: int


class ExpiringOut(Out):
    """Points whose last day this is."""

    on: date
    points: int


class FriendsOut(Out):
    """The code to give to friends, and what became of those who came."""

    code: str
    pending: int
    rewarded: int


class TierChangeOut(Out):
    """When the member rose or fell."""

    from_tier: str
    to_tier: str
    at: datetime


class AccountOut(Out):
    """A member's points: `available` may be spent, `pending` waits for a second person.

    `owed` was taken back after it had been spent; the next points pay it.
    """

    patient_id: UUID
    status: LoyaltyStatus
    status_reason: str | None
    available: int
    pending: int
    owed: int
    lifetime_earned: int
    redeemed: int
    expired: int
    tier: StandingOut
    next_tier: NextTierOut | None
    expiring: list[ExpiringOut]
    referral: FriendsOut
    tier_changes: list[TierChangeOut]

    @classmethod
    def of(
        cls,
        account: LoyaltyAccount,
        *,
        steps: Sequence[LoyaltyTier],
        expiring: Mapping[datetime, int],
        friends: Mapping[str, int],
        changes: Sequence[TierChange],
    ) -> Self:
        """The shape of an account with what stands beside it."""
        here = next(step for step in steps if step.code == account.tier)
        return cls(
            patient_id=account.patient_id,
            status=account.status,
            status_reason=account.status_reason,
            available=account.available,
            pending=account.pending,
            owed=account.owed,
            lifetime_earned=account.earned,
            redeemed=account.redeemed,
            expired=account.expired,
            tier=StandingOut(
                **TierOut.model_validate(here).model_dump(),
                since=account.tier_since,
                qualifying_points=account.qualifying,
            ),
            next_tier=_above(steps, account),
            expiring=[
                ExpiringOut(on=last_day(ends), points=points) for ends, points in expiring.items()
            ],
            referral=FriendsOut(
                code=account.referral_code,
                pending=friends["pending"] + friends["review"],
                rewarded=friends["rewarded"],
            ),
            tier_changes=[TierChangeOut.model_validate(change) for change in changes],
        )


def _above(steps: Sequence[LoyaltyTier], account: LoyaltyAccount) -> NextTierOut | None:
    above = tiers.next_above(steps, account)
    if above is None:
        return None
    missing = max(above.min_points - account.qualifying, 0)
    return NextTierOut(code=above.code, name=above.name, points_needed=missing)


def last_day(ends: datetime) -> date:
    """The last Lagos day on which what ends then may be spent."""
    return lagos_day(ends - timedelta(microseconds=1))


class PointsSourceOut(Out):
    """What the points were for."""

    type: str
    id: UUID | None


class DrawnOut(Out):
    """What a debit took out of one lot; `restored` of it was put back."""

    lot_id: UUID
    earned_by: UUID
    points: int
    restored: int
    expires_on: date

    @classmethod
    def of(cls, drawn: Drawn) -> Self:
        """The shape of one part."""
        return cls(
            lot_id=drawn.lot_id,
            earned_by=drawn.earned_by,
            points=drawn.points,
            restored=drawn.restored,
            expires_on=last_day(drawn.expires_at),
        )


class TransactionOut(Out):
    """One movement of points, numbered without a gap."""

    id: UUID
    seq: int
    type: PointsKind
    points: int
    balance_after: int
    qualifying: bool
    rule: str | None
    description: str
    reason: str | None
    source: PointsSourceOut | None
    expires_on: date | None
    reverses_id: UUID | None
    actor_id: UUID | None
    created_at: datetime
    lots: list[DrawnOut] | None = None

    @classmethod
    def of(
        cls,
        row: PointsTransaction,
        language: str,
        *,
        ends: datetime | None,
        drawn: Sequence[Drawn] | None,
    ) -> Self:
        """The shape of a row, described in the member's language."""
        source = row.source_type and PointsSourceOut(type=row.source_type, id=row.source_id)
        return cls(
            id=row.id,
            seq=row.seq,
            type=row.kind,
            points=row.points,
            balance_after=row.balance_after,
            qualifying=row.is_qualifying,
            rule=row.rule,
            description=described(row, language),
            reason=row.reason,
            source=source or None,
            expires_on=ends and last_day(ends),
            reverses_id=row.reverses_id,
            actor_id=row.actor_id,
            created_at=row.at,
            lots=None if drawn is None else [DrawnOut.of(each) for each in drawn],
        )


def described(row: PointsTransaction, language: str) -> str:
    """What the movement was, in words."""
    key = f"for_{row.rule}" if row.rule else f"by_{row.kind}"
    if not knows("loyalty", key):
        return str(row.rule)
    return say("loyalty", key, language, Channel.WHATSAPP)


class BalancesOut(Out):
    """The account's figures after it."""

    available: int
    pending: int
    owed: int
    qualifying: int


class TierMoveOut(Out):
    """A new tier."""

    from_tier: str
    to_tier: str


class PointsRequestOut(Out):
    """Points by hand that need, or had, a second person."""

    id: UUID
    patient_id: UUID
    status: PointsRequestStatus
    points: int
    reason: str
    qualifying: bool
    expires_on: date | None
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None

    @classmethod
    def of(cls, row: PointsRequest, patient_id: UUID) -> Self:
        """The shape of a row."""
        return cls(
            id=row.id,
            patient_id=patient_id,
            status=row.status,
            points=row.points,
            reason=row.reason,
            qualifying=row.is_qualifying,
            expires_on=row.expires_on,
            requested_by=row.requested_by,
            requested_at=row.created_at,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
        )


class AwardedOut(Out):
    """The points given, or the request that waits (`status` says which), and the account."""

    status: str
    transaction: TransactionOut | None
    balances: BalancesOut
    tier_change: TierMoveOut | None
    request: PointsRequestOut | None

    @classmethod
    def of(
        cls,
        account: LoyaltyAccount,
        *,
        transaction: TransactionOut | None = None,
        award: Award | None = None,
        request: PointsRequestOut | None = None,
    ) -> Self:
        """The shape of what came of it."""
        move = None
        if award is not None and award.is_promotion:
            move = TierMoveOut(from_tier=award.tier_before, to_tier=award.tier)
        return cls(
            status="pending_approval" if request else "given",
            transaction=transaction,
            balances=BalancesOut.model_validate(account),
            tier_change=move,
            request=request,
        )


class ReversedOut(Out):
    """What was taken back, what is owed from now on, and the account."""

    original_id: UUID
    transaction_id: UUID | None
    points: int
    owed: int
    balances: BalancesOut

    @classmethod
    def of(cls, taken: Reversal, account: LoyaltyAccount) -> Self:
        """The shape of a reversal."""
        return cls(
            original_id=taken.original_id,
            transaction_id=taken.transaction_id,
            points=taken.points,
            owed=taken.owed,
            balances=BalancesOut.model_validate(account),
        )


class EarningRuleOut(Out):
    """What an event earns: `points`, or one for each `kobo_per_point`."""

    code: str
    name: str
    points: int | None
    kobo_per_point: int | None
    most_points: int | None
    daily_cap: int | None
    valid_months: int
    is_qualifying: bool
    is_active: bool
