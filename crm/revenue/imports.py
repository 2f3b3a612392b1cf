"""Bringing a sheet of revenue into the books: all of it or nothing, and the same sheet twice once.

An entry is known by hospital, source and reference. A line that is known is left as it is, except
that a collection day it did not have is noted; a line that contradicts what is known is a fault.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Permission
from crm.models import Hospital
from crm.revenue import books, sheets
from crm.revenue.sheets import Fault, Line

MOST_FAULTS = 100
_BATCH = 1_000
# Sets by unnest: one statement for a thousand lines, prepared once.
_INSERT = text("""
    insert into revenue_entries (
        id, hospital_id, service_line, kind, amount_kobo, billed_on, collected_on,
        billing_recognised_on, cash_recognised_on, external_ref,
        source, created_by, created_at, updated_at
    )
    select l.*, :source, :by, :now, :now
    from unnest(
        cast(:id as uuid[]), cast(:hospital_id as uuid[]), cast(:service_line as text[]),
        cast(:kind as text[]), cast(:amount_kobo as bigint[]), cast(:billed_on as date[]),
        cast(:collected_on as date[]), cast(:billing_recognised_on as date[]),
        cast(:cash_recognised_on as date[]), cast(:external_ref as text[])
    ) as l
    on conflict on constraint uq_revenue_entries_ref do nothing
    returning hospital_id, external_ref
""")
_KNOWN = text("""
    select e.id, e.hospital_id, e.external_ref, e.service_line, e.kind, e.amount_kobo,
        e.billed_on, e.collected_on
    from unnest(cast(:hospitals as uuid[]), cast(:refs as text[])) as l (hospital_id, ref)
    join revenue_entries e
        on e.hospital_id = l.hospital_id and e.external_ref = l.ref and e.source = :source
""")
_COLLECT = text("""
    update revenue_entries e
    set collected_on = c.collected_on, cash_recognised_on = c.recognised_on, updated_at = :now
    from unnest(cast(:ids as uuid[]), cast(:collected as date[]), cast(:recognised as date[]))
        as c (id, collected_on, recognised_on)
    where e.id = c.id and e.collected_on is null
