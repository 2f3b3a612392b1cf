"""Revenue entries: added, collected, listed, summed, and brought in as a sheet."""

import io
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from flask import request
from pydantic import Field, StringConstraints

from crm import revenue
from crm.api.contracts import Day, ServiceLine
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, idempotent, needs
from crm.api.kit.fields import Code, SignedKobo
from crm.kit.errors import DomainError, NotFound
from crm.kit.permissions import Permission
from crm.models import Basis, RevenueEntry, RevenueKind
from crm.revenue import Report

door = Door("revenue", __name__)

_BIGGEST_SHEET = 16 * 1024 * 1024

Reference = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class SheetRefused(DomainError):
    """Lines of the sheet are wrong, so nothing was written; `faults` names the first hundred."""

    code = "sheet_refused"
    status = 422


class RevenueEntryBody(Body):
    """One amount: a charge above zero, a refund or write-off below."""

    hospital_id: UUID
    service_line: ServiceLine
    kind: RevenueKind
    amount_kobo: SignedKobo
    billed_on: Day
    collected_on: Day | None = None
    source: Code = "desk"
    external_ref: Reference | None = None


class CollectionBody(Body):
    """The day on which the money came in."""

    collected_on: Day


class RevenueFilter(Query):
    """Which entries."""

    hospital_id: UUID | None = None
    service_line: ServiceLine | None = None
    kind: RevenueKind | None = None
    source: Code | None = None
    billed_from: Day | None = None
    billed_to: Day | None = None
    is_collected: bool | None = None


class RevenueTotalsQuery(Body):
    """Which hospital, and which days by which basis."""

    hospital_id: UUID
    first: Day
    last: Day
    basis: Basis = Basis.CASH


class RevenueImportQuery(Body):
    """Where the sheet comes from, and whether it is only tried."""

    source: Code
    dry_run: bool = False


class RevenueEntryOut(Out):
    """An entry, and the days on which it counts."""

    id: UUID
    hospital_id: UUID
    service_line: str
    kind: RevenueKind
    amount_kobo: int
    currency: str = "NGN"
    billed_on: date
    collected_on: date | None
    billing_recognised_on: date
    cash_recognised_on: date | None
    source: str
    external_ref: str
    created_by: UUID | None
    created_at: datetime


class RevenueTotalsOut(Out):
    """What counts in a stretch of days; `late_kobo` belongs to months that were closed."""

    charges_kobo: int
    refunds_kobo: int
    write_offs_kobo: int
    gross_kobo: int
    late_kobo: int
    entries: int
    currency: str = "NGN"
    closed_through: date | None


class SheetFaultOut(Out):
    """What is wrong in one line; the header is line 1."""

    line: int
    field: str
    code: str
    message: str


class SheetReportOut(Out):
    """What a sheet held, and what became of it."""

    lines: int
    added: int
    collected: int = Field(description="Known entries whose collection day is new.")
    known: int
    amount_kobo: int
    currency: str = "NGN"
    faulty: int
    faults: list[SheetFaultOut]
    is_written: bool


@door.get("/revenue-entries")
@needs(Permission.REVENUE_READ)
@door.input(RevenueFilter, location="query")
@door.output(Page[RevenueEntryOut])
def index(query_data: RevenueFilter) -> Page[RevenueEntryOut]:
    """The entries of one's hospitals, the newest bill first."""
    found = revenue.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        **query_data.model_dump(exclude={"limit", "cursor"}),
    )
    return Page[RevenueEntryOut].of(found, RevenueEntryOut.model_validate)


@door.get("/revenue-entries/totals")
@needs(Permission.REVENUE_READ)
@door.input(RevenueTotalsQuery, location="query")
@door.output(Data[RevenueTotalsOut])
def totals(query_data: RevenueTotalsQuery) -> Data[RevenueTotalsOut]:
    """What a hospital earned in a stretch of days, and how far its books are closed."""
    asked = query_data
    if not call.scope.covers(asked.hospital_id):
        raise NotFound("There is no such hospital.")
    found = revenue.totals(
        call.session, asked.hospital_id, basis=asked.basis, first=asked.first, last=asked.last
    )
    closed = revenue.closed_through(call.session, asked.hospital_id)
    names = RevenueTotalsOut.model_fields.keys() - {"closed_through", "currency"}
    sums = {name: getattr(found, name) for name in names}
    return Data(data=RevenueTotalsOut(**sums, closed_through=closed))


@door.post("/revenue-entries")
@needs(Permission.REVENUE_WRITE)
@idempotent
@door.input(RevenueEntryBody)
@door.output(Data[RevenueEntryOut], status_code=201)
def create(json_data: RevenueEntryBody) -> Data[RevenueEntryOut]:
    """Write down one entry."""
    entry = revenue.record(call.session, **json_data.model_dump(), by=call.actor, now=call.now)
    return _one(entry)


@door.get("/revenue-entries/<uuid:entry_id>")
@needs(Permission.REVENUE_READ)
@door.output(Data[RevenueEntryOut])
def show(entry_id: UUID) -> Data[RevenueEntryOut]:
    """One entry."""
    return _one(revenue.get(call.session, entry_id, scope=call.scope))


@door.post("/revenue-entries/<uuid:entry_id>/collection")
@needs(Permission.REVENUE_WRITE)
@idempotent
@door.input(CollectionBody)
@door.output(Data[RevenueEntryOut])
def collect(entry_id: UUID, json_data: CollectionBody) -> Data[RevenueEntryOut]:
    """Note that the money of an entry came in."""
    entry = revenue.collect(
        call.session, entry_id, collected_on=json_data.collected_on, by=call.actor, now=call.now
    )
    return _one(entry)


@door.post("/revenue-entries/import")
@needs(Permission.REVENUE_WRITE)
@door.input(RevenueImportQuery, location="query")
@door.output(Data[SheetReportOut])
def load(query_data: RevenueImportQuery) -> Data[SheetReportOut]:
    """Bring in a sheet (the body, as CSV in UTF-8): all of it or nothing.

    Columns: `hospital` (its code), `service_line`, `kind`, `amount` in naira or `amount_kobo`,
    `billed_on`, `collected_on`, `external_ref`. An entry is known by hospital, source and
    reference: the same sheet again changes nothing. With `dry_run` nothing is written.
    """
    request.max_content_length = _BIGGEST_SHEET
    report = revenue.load(
        call.session,
        io.TextIOWrapper(io.BytesIO(request.get_data()), "utf-8-sig", newline=""),
        source=query_data.source,
        is_dry_run=query_data.dry_run,
        by=call.actor,
        now=call.now,
    )
    if report.faulty and not query_data.dry_run:
        raise _refused(report)
    return Data(data=SheetReportOut.model_validate(report))


def _refused(report: Report) -> SheetRefused:
    faults = [SheetFaultOut.model_validate(fault).model_dump() for fault in report.faults]
    said = f"{report.faulty} of {report.lines} lines are wrong; nothing was written."
    return SheetRefused(said, faults=faults)


def _one(entry: RevenueEntry) -> Data[RevenueEntryOut]:
    call.concerns("revenue_entry", entry.id, hospital_id=entry.hospital_id)
    return Data(data=RevenueEntryOut.model_validate(entry))
