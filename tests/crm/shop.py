"""Rewards and members with points, for tests."""

from datetime import timedelta

from sqlalchemy.orm import Session

from crm import loyalty
from crm.kit.ids import uuid7
from crm.models import Patient, Reward, RewardKind, RewardStatus


def a_reward(session: Session, *, now, points_cost: int = 100, stock: int | None = None, **more):
    """Something to spend points on, since yesterday."""
    reward = Reward(
        **{
            "id": uuid7(),
            "code": f"R{uuid7().hex[-10:]}",
            "name": "Priority at the desk",
            "description": "No queue on one visit.",
            "kind": RewardKind.PRIORITY_ACCESS,
            "status": RewardStatus.ACTIVE,
            "points_cost": points_cost,
            "stock": stock,
            "stock_left": stock,
            "valid_from": now - timedelta(days=1),
        }
        | more
    )
    session.add(reward)
    session.flush()
    return reward


def give(session: Session, patient: Patient, points: int, *, now, source_id=None):
    """Points for a payment of so many hundred naira."""
    return loyalty.award(
        session,
        patient_id=patient.id,
        rule="payment",
        source_type="test",
        source_id=source_id or uuid7(),
        now=now,
        amount_kobo=points * 10_000,
    )
