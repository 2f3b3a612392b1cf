"""A payout ordered by hand, and what was told of one."""

from sqlalchemy import select

from crm import outbox
from crm.models import Message, PayoutKind, PayoutStatus
from crm.payouts import Order
from tests.crm.payroll import (
    LAST_OF_OCTOBER,
    OCTOBER,
)

S = PayoutStatus


def order(house, **more) -> Order:
    asked = {
        "owner_id": house.owner.id,
        "contract_id": house.contract.id,
        "kind": PayoutKind.MANUAL,
        "period_start": OCTOBER,
        "period_end": LAST_OF_OCTOBER,
    }
    return Order(**{**asked, **more})


def told(session, payout) -> str:
    rows = session.scalars(select(Message).where(Message.about_id == payout.id)).all()
    vault = session.info["vault"]
    return " ".join(outbox.unseal(vault, row.body_sealed, row=row.id).text for row in rows)
