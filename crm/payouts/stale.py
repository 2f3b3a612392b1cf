"""Whether what a payout was worked out from is still so."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from crm.models import Payout
from crm.payouts.gathering import Material, gather
from crm.payouts.inputs import Inputs


def outdated(
    session: Session, payouts: Sequence[Payout], *, first: date, last: date
) -> list[Payout]:
    """Those monthly payouts of one month that would come out differently now."""
    contract_ids = [payout.contract_id for payout in payouts]
    fresh = {
        each.contract.id: each
        for each in gather(session, contract_ids=contract_ids, first=first, last=last)
        if isinstance(each, Material)
    }
    return [each for each in payouts if _has_changed(each, fresh.get(each.contract_id))]


def is_outdated(session: Session, payout: Payout) -> bool:
    """True when revenue, terms or tax of a monthly payout are not what they were.

    Rests of other payouts that have come up since do not matter: the next one takes them.
    """
    first, last = payout.period_start, payout.period_end
    fresh = gather(session, contract_ids=[payout.contract_id], first=first, last=last)
    then = Inputs.from_json(payout.calc_snapshot)
    if not fresh or not isinstance(fresh[0], Material):
        return True
    now = fresh[0].inputs
    has_new_revenue = then.gross_override_kobo is None and then.revenue != now.revenue
    return has_new_revenue or _agreed(then) != _agreed(now)


def _has_changed(payout: Payout, fresh: Material | None) -> bool:
    then = Inputs.from_json(payout.calc_snapshot)
    if fresh is None:
        return True
    now = fresh.inputs
    is_same = then.revenue == now.revenue and _agreed(then) == _agreed(now)
    return not is_same or then.arrears != now.arrears or bool(fresh.carried_ids)


def _agreed(inputs: Inputs) -> tuple[object, ...]:
    return inputs.contract_version, inputs.terms, inputs.active_days, inputs.tax_bps
