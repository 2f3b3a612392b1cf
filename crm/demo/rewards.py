"""What points buy in the demo."""

from datetime import timedelta
from typing import Any

from crm.demo.house import House
from crm.demo.loading import Row
from crm.models import LimitPeriod, RewardKind, RewardStatus

NAIRA = 100


def rewards(house: House) -> list[Row]:
    """Six rewards, of every kind; their stock is counted down as the story is told."""
    percent, amount = RewardKind.DISCOUNT_PERCENT, RewardKind.DISCOUNT_AMOUNT
    return [
        _reward(house, "LAB10", "Ten per cent off laboratory", percent, 300, value_bps=1_000),
        _reward(house, "OFF2000", "₦2,000 off your bill", amount, 500, value_kobo=2_000 * NAIRA),
        _reward(house, "CONSULT", "A free consultation", RewardKind.FREE_CONSULTATION, 1_200),
        _reward(house, "FAST", "No waiting at the desk", RewardKind.PRIORITY_ACCESS, 800, stock=80),
        _reward(
            house,
            "CHECK",
            "A heart check",
            RewardKind.HEALTH_PACKAGE,
            2_000,
            stock=40,
            needs_approval=True,
        ),
        _reward(
            house,
            "EYE",
            "Glasses at half price",
            percent,
            1_500,
            value_bps=5_000,
            stock=25,
            min_tier="gold",
        ),
    ]


def _reward(
    house: House,
    code: str,
    name: str,
    kind: RewardKind,
    points: int,
    *,
    stock: int | None = None,
    **more: Any,
) -> Row:
    since = house.now - timedelta(days=700)
    return {
        "id": house.chance.id_at(since),
        "code": code,
        "name": name,
        "description": f"{name}, at every GrandPro hospital.",
        "kind": kind,
        "status": RewardStatus.ACTIVE,
        "points_cost": points,
        "value_kobo": None,
        "value_bps": None,
        "cost_kobo": points * 5 * NAIRA,
        "stock": stock,
        "stock_left": stock,
        "limit_period": LimitPeriod.EVER,
        "min_tier": None,
        "valid_from": since,
        "needs_approval": False,
        "voucher_days": 90,
        "created_at": since,
        "updated_at": since,
        **more,
    }
