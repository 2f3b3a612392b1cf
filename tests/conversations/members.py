"""People with points, for talks."""

from sqlalchemy import select

from crm import loyalty
from crm.models import Patient, Redemption
from tests.crm import shop


def give(stack, patient_id, points: int):
    """Points, as a payment of so many hundred naira brings them."""
    with stack.wiring.transaction() as session:
        patient = session.get_one(Patient, patient_id)
        shop.give(session, patient, points, now=stack.wiring.now())


def a_reward(stack, name: str, points: int, **more):
    """Something that points buy. Returns its id."""
    with stack.wiring.transaction() as session:
        made = shop.a_reward(session, now=stack.wiring.now(), points_cost=points, name=name, **more)
        return made.id


def available(stack, patient_id) -> int:
    """What the patient has left."""
    with stack.wiring.transaction() as session:
        return loyalty.of(session, patient_id).available


def got(stack) -> list[Redemption]:
    """Every reward that was got, oldest first."""
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(Redemption).order_by(Redemption.id)))
