"""Tiers and earning rules: rows that an administrator may change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm.kit.errors import Invalid, NotFound
from crm.kit.violations import meaning
from crm.models import EarningRule, LoyaltyAccount, LoyaltyTier, TierChange

_RULE = {
    "ck_earning_rules_formula": Invalid(
        "points", "A rule gives either points or a point for so much money."
    )
}


def ladder(session: Session) -> Sequence[LoyaltyTier]:
    """The tiers, lowest first."""
    return session.scalars(select(LoyaltyTier).order_by(LoyaltyTier.min_points)).all()


def next_above(steps: Sequence[LoyaltyTier], account: LoyaltyAccount) -> LoyaltyTier | None:
    """The tier that more qualifying points lead to; None at the top."""
    here = next(step for step in steps if step.code == account.tier)
    return next((step for step in steps if step.min_points > here.min_points), None)


def change(session: Session, code: str, *, changes: Mapping[str, Any]) -> LoyaltyTier:
    """Change a tier's name, threshold or benefits. Raises NotFound, Invalid.

    Nobody falls by a raised threshold; whom a lowered one lifts rises with the next points.
    The tiers keep their order, and the first begins at nothing.
    """
    session.execute(text("select from loyalty_tiers order by min_points for update"))
    steps = list(ladder(session))
    tier = next((step for step in steps if step.code == code), None)
    if tier is None:
        raise NotFound("There is no such tier.")
    place = steps.index(tier)
    points = changes.get("min_points", tier.min_points)
    above = steps[place + 1].min_points if place + 1 < len(steps) else None
    below = steps[place - 1].min_points if place else None
    if (below is None and points) or (below is not None and points <= below):
        raise Invalid("min_points", "A tier begins above the one below it; the first at 0.")
    if above is not None and points >= above:
        raise Invalid("min_points", f"The tier above begins at {above:,}.")
    for name, value in changes.items():
        setattr(tier, name, value)
    session.flush()
    return tier


def changes_of(session: Session, account: LoyaltyAccount) -> Sequence[TierChange]:
    """When the member rose or fell, newest first."""
    return session.scalars(
        select(TierChange)
        .where(TierChange.account_id == account.id)
        .order_by(TierChange.id.desc())
        .limit(20)
    ).all()


def rules(session: Session) -> Sequence[EarningRule]:
    """What earns points."""
    return session.scalars(select(EarningRule).order_by(EarningRule.code)).all()


def change_rule(
    session: Session, code: str, *, changes: Mapping[str, Any], now: datetime
) -> EarningRule:
    """Change what an event earns from now on. Raises NotFound, Invalid."""
    rule = session.get(EarningRule, code, with_for_update=True, populate_existing=True)
    if rule is None:
        raise NotFound("There is no such earning rule.")
    with meaning(session, _RULE):
        for name, value in changes.items():
            setattr(rule, name, value)
        rule.updated_at = now
    return rule
