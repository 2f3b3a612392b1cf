"""Two years of points: earned by visits, feedback, payments and friends, spent on rewards."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from crm.demo import deeds
from crm.demo.deeds import Happening
from crm.demo.house import House
from crm.demo.ledger import Account
from crm.demo.loading import Row, load
from crm.demo.opinions import Opinion
from crm.demo.people import Person
from crm.demo.rewards import rewards
from crm.demo.visits import Visit
from crm.kit.clock import lagos_day
from crm.loyalty import codes
from crm.loyalty.accounts import CODE_LENGTH, LETTERS
from crm.loyalty.spending import CODE
from crm.loyalty.validity import day_end
from crm.models import (
    EarningRule,
    LoyaltyAccount,
    LoyaltyTier,
    Payment,
    PaymentRefund,
    PointsAllocation,
    PointsLot,
    PointsTransaction,
    Redemption,
    RedemptionStatus,
    Referral,
    Reward,
    TierChange,
)

_SPARE = 60
"""Points that members keep, so that a cancelled visit can give its own back."""


@dataclass(slots=True)
class _Story:
    """The accounts and rows while the story is told."""

    house: House
    rules: dict[str, EarningRule]
    tiers: list[tuple[int, str]]
    rewards: list[Row]
    accounts: dict[UUID, Account] = field(default_factory=dict)
    earned: dict[tuple[str, UUID], UUID] = field(default_factory=dict)
    """The transaction of each rule and source."""
    today: dict[tuple[UUID, str, date], int] = field(default_factory=dict)
    redemptions: list[Row] = field(default_factory=list)


def collect(
    house: House, people: Sequence[Person], visits: Sequence[Visit], opinions: Sequence[Opinion]
) -> int:
    """Write down payments, referrals, rewards and the ledger; returns the number of members."""
    payments, refunds = deeds.payments(house, visits)
    load(house.session, Payment, payments)
    load(house.session, PaymentRefund, refunds)
    referrals = deeds.referrals(house, people, visits)
    load(house.session, Referral, referrals)
    story = _begin(house)
    happenings = [
        *deeds.booked(visits),
        *deeds.said(opinions),
        *deeds.paid(payments, refunds),
        *deeds.brought(referrals),
    ]
    for each in sorted(happenings, key=lambda h: (h.at, h.order, h.source_id)):
        _happen(story, each)
    _finish(story)
    return len(story.accounts)


def _begin(house: House) -> _Story:
    rules = {rule.code: rule for rule in house.session.scalars(select(EarningRule))}
    tiers = house.session.execute(
        select(LoyaltyTier.min_points, LoyaltyTier.code).order_by(LoyaltyTier.min_points)
    )
    return _Story(house, rules, [(row[0], row[1]) for row in tiers], rewards(house))


# -- what it does to points -----------------------------------------------------------------------

_SOURCES = {
    "booking": "appointment",
    "feedback": "appointment",
    "payment": "payment",
    "referral": "referral",
    "welcome": "referral",
}
_UNDOES = {"take_back": "booking", "unpaid": "payment"}


def _happen(story: _Story, each: Happening) -> None:
    chance, account = story.house.chance, _account(story, each)
    account.lapse(chance, each.at)
    if each.kind in _UNDOES:
        original = story.earned.get((_UNDOES[each.kind], each.source_id))
        if original:
            account.take_back(chance, original, at=each.at, reason=each.reason)
        return
    _earn(story, account, each)
    if each.kind == "payment" and chance.is_so(0.12):
        _spend(story, account, each.at + timedelta(minutes=30))


def _account(story: _Story, each: Happening) -> Account:
    if each.patient_id not in story.accounts:
        id_ = story.house.chance.id_at(each.at)
        story.accounts[each.patient_id] = Account(id_, each.patient_id, each.at, story.tiers)
    return story.accounts[each.patient_id]


def _earn(story: _Story, account: Account, each: Happening) -> None:
    rule = story.rules[each.kind]
    key = (account.id, each.kind, lagos_day(each.at))
    points = _worth(rule, each.amount_kobo)
    if points <= 0 or (rule.daily_cap and story.today.get(key, 0) >= rule.daily_cap):
        return
    story.today[key] = story.today.get(key, 0) + 1
    story.earned[each.kind, each.source_id] = account.earn(
        story.house.chance,
        points,
        at=each.at,
        rule=each.kind,
        source=(_SOURCES[each.kind], each.source_id),
        is_qualifying=rule.is_qualifying,
        months=rule.valid_months,
    )


def _spend(story: _Story, account: Account, at: datetime) -> None:
    """On the dearest reward in reach that there is some of."""
    within = [
        reward
        for reward in story.rewards
        if reward["points_cost"] <= account.available - _SPARE
        and reward["stock_left"] != 0
        and reward["min_tier"] in {None, account.tier}
        and reward["valid_from"] <= at < story.house.now
    ]
    if within:
        reward = max(within, key=lambda each: (each["points_cost"], each["code"]))
        story.redemptions.append(_redemption(story, account, reward, at))


def _redemption(story: _Story, account: Account, reward: Row, at: datetime) -> Row:
    chance, now = story.house.chance, story.house.now
    id_ = chance.id_at(at)
    debit_id = account.redeem(chance, reward["points_cost"], at=at, source=("redemption", id_))
    status, used_at = _became(story, reward, at)
    refund_id = None
    if status is RedemptionStatus.CANCELLED:
        source = ("redemption", id_)
        refund_id = account.refund(
            chance, debit_id, at=at + timedelta(minutes=5), source=source, reason="cancelled"
        )
    elif reward["stock_left"] is not None:
        reward["stock_left"] -= 1
    code = "".join(chance.choices(LETTERS, k=codes.LENGTH))
    return {
        "id": id_,
        "account_id": account.id,
        "reward_id": reward["id"],
        "status": status,
        "quantity": 1,
        "points_spent": reward["points_cost"],
        "debit_id": debit_id,
        "refund_id": refund_id,
        "code_index": story.house.vault.index(code, domain=CODE),
        "code_last4": code[-4:],
        "expires_at": day_end(lagos_day(at) + timedelta(days=reward["voucher_days"])),
        "fulfilled_at": used_at,
        "created_at": at,
        "updated_at": min(now, used_at or at),
    }


def _became(story: _Story, reward: Row, at: datetime) -> tuple[RedemptionStatus, datetime | None]:
    """Used, unless it is recent; now and then somebody thinks better of it."""
    chance, used_at = story.house.chance, at + timedelta(days=story.house.chance.randrange(1, 40))
    if chance.is_so(0.06):
        return RedemptionStatus.CANCELLED, None
    if used_at < story.house.now:
        return RedemptionStatus.FULFILLED, used_at
    waits = reward["needs_approval"]
    return RedemptionStatus.PENDING if waits else RedemptionStatus.APPROVED, None


# -- the rows -------------------------------------------------------------------------------------


def _finish(story: _Story) -> None:
    """Let expire what is due by now, and write everything down."""
    session, chance, now = story.house.session, story.house.chance, story.house.now
    accounts = list(story.accounts.values())
    for account in accounts:
        account.lapse(chance, now)
    load(session, Reward, story.rewards)
    load(session, LoyaltyAccount, [_account_row(story, account) for account in accounts])
    load(session, PointsTransaction, [row for account in accounts for row in account.transactions])
    load(session, PointsLot, [_lot_row(a, lot) for a in accounts for lot in a.lots])
    load(session, PointsAllocation, [row for a in accounts for row in a.allocations.values()])
    load(session, TierChange, [row for account in accounts for row in account.changes])
    load(session, Redemption, story.redemptions)


def _account_row(story: _Story, account: Account) -> Row:
    last = account.transactions[-1]["at"] if account.transactions else account.opened_at
    return {
        "id": account.id,
        "patient_id": account.patient_id,
        "referral_code": "".join(story.house.chance.choices(LETTERS, k=CODE_LENGTH)),
        "available": account.available,
        "earned": account.earned,
        "redeemed": account.redeemed,
        "expired": account.expired,
        "qualifying": account.qualifying,
        "tier": account.tier,
        "tier_since": account.tier_since or account.opened_at,
        "seq": len(account.transactions),
        "created_at": account.opened_at,
        "updated_at": last,
    }


def _lot_row(account: Account, lot: Any) -> Row:
    return {
        "id": lot.id,
        "account_id": account.id,
        "transaction_id": lot.transaction_id,
        "points": lot.points,
        "remaining": lot.remaining,
        "expires_at": lot.expires_at,
    }


def _worth(rule: EarningRule, amount_kobo: int) -> int:
    """What an event earns: a fixed number, or one for so many kobo, with the rule's most."""
    earned = rule.points
    if earned is None:
        earned = amount_kobo // (rule.kobo_per_point or 1)
    return earned if rule.most_points is None else min(earned, rule.most_points)
