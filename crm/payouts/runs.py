"""The monthly runs: one for a month and those it is for, however often it is called."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.kit.errors import NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Scope
from crm.models import Contract, ContractStatus, Payout, PayoutKind, PayoutRun, PayoutRunStatus
from crm.payouts.months import check_over, month_end
from crm.payouts.reading import is_live
from crm.payouts.refusals import RunInProgress

ALL = "all"
SKIPPED = "owner_inactive"
"""Why a contract is left out on purpose."""
_LOCK = 0x70617930
"""Ours among PostgreSQL's advisory locks; the month is the second half."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose contracts a run is for; None is all."""

    hospital_ids: tuple[UUID, ...] | None = None
    contract_ids: tuple[UUID, ...] | None = None

    @property
    def key(self) -> str:
        """The same for the same wish, whatever its order."""
        if self == Wish():
            return ALL
        halves = (self.hospital_ids or (), self.contract_ids or ())
        spelled = "|".join(",".join(sorted(map(str, ids))) for ids in halves)
        return hashlib.sha256(spelled.encode()).hexdigest()[:32]


def wish(
    scope: Scope, *, hospital_ids: Collection[UUID] = (), contract_ids: Collection[UUID] = ()
) -> Wish:
    """What a caller may ask for: unless said, all of their hospitals. Raises NotFound."""
    if not scope.is_staff or not all(scope.covers(each) for each in hospital_ids):
        raise NotFound("There is no such hospital.")
    places = hospital_ids or scope.hospitals
    return Wish(
        None if places is None else tuple(sorted(places)),
        tuple(sorted(contract_ids)) or None,
    )


def begin(
    session: Session, asked: Wish, *, period: date, by: Actor, now: datetime
) -> tuple[PayoutRun, bool]:
    """The run of this month and wish, at work; True when it is a new one.

    Raises FuturePeriod, PeriodOpen, RunInProgress.
    """
    check_over(period, now=now)
    lock(session, period)
    made = session.scalar(
        insert(PayoutRun)
        .values(
            id=uuid7(),
            period=period,
            scope_key=asked.key,
            hospital_ids=asked.hospital_ids and list(asked.hospital_ids),
            contract_ids=asked.contract_ids and list(asked.contract_ids),
            started_by=by.id,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(PayoutRun.id)
    )
    run = session.scalars(
        select(PayoutRun).where(PayoutRun.period == period, PayoutRun.scope_key == asked.key)
    ).one()
    run.status, run.updated_at = PayoutRunStatus.RUNNING, now
    session.flush()
    return run, made is not None


def take(session: Session, run_id: UUID) -> PayoutRun:
    """A run to work at, locked until the transaction ends. Raises NotFound, RunInProgress."""
    run = session.get(PayoutRun, run_id)
    if run is None:
        raise NotFound("There is no such run.")
    lock(session, run.period)
    session.refresh(run)
    return run


def lock(session: Session, period: date) -> None:
    """Keep other runs off this month until the transaction ends. Raises RunInProgress.

    It dies with its connection, so a killed run can be called again at once.
    """
    month = period.year * 12 + period.month
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK, month))):
        raise RunInProgress("A run of this month is at work. Please try again in a minute.")


def finish(session: Session, run: PayoutRun, *, now: datetime) -> None:
    """Note that everything was tried, and what there is now."""
    counted = _count(session, run)._asdict()
    skipped = sum(error["code"] == SKIPPED for error in run.errors.values())
    failed = len(run.errors) - skipped
    run.counts = {**counted, "skipped": skipped, "failed": failed}
    is_whole = PayoutRunStatus.COMPLETED_WITH_ERRORS if failed else PayoutRunStatus.COMPLETED
    run.status, run.finished_at, run.updated_at = is_whole, now, now
    session.flush()


def covered(run: PayoutRun) -> ColumnElement[bool]:
    """The condition for a query over contracts: those that this run is for."""
    conditions = [
        Contract.status != ContractStatus.CANCELLED,
        Contract.starts_on <= month_end(run.period),
        or_(Contract.ends_on.is_(None), Contract.ends_on >= run.period),
    ]
    if run.hospital_ids is not None:
        conditions.append(Contract.hospital_id.in_(run.hospital_ids))
    if run.contract_ids is not None:
        conditions.append(Contract.id.in_(run.contract_ids))
    return and_(*conditions)


def has_payout(run: PayoutRun) -> ColumnElement[bool]:
    """The condition that a contract has a payout for the month of this run."""
    return select(Payout.id).where(_of_month(run), Payout.contract_id == Contract.id).exists()


def get(session: Session, run_id: UUID, *, scope: Scope) -> PayoutRun:
    """One run. Raises NotFound, also outside the scope."""
    run = session.scalar(select(PayoutRun).where(PayoutRun.id == run_id, visible(scope)))
    if run is None:
        raise NotFound("There is no such run.")
    return run


def search(session: Session, *, scope: Scope, page: PageRequest) -> Found[PayoutRun]:
    """The runs one may see, the newest month first."""
    found = select(PayoutRun).where(visible(scope))
    return keyset(session, found, page, PayoutRun.period.desc(), PayoutRun.id.desc())


def unfinished(session: Session, *, before: datetime) -> Sequence[UUID]:
    """The runs that stopped in the middle before this moment, the oldest first."""
    return session.scalars(
        select(PayoutRun.id)
        .where(PayoutRun.status == PayoutRunStatus.RUNNING, PayoutRun.updated_at < before)
        .order_by(PayoutRun.id)
    ).all()


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over runs: those that are for hospitals in scope alone."""
    if not scope.is_staff:
        return PayoutRun.id.is_(None)
    if scope.hospitals is None:
        return PayoutRun.id.is_not(None)
    is_within: ColumnElement[bool] = PayoutRun.hospital_ids.contained_by(list(scope.hospitals))
    return is_within


def _of_month(run: PayoutRun) -> ColumnElement[bool]:
    is_monthly = Payout.kind == PayoutKind.MONTHLY
    return and_(is_monthly, Payout.period_start == run.period, is_live())


def _count(session: Session, run: PayoutRun) -> Row[*tuple[Any, ...]]:
    def kobo(column: Any) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(column), 0), BigInteger)

    is_ours = Payout.run_id == run.id
    is_carried = (Payout.net_kobo == 0) & (Payout.carry_out_kobo != 0)
    return session.execute(
        select(
            func.count().label("contracts"),
            func.count().filter(is_ours).label("created"),
            func.count(Payout.id).filter(Payout.run_id.is_distinct_from(run.id)).label("existing"),
            func.count().filter(is_carried).label("carried_forward"),
            kobo(Payout.gross_kobo).label("gross_kobo"),
            kobo(Payout.wht_kobo).label("wht_kobo"),
            kobo(Payout.net_kobo).label("net_kobo"),
        )
        .select_from(Contract)
        .outerjoin(Payout, and_(_of_month(run), Payout.contract_id == Contract.id))
        .where(covered(run))
    ).one()
