"""What the talk about rewards asks of the house."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from bot.texts import say
from conversations.desk import Answers, Desk, Outcome
from conversations.desk.members import account_of, own_scope, patient
from crm import loyalty
from crm.kit.clock import lagos_day
from crm.kit.errors import DomainError, NotFound
from crm.kit.paging import PageRequest
from crm.loyalty import Redeemed, rewards, tiers
from crm.loyalty.refusals import InsufficientPoints, LimitReached, NotEligible
from crm.loyalty.rewards import Chance, Wanted
from crm.models import Hospital, LoyaltyAccount, LoyaltyStatus, RedemptionStatus, Reward

_MOST = 40


def find_rewards(desk: Desk, answers: Answers) -> Outcome:
    """What they can afford, the cheapest first; then the rest, the nearest first."""
    account = account_of(desk, answers)
    if account is None:
        return "no_account", None
    if account.status is not LoyaltyStatus.ACTIVE:
        return "frozen", None
    given = _given(desk, answers)
    chances = rewards.chances(desk.session, given, account)
    names = {step.code: step.name for step in tiers.ladder(desk.session)}
    lines = (_row(each, chances[each.id], account, names) for each in given)
    rows = sorted((line for line in lines if line is not None), key=_nearest)
    if not rows:
        return "none", None
    return "rewards", {"rewards": rows, "points": account.available}


def look(desk: Desk, answers: Answers) -> Outcome:
    """What a reward is, its terms, and whether they may have it now."""
    account = account_of(desk, answers)
    reward = _reward(desk, answers)
    if account is None or reward is None or reward.stock_left == 0:
        return "refused", {"why": "reward_ended", "reward": answers["chosen"]["name"]}
    chance = rewards.chances(desk.session, [reward], account)[reward.id]
    if not (chance.is_eligible and chance.is_affordable):
        return "refused", _why_not(desk, chance, reward, account)
    return "ready", {
        "id": str(reward.id),
        "name": reward.name,
        "cost": reward.points_cost,
        "left": account.available - reward.points_cost,
        "description": reward.description,
        "terms": reward.terms or "",
        "until": (lagos_day(desk.now) + timedelta(days=reward.voucher_days)).isoformat(),
        "place": _place(desk, reward),
    }


def redeem(desk: Desk, answers: Answers) -> Outcome:
    """Spend the points, at the price that was shown; all or nothing."""
    try:
        with desk.session.begin_nested():
            made = _spend(desk, answers)
    except (_PriceChanged, NotEligible):
        return look(desk, answers)
    except DomainError as refusal:
        return "refused", _in_facts(refusal, answers["chosen"]["name"])
    is_ready = made.status is RedemptionStatus.APPROVED
    return ("redeemed" if is_ready else "waits"), {"voucher": made.code, "left": made.available}


def _spend(desk: Desk, answers: Answers) -> Redeemed:
    shown = answers["chosen"]
    made = loyalty.redeem(
        desk.session,
        patient_id=patient(desk, answers).id,
        reward_id=UUID(shown["id"]),
        note=f"by {desk.channel.value}",
        now=desk.now,
    )
    if made.points != shown["cost"]:
        raise _PriceChanged("It costs something else by now.")
    return made


class _PriceChanged(DomainError):
    """The reward was given another price between question and answer."""

    code = "price_changed"


def _given(desk: Desk, answers: Answers) -> list[Reward]:
    found = rewards.search(
        desk.session,
        Wanted(),
        scope=own_scope(patient(desk, answers)),
        page=PageRequest(_MOST),
        now=desk.now,
    )
    return [reward for reward in found.items if reward.stock_left != 0]


def _row(
    reward: Reward, chance: Chance, account: LoyaltyAccount, tier_names: dict[str, str]
) -> dict[str, Any] | None:
    """A line of the list; None for what another hospital gives."""
    if "other_hospital" in chance.reasons:
        return None
    needs_tier = tier_names[reward.min_tier] if chance.reasons and reward.min_tier else ""
    return {
        "id": str(reward.id),
        "name": reward.name,
        "cost": reward.points_cost,
        "missing": max(reward.points_cost - account.available, 0),
        "tier": needs_tier,
    }


def _nearest(row: dict[str, Any]) -> tuple[bool, int]:
    return bool(row["missing"] or row["tier"]), row["cost"]


def _reward(desk: Desk, answers: Answers) -> Reward | None:
    scope = own_scope(patient(desk, answers))
    try:
        return rewards.get(desk.session, UUID(answers["chosen"]["id"]), scope=scope)
    except NotFound:
        return None


def _why_not(desk: Desk, chance: Chance, reward: Reward, account: LoyaltyAccount) -> dict[str, Any]:
    if "tier_too_low" in chance.reasons:
        steps = tiers.ladder(desk.session)
        tier = next((step.name for step in steps if step.code == reward.min_tier), "")
        return {"why": "tier_too_low", "reward": reward.name, "tier": tier}
    if not chance.is_eligible:
        return {"why": "reward_ended", "reward": reward.name}
    return {
        "why": "insufficient_points",
        "reward": reward.name,
        "needed": reward.points_cost,
        "available": account.available,
    }


def _in_facts(refusal: DomainError, name: str) -> dict[str, Any]:
    """Why it was refused, as the talk says it."""
    facts: dict[str, Any] = {"why": refusal.code, "reward": name}
    if isinstance(refusal, InsufficientPoints):
        facts |= refusal.facts
    if isinstance(refusal, LimitReached):
        resets_on = refusal.facts["resets_on"]
        facts["why"] = "limit_reached" if resets_on else "limit_for_good"
        facts["day"] = resets_on
    return facts


def _place(desk: Desk, reward: Reward) -> str:
    if reward.hospital_id is None:
        return say("rewards", "anywhere", desk.language, desk.channel)
    return desk.session.get_one(Hospital, reward.hospital_id).name
