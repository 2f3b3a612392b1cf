"""What finance looks at before a month is approved: flagged payouts, and contracts without one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import contracts
from crm.kit.permissions import Scope
from crm.models import Contract, Owner, Payout, PayoutRun, PayoutStatus
from crm.payouts import runs
from crm.payouts.reading import visible

_OPEN = (PayoutStatus.DRAFT, PayoutStatus.PENDING_APPROVAL, PayoutStatus.ON_HOLD)
_MOST = 500
_NOT_TRIED = {"code": "not_tried", "message": "No run has come to it yet."}


@dataclass(frozen=True, slots=True)
class NotDrafted:
    """A contract that runs in the month and has no payout for it, and why."""

    contract_id: UUID
    hospital_id: UUID
    owner_id: UUID
    owner_name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Both lists, at most 500 each, and how often each flag is set in all."""

    flagged: Sequence[Payout]
    not_drafted: Sequence[NotDrafted]
    flags: Mapping[str, int]


def of_month(session: Session, *, period: date, scope: Scope) -> Exceptions:
    """What is unusual or missing in a month, within the scope of staff."""
    return Exceptions(
        _flagged(session, period, scope),
        _not_drafted(session, period, scope),
        _counted(session, period, scope),
    )


def _flagged(session: Session, period: date, scope: Scope) -> Sequence[Payout]:
    return session.scalars(
        select(Payout)
        .where(visible(scope), Payout.period_start == period, Payout.status.in_(_OPEN))
        .where(func.cardinality(Payout.risk_flags) > 0)
        .order_by(Payout.net_kobo.desc(), Payout.id)
        .limit(_MOST)
    ).all()


def _counted(session: Session, period: date, scope: Scope) -> dict[str, int]:
    flag = func.unnest(Payout.risk_flags).label("flag")
    found = select(flag).where(visible(scope), Payout.period_start == period)
    flags = found.where(Payout.status.in_(_OPEN)).subquery()
    rows = session.execute(
        select(flags.c.flag, func.count()).group_by(flags.c.flag).order_by(flags.c.flag)
    )
    return {row[0]: row[1] for row in rows}


def _not_drafted(session: Session, period: date, scope: Scope) -> list[NotDrafted]:
    month = PayoutRun(period=period)
    rows = session.execute(
        select(Contract, Owner.name)
        .join(Owner, Owner.id == Contract.owner_id)
        .where(contracts.visible(scope), runs.covered(month), ~runs.has_payout(month))
        .order_by(Contract.hospital_id, Contract.id)
        .limit(_MOST)
    )
    told = _errors(session, period)
    return [_why(contract, name, told) for contract, name in rows]


def _errors(session: Session, period: date) -> dict[str, dict[str, str]]:
    """What the runs of the month said of each contract, the latest word last."""
    found = select(PayoutRun.errors).where(PayoutRun.period == period)
    errors: dict[str, dict[str, str]] = {}
    for said in session.scalars(found.order_by(PayoutRun.updated_at)):
        errors |= said
    return errors


def _why(contract: Contract, name: str, told: Mapping[str, dict[str, str]]) -> NotDrafted:
    said = told.get(str(contract.id), _NOT_TRIED)
    return NotDrafted(
        contract.id, contract.hospital_id, contract.owner_id, name, said["code"], said["message"]
    )
