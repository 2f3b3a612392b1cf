"""People with points, for talks."""

from sqlalchemy import select

from crm import loyalty
from crm.models import Patient, Redemption
from tests.crm import shop
from tests.people import ADA

KNOWN = """
        Ada: rewards
        Bot: To show this...
        Ada: 25/11/1990
"""
"""How a talk about rewards begins: who it is comes first."""


def a_member(stack):
    """Ada with 1,240 points. Returns her id."""
    ada = stack.register(ADA, "Ada Obi")
    give(stack, ada, 1_240)
    return ada


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