""")

Key = tuple[UUID, str]
"""Hospital and reference; the source is the same for the whole sheet."""


@dataclass
class Report:
    """What a sheet held, and what became of it."""

    lines: int = 0
    added: int = 0
    collected: int = 0
    known: int = 0
    amount_kobo: int = 0
    """The sum of what was added."""
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)
    """The first hundred."""
    is_written: bool = False

    def blame(self, fault: Fault) -> None:
        """Note a line that is wrong."""
        self.faulty += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


def load(
    session: Session,
    lines: Iterable[str],
    *,
    source: str,
    is_dry_run: bool,
    by: Actor,
    now: datetime,
) -> Report:
    """Bring in the lines of a CSV sheet, unless one is wrong or it is a dry run.

    Only hospitals in the actor's scope are written to. Raises SheetUnreadable.
    """
    hospitals = _hospitals(session, by)
    books_of = books.keep_open(session, hospitals.values())
    loading = _Loading(session, source, by, now, books_of)
    savepoint = session.begin_nested()
    read = sheets.read(lines, hospitals=hospitals, today=lagos_day(now))
    while batch := list(islice(read, _BATCH)):
        loading.take(batch)
    report = loading.report
    report.is_written = not is_dry_run and not report.faulty
    if report.is_written:
        savepoint.commit()
    else:
        savepoint.rollback()
    return report


def _hospitals(session: Session, by: Actor) -> Mapping[str, UUID]:
    scope = by.scope(Permission.REVENUE_WRITE)
    rows = session.execute(select(Hospital.code, Hospital.id).where(scope.where(Hospital.id)))
    return {row.code.upper(): row.id for row in rows}


@dataclass
class _Loading:
    """A sheet on its way in."""

    session: Session
    source: str
    by: Actor
    now: datetime
    books_of: Mapping[UUID, date]
    report: Report = field(default_factory=Report)
    seen: dict[Key, int] = field(default_factory=dict)
    """The line on which each reference stood first."""

    def take(self, batch: Sequence[Line | Fault]) -> None:
        """Insert a batch of lines at once; compare those that were known."""
        self.report.lines += len(batch)
        lines = {(line.hospital_id, line.external_ref): line for line in self._sound(batch)}
        added = self._insert(list(lines.values()))
        self.report.added += len(added)
        self.report.amount_kobo += sum(lines[key].amount_kobo for key in added)
        self._compare([line for key, line in lines.items() if key not in added])

    def _sound(self, batch: Sequence[Line | Fault]) -> Iterator[Line]:
        """The lines without a fault of their own whose reference is new to the sheet."""
        for line in batch:
            if isinstance(line, Fault):
                self.report.blame(line)
                continue
            first = self.seen.setdefault((line.hospital_id, line.external_ref), line.line)
            if first == line.line:
                yield line
            else:
                said = f"This reference stands on line {first} too."
                self.report.blame(Fault(line.line, "external_ref", "duplicate", said))

    def _insert(self, lines: Sequence[Line]) -> set[Key]:
        if not lines:
            return set()
        rows = [self._row(line) for line in lines]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        common = {"source": self.source, "by": self.by.id, "now": self.now}
        added = self.session.execute(_INSERT, {**columns, **common})
        return {(row.hospital_id, row.external_ref) for row in added}

    def _row(self, line: Line) -> dict[str, Any]:
        collected = line.collected_on
        return {
            "id": uuid7(),
            "hospital_id": line.hospital_id,
            "service_line": line.service_line,
            "kind": line.kind.value,
            "amount_kobo": line.amount_kobo,
            "billed_on": line.billed_on,
            "collected_on": collected,
            "billing_recognised_on": self._counts_on(line, line.billed_on),
            "cash_recognised_on": collected and self._counts_on(line, collected),
            "external_ref": line.external_ref,
        }

    def _counts_on(self, line: Line, day: date) -> date:
        return books.recognised_on(day, self.books_of.get(line.hospital_id))

    def _compare(self, lines: Sequence[Line]) -> None:
        """Count what is the same, note what was collected since, and blame what contradicts."""
        known = self._known(lines)
        collected: list[tuple[UUID, date, date]] = []
        for line in lines:
            entry = known[line.hospital_id, line.external_ref]
            if _contradicts(line, entry):
                said = "An entry with this reference says something else."
                self.report.blame(Fault(line.line, "external_ref", "contradicts", said))
            elif line.collected_on is not None and entry.collected_on is None:
                on = self._counts_on(line, line.collected_on)
                collected.append((entry.id, line.collected_on, on))
            else:
                self.report.known += 1
        self._collect(collected)

    def _known(self, lines: Sequence[Line]) -> dict[Key, Row[Any]]:
        if not lines:
            return {}
        asked = {
            "hospitals": [line.hospital_id for line in lines],
            "refs": [line.external_ref for line in lines],
            "source": self.source,
        }
        rows = self.session.execute(_KNOWN, asked)
        return {(row.hospital_id, row.external_ref): row for row in rows}

    def _collect(self, collected: Sequence[tuple[UUID, date, date]]) -> None:
        if not collected:
            return
        ids, days, recognised = zip(*collected, strict=True)
        facts = {"ids": list(ids), "collected": list(days), "recognised": list(recognised)}
        self.session.execute(_COLLECT, {**facts, "now": self.now})
        self.report.collected += len(collected)


def _contradicts(line: Line, entry: Row[Any]) -> bool:
    is_same_money = (line.kind, line.amount_kobo) == (entry.kind, entry.amount_kobo)
    is_same_bill = (line.billed_on, line.service_line) == (entry.billed_on, entry.service_line)
    is_other_day = entry.collected_on not in {None, line.collected_on}
    return not (is_same_money and is_same_bill) or (line.collected_on is not None and is_other_day)
