"""What points buy in the demo."""

from datetime import timedelta
from typing import Any

from crm.demo.house import House
from crm.demo.loading import Row
from crm.models import LimitPeriod, RewardKind, RewardStatus

NAIRA = 100
_ABOUT = {
    "LAB10": "Any test in our laboratories.",
    "OFF2000": "Taken off your next bill.",
    "CONSULT": "One visit to a general doctor.",
    "FAST": "On the day of one visit you are seen first.",
    "CHECK": "Blood pressure, ECG and a talk with a doctor.",
    "EYE": "One pair, lenses and frame.",
}


def rewards(house: House) -> list[Row]:
    """Six rewards, of every kind; their stock is counted down as the story is told."""
    percent, amount = RewardKind.DISCOUNT_PERCENT, RewardKind.DISCOUNT_AMOUNT
    return [
        _reward(house, "LAB10", "10% off laboratory tests", percent, 300, value_bps=1_000),
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
        "description": _ABOUT[code],
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
