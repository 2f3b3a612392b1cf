"""Finding payouts, within what the one who asks may see, and their lines and history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, select
from sqlalchemy.orm import Session, defer

from crm.kit.errors import Invalid, NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import Payout, PayoutEvent, PayoutKind, PayoutLine, PayoutStatus
from crm.models.payout import DEAD
from crm.payouts.writing import FIGURES

_NOT_FOR_OWNERS = (PayoutStatus.DRAFT, *DEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which payouts are looked for; what is left out does not matter."""

    owner_id: UUID | None = None
    hospital_id: UUID | None = None
    contract_id: UUID | None = None
    run_id: UUID | None = None
    statuses: Sequence[PayoutStatus] = ()
    kind: PayoutKind | None = None
    period_from: date | None = None
    period_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    min_kobo: int | None = None
    max_kobo: int | None = None
    reference: str | None = None
    """The beginning of one."""
    is_flagged: bool | None = None
    bank_file: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What all payouts of a filter come to, not only those of a page."""

    count: int
    figures: Mapping[str, int]
    by_status: Mapping[str, int]


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over payouts: of the hospitals in scope, or an owner's own.

    Owners see what was submitted; drafts and what was rejected are the house's affair.
    """
    if scope.owner_id is not None:
        is_theirs = Payout.owner_id == scope.owner_id
        return and_(is_theirs, Payout.status.not_in(_NOT_FOR_OWNERS))
    return scope.where(Payout.hospital_id)


def is_live() -> ColumnElement[bool]:
    """The condition that a payout counts: it was neither cancelled nor rejected."""
    return Payout.status.not_in(DEAD)


def get(session: Session, payout_id: UUID, *, scope: Scope) -> Payout:
    """One payout. Raises NotFound, also outside the scope."""
    payout = session.scalar(select(Payout).where(Payout.id == payout_id, visible(scope)))
    if payout is None:
        raise NotFound("There is no such payout.")
    return payout


def search(session: Session, wish: Filter, *, scope: Scope, page: PageRequest) -> Found[Payout]:
    """The payouts one may see, the newest period first."""
    found = _matching(_rows(), wish, scope)
    return keyset(session, found, page, Payout.period_start.desc(), Payout.id.desc())


def everything(
    session: Session, wish: Filter, *, scope: Scope, limit: int = 10_000
) -> Sequence[Payout]:
    """The same in one go, for a file. Raises Invalid when there are more than `limit`."""
    found = _matching(_rows(), wish, scope).limit(limit + 1)
    rows = session.scalars(found.order_by(Payout.period_start.desc(), Payout.id.desc())).all()
    if len(rows) > limit:
        raise Invalid("format", f"More than {limit:,} rows: ask for fewer.", code="too_many")
    return rows


def totals(session: Session, wish: Filter, *, scope: Scope) -> Totals:
    """Number and sums of all that match."""
    sums = [cast(func.coalesce(func.sum(getattr(Payout, n)), 0), BigInteger) for n in FIGURES]
    grouped = _matching(select(Payout.status, func.count(), *sums), wish, scope)
    rows = session.execute(grouped.group_by(Payout.status).order_by(Payout.status)).all()
    figures = {name: sum(row[at] for row in rows) for at, name in enumerate(FIGURES, start=2)}
    by_status = {row[0].value: row[1] for row in rows}
    return Totals(sum(by_status.values()), figures, by_status)


def lines(session: Session, payout_id: UUID) -> Sequence[PayoutLine]:
    """The steps of the computation, in their order."""
    found = select(PayoutLine).where(PayoutLine.payout_id == payout_id)
    return session.scalars(found.order_by(PayoutLine.ordinal)).all()


def history(session: Session, payout_id: UUID) -> Sequence[PayoutEvent]:
    """Every move, the first one first."""
    found = select(PayoutEvent).where(PayoutEvent.payout_id == payout_id)
    return session.scalars(found.order_by(PayoutEvent.id)).all()


def _rows() -> Select[Payout]:
    """Payouts for a list, which shows nothing of how each was worked out."""
    return select(Payout).options(defer(Payout.calc_snapshot))


def _matching(
    statement: Select[*tuple[Any, ...]], wish: Filter, scope: Scope
) -> Select[*tuple[Any, ...]]:
    return statement.where(visible(scope), *_conditions(wish))


def _conditions(wish: Filter) -> list[ColumnElement[bool]]:
    equal = {
        "owner_id": wish.owner_id,
        "hospital_id": wish.hospital_id,
        "contract_id": wish.contract_id,
        "run_id": wish.run_id,
        "kind": wish.kind,
        "bank_file": wish.bank_file,
    }
    found = [getattr(Payout, name) == value for name, value in equal.items() if value is not None]
    bounds = (
        (Payout.period_start.__ge__, wish.period_from),
        (Payout.period_end.__le__, wish.period_to),
        (Payout.due_on.__ge__, wish.due_from),
        (Payout.due_on.__le__, wish.due_to),
        (Payout.net_kobo.__ge__, wish.min_kobo),
        (Payout.net_kobo.__le__, wish.max_kobo),
    )
    found += [compare(value) for compare, value in bounds if value is not None]
    if wish.statuses:
        found.append(Payout.status.in_(wish.statuses))
    if wish.reference:
        found.append(Payout.reference.istartswith(wish.reference, autoescape=True))
    if wish.is_flagged is not None:
        found.append((func.cardinality(Payout.risk_flags) > 0) == wish.is_flagged)
    return found
