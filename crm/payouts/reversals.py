"""Money that came back: the owner's next payout begins with it."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.kit.permissions import Actor
from crm.models import Contract, Owner, Payout, PayoutKind, PayoutStatus
from crm.payouts.gathering import Material
from crm.payouts.inputs import Inputs
from crm.payouts.writing import Made, write


def make_good(session: Session, payout: Payout, *, by: Actor, now: datetime) -> None:
    """Write the opposite of what was paid as an adjustment that is carried, not paid.

    It is not taxed: the tax of the payout was withheld and stays so.
    """
    inputs = Inputs(
        kind=PayoutKind.ADJUSTMENT,
        period_start=payout.period_start,
        period_end=payout.period_end,
        contract_version=payout.contract_version,
        terms=Inputs.from_json(payout.calc_snapshot).terms,
        active_days=0,
        amount_kobo=payout.net_kobo,
        is_carried=True,
    )
    contract = session.get_one(Contract, payout.contract_id)
    owner = session.get_one(Owner, payout.owner_id)
    made = Made.of(Material(contract, owner, None, inputs), now=now)
    write(
        session,
        [made],
        by=by,
        now=now,
        status=PayoutStatus.COMPLETED,
        reverses_id=payout.id,
        risk_flags=[],
        notes=f"{payout.reference} was paid and came back",
    )
