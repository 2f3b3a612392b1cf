"""Working at a monthly run: chunk by chunk, each a transaction that a death cannot undo.

Whoever calls a run again drafts what is missing and tries again what failed; what is there stays.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from crm.kit.permissions import Actor
from crm.models import Contract, Payout, PayoutKind, PayoutRun, PayoutStatus
from crm.payouts import runs, stale, steps
from crm.payouts.effects import Step
from crm.payouts.gathering import Material, Unready, gather
from crm.payouts.months import check_over, month_end
from crm.payouts.refusals import AlreadyCarried, CarriedMeanwhile
from crm.payouts.runs import Wish
from crm.payouts.writing import Made, write

CHUNK = 500
"""Contracts in one transaction."""

Position = tuple[UUID, UUID]
"""Hospital and contract after which a run goes on."""
Errors = dict[str, dict[str, str]]
"""Code and message by contract."""
_BROKEN = (ArithmeticError, LookupError, TypeError, ValueError, StopIteration)
"""What terms raise that no computation can read."""


def advance(
    session: Session,
    run: PayoutRun,
    *,
    by: Actor,
    now: datetime,
    after: Position | None = None,
    submits: bool = False,
    size: int = CHUNK,
) -> Position | None:
    """Draft the next contracts that have no payout; where to go on, or None when all was tried.

    `submits` sends to the approver what nothing speaks against. The run must be held
    (`runs.begin` or `runs.take`).
    """
    rows = session.execute(_missing(run, after).limit(size)).all()
    worked_out = list(_work_out(session, [row.id for row in rows], run.period, now=now))
    made = [each for each in worked_out if isinstance(each, Made)]
    failed = _told(each for each in worked_out if isinstance(each, Unready))
    failed |= _told(_write(session, run, made, by=by, now=now))
    if submits:
        steps.submit_drafts(session, [each.id for each in made], by=by, now=now)
    tried = {str(row.id) for row in rows}
    run.errors = {id_: told for id_, told in run.errors.items() if id_ not in tried} | failed
    run.updated_at = now
    session.flush()
    if len(rows) == size:
        return _place(rows[-1])
    runs.finish(session, run, now=now)
    return None


def recalculate(
    session: Session,
    run: PayoutRun,
    *,
    by: Actor,
    now: datetime,
    after: Position | None = None,
    size: int = CHUNK,
) -> Position | None:
    """Cancel drafts that would come out differently now, so that `advance` drafts them again.

    Where to go on, or None when all were looked at. What was drafted by hand stays.
    """
    rows = session.execute(_drafted(run, after).limit(size)).all()
    drafts = [row.Payout for row in rows]
    first, last = run.period, month_end(run.period)
    for payout in stale.outdated(session, drafts, first=first, last=last):
        _cancel(session, payout, by=by, now=now)
    run.updated_at = now
    session.flush()
    return (rows[-1].hospital_id, rows[-1].id) if len(rows) == size else None


def preview(
    session: Session, asked: Wish, *, period: date, now: datetime
) -> Iterator[Made | Unready]:
    """What a run would draft and what it could not; writes nothing.

    Raises FuturePeriod, PeriodOpen.
    """
    check_over(period, now=now)
    run = PayoutRun(period=period, hospital_ids=asked.hospital_ids, contract_ids=asked.contract_ids)
    after: Position | None = None
    while rows := session.execute(_missing(run, after).limit(CHUNK)).all():
        yield from _work_out(session, [row.id for row in rows], period, now=now)
        after = _place(rows[-1])


def _missing(run: PayoutRun, after: Position | None) -> Select[UUID, UUID]:
    """Contracts without a payout, a hospital's together, for they share its revenue."""
    found = (
        select(Contract.hospital_id, Contract.id)
        .where(runs.covered(run), ~runs.has_payout(run))
        .order_by(Contract.hospital_id, Contract.id)
    )
    return found.where(tuple_(Contract.hospital_id, Contract.id) > after) if after else found


def _drafted(run: PayoutRun, after: Position | None) -> Select[Payout, UUID, UUID]:
    found = (
        select(Payout, Contract.hospital_id, Contract.id)
        .join(Contract, Contract.id == Payout.contract_id)
        .where(runs.covered(run), Payout.period_start == run.period)
        .where(Payout.kind == PayoutKind.MONTHLY, Payout.status == PayoutStatus.DRAFT)
        .where(Payout.run_id.is_not(None))
        .order_by(Contract.hospital_id, Contract.id)
    )
    return found.where(tuple_(Contract.hospital_id, Contract.id) > after) if after else found


def _place(row: Row[UUID, UUID]) -> Position:
    return row.hospital_id, row.id


def _work_out(
    session: Session, contract_ids: Sequence[UUID], period: date, *, now: datetime
) -> Iterator[Made | Unready]:
    for each in _gathered(session, contract_ids, period):
        yield each if isinstance(each, Unready) else _made(each, now=now)


def _gathered(
    session: Session, contract_ids: Sequence[UUID], period: date
) -> Iterator[Material | Unready]:
    """The material of a chunk; of one contract at a time when one of them cannot be read."""
    last = month_end(period)
    try:
        yield from gather(session, contract_ids=contract_ids, first=period, last=last)
    except _BROKEN as error:
        if len(contract_ids) == 1:
            yield _unreadable(contract_ids[0], error)
            return
        for contract_id in contract_ids:
            yield from _gathered(session, [contract_id], period)


def _made(material: Material, *, now: datetime) -> Made | Unready:
    try:
        return Made.of(material, now=now)
    except _BROKEN as error:
        return _unreadable(material.contract.id, error)


def _unreadable(contract_id: UUID, error: Exception) -> Unready:
    said = f"Its terms could not be worked out ({type(error).__name__})."
    return Unready(contract_id, "terms_unreadable", said)


def _write(
    session: Session, run: PayoutRun, made: Sequence[Made], *, by: Actor, now: datetime
) -> Iterator[Unready]:
    """Write all; when the database refuses one of them, each alone. Yields what it refused."""
    try:
        with session.begin_nested():
            write(session, made, by=by, now=now, run_id=run.id)
    except (IntegrityError, DataError, CarriedMeanwhile) as error:
        if len(made) == 1:
            yield _unwritten(made[0].material.contract.id, error)
            return
        for each in made:
            yield from _write(session, run, [each], by=by, now=now)


def _unwritten(contract_id: UUID, error: Exception) -> Unready:
    if isinstance(error, CarriedMeanwhile):
        return Unready(contract_id, error.code, str(error))
    return Unready(contract_id, "not_written", f"The database refused it ({type(error).__name__}).")


def _told(unready: Iterable[Unready]) -> Errors:
    return {str(u.contract_id): {"code": u.code, "message": u.message} for u in unready}


def _cancel(session: Session, payout: Payout, *, by: Actor, now: datetime) -> None:
    step = Step(to=PayoutStatus.CANCELLED, version=payout.version, reason="Worked out again")
    try:
        steps.move(session, payout.id, step, by=by, now=now)
    except AlreadyCarried:
        return  # a later month stands on it: it is corrected there
