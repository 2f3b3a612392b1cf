"""Revenue entries: written down one at a time, collected, found, summed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm.kit.clock import lagos_day
from crm.kit.errors import DomainError, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.kit.violations import meaning
from crm.models import Basis, RevenueEntry, RevenueKind
from crm.revenue import books


class EntryKnown(DomainError):
    """This hospital has an entry with this reference from this source."""

    code = "entry_known"


class AlreadyCollected(DomainError):
    """The money of this entry came in before; money that goes back is a refund."""

    code = "already_collected"


@dataclass(frozen=True, slots=True)
class Totals:
    """What counts for a hospital in a stretch of days, in kobo; refunds and write-offs below zero.

    `late_kobo` belongs to earlier, closed months and is in none of the other sums.
    """

    charges_kobo: int = 0
    refunds_kobo: int = 0
    write_offs_kobo: int = 0
    late_kobo: int = 0
    entries: int = 0

    @property
    def gross_kobo(self) -> int:
        """What the share is worked out from."""
        return self.charges_kobo + self.refunds_kobo + self.write_offs_kobo


def get(session: Session, entry_id: UUID, *, scope: Scope) -> RevenueEntry:
    """The entry. Raises NotFound, also outside the scope."""
    entry = session.scalar(
        select(RevenueEntry).where(
            RevenueEntry.id == entry_id, scope.where(RevenueEntry.hospital_id)
        )
    )
    if entry is None:
        raise NotFound("There is no such entry.")
    return entry


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    service_line: str | None = None,
    kind: RevenueKind | None = None,
    source: str | None = None,
    billed_from: date | None = None,
    billed_to: date | None = None,
    is_collected: bool | None = None,
) -> Found[RevenueEntry]:
    """Entries of the hospitals in scope, the newest bill first."""
    found = select(RevenueEntry).where(scope.where(RevenueEntry.hospital_id))
    equal = {"hospital_id": hospital_id, "service_line": service_line, "kind": kind}
    for name, value in {**equal, "source": source}.items():
        if value is not None:
            found = found.where(getattr(RevenueEntry, name) == value)
    if billed_from:
        found = found.where(RevenueEntry.billed_on >= billed_from)
    if billed_to:
        found = found.where(RevenueEntry.billed_on <= billed_to)
    if is_collected is not None:
        found = found.where(RevenueEntry.collected_on.is_not(None) == is_collected)
    return keyset(session, found, page, RevenueEntry.billed_on.desc(), RevenueEntry.id.desc())


def record(
    session: Session,
    *,
    hospital_id: UUID,
    service_line: str,
    kind: RevenueKind,
    amount_kobo: int,
    billed_on: date,
    collected_on: date | None,
    source: str,
    external_ref: str | None = None,
    by: Actor,
    now: datetime,
) -> RevenueEntry:
    """Write down one entry; without a reference of its source its own id is one.

    Raises EntryKnown, Invalid, NotFound outside the scope.
    """
    if not by.scope(Permission.REVENUE_WRITE).covers(hospital_id):
        raise NotFound("There is no such hospital.")
    check(kind, amount_kobo, billed_on, collected_on, today=lagos_day(now))
    closed = books.keep_open(session, [hospital_id]).get(hospital_id)
    id_ = uuid7()
    entry = RevenueEntry(
        id=id_,
        hospital_id=hospital_id,
        service_line=service_line,
        kind=kind,
        amount_kobo=amount_kobo,
        billed_on=billed_on,
        collected_on=collected_on,
        billing_recognised_on=books.recognised_on(billed_on, closed),
        cash_recognised_on=collected_on and books.recognised_on(collected_on, closed),
        source=source,
        external_ref=external_ref or str(id_),
        created_by=by.id,
        created_at=now,
        updated_at=now,
    )
    known = EntryKnown("There is an entry with this reference already.")
    nowhere = NotFound("There is no such hospital.")
    refusals = {"uq_revenue_entries_ref": known, "fk_revenue_entries_hospital_id": nowhere}
    with meaning(session, refusals):
        session.add(entry)
    return entry


def collect(
    session: Session, entry_id: UUID, *, collected_on: date, by: Actor, now: datetime
) -> RevenueEntry:
    """Note that the money of an entry came in. Raises AlreadyCollected, Invalid, NotFound."""
    entry = get(session, entry_id, scope=by.scope(Permission.REVENUE_WRITE))
    closed = books.keep_open(session, [entry.hospital_id]).get(entry.hospital_id)
    session.refresh(entry, with_for_update=True)
    if entry.collected_on is not None:
        raise AlreadyCollected("The money of this entry came in before.")
    check(entry.kind, entry.amount_kobo, entry.billed_on, collected_on, today=lagos_day(now))
    entry.collected_on = collected_on
    entry.cash_recognised_on = books.recognised_on(collected_on, closed)
    entry.updated_at = now
    session.flush()
    return entry


def totals(
    session: Session,
    hospital_id: UUID,
    *,
    basis: Basis,
    first: date,
    last: date,
    without: tuple[str, ...] = (),
) -> Totals:
    """What counts from `first` to `last` on this basis, service lines in `without` left out."""
    happened, counts = _days(basis)
    is_late = happened != counts
    entry = RevenueEntry
    sums = {
        "charges_kobo": (entry.kind == RevenueKind.CHARGE) & ~is_late,
        "refunds_kobo": (entry.kind == RevenueKind.REFUND) & ~is_late,
        "write_offs_kobo": (entry.kind == RevenueKind.WRITE_OFF) & ~is_late,
        "late_kobo": is_late,
    }
    found = session.execute(
        select(
            *(_sum(entry.amount_kobo, which).label(name) for name, which in sums.items()),
            func.count().label("entries"),
        )
        .where(entry.hospital_id == hospital_id, counts.between(first, last))
        .where(entry.service_line.not_in(without))
    )
    return Totals(**found.mappings().one())


def check(
    kind: RevenueKind,
    amount_kobo: int,
    billed_on: date,
    collected_on: date | None,
    *,
    today: date,
) -> None:
    """Raise Invalid when the sign is wrong or a day lies ahead."""
    if (kind is RevenueKind.CHARGE) != (amount_kobo > 0) or not amount_kobo:
        raise Invalid(
            "amount_kobo", "A charge is above zero, a refund or write-off below.", code="sign"
        )
    for field, day in (("billed_on", billed_on), ("collected_on", collected_on)):
        if day is not None and day > today:
            raise Invalid(field, "That day has not come yet.", code="in_future")


def _days(
    basis: Basis,
) -> tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]]:
    """When it happened and when it counts, on this basis."""
    if basis is Basis.CASH:
        return RevenueEntry.collected_on, RevenueEntry.cash_recognised_on
    return RevenueEntry.billed_on, RevenueEntry.billing_recognised_on


def _sum(amount: InstrumentedAttribute[int], which: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(amount).filter(which), 0), BigInteger)
