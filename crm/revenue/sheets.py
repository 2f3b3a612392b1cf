"""Reading a sheet of revenue (CSV) line by line, each line a row or a list of faults.

Columns, in any order: `hospital` (its code), `service_line`, `kind`, `amount` (naira) or
`amount_kobo`, `billed_on`, `collected_on` (may be empty) and `external_ref`. Days are 2026-10-31
or 31/10/2026.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from crm.kit.errors import Invalid
from crm.models import RevenueKind
from crm.revenue.entries import check

_COLUMNS = ("hospital", "service_line", "kind", "billed_on", "collected_on", "external_ref")
_AMOUNTS = ("amount", "amount_kobo")
_LONGEST = 120
_MOST_NAIRA = Decimal(10) ** 11
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](20\d\d)", re.ASCII)


class SheetUnreadable(Invalid):
    """The sheet as a whole cannot be read."""

    code = "sheet_unreadable"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one line of the sheet; the header is line 1."""

    line: int
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the sheet has it."""

    line: int
    hospital_id: UUID
    service_line: str
    kind: RevenueKind
    amount_kobo: int
    billed_on: date
    collected_on: date | None
    external_ref: str


def read(
    text: Iterable[str], *, hospitals: Mapping[str, UUID], today: date
) -> Iterator[Line | Fault]:
    """The lines of a sheet, one at a time; `hospitals` are those one may write to, by code.

    Raises SheetUnreadable when the header is wrong or the file is no CSV.
    """
    rows = csv.DictReader(text, strict=True)
    try:
        _check_header(rows.fieldnames or ())
        for row in rows:
            if any(row.values()):
                yield _line(rows.line_num, row, hospitals, today)
    except csv.Error as error:
        raise SheetUnreadable("file", f"Line {rows.line_num} is no CSV: {error}.") from None
    except UnicodeDecodeError:
        raise SheetUnreadable("file", "The file is not UTF-8 text.") from None


def _check_header(names: Iterable[str]) -> None:
    given = set(names)
    missing = [name for name in _COLUMNS if name not in given]
    if len(given & set(_AMOUNTS)) != 1:
        missing.append("amount or amount_kobo, one of them")
    if missing:
        raise SheetUnreadable("file", f"Missing in the first line: {', '.join(missing)}.")


def _line(
    number: int, row: Mapping[str, str | None], hospitals: Mapping[str, UUID], today: date
) -> Line | Fault:
    try:
        line = Line(
            line=number,
            hospital_id=_hospital(_cell(row, "hospital"), hospitals),
            service_line=_cell(row, "service_line"),
            kind=_kind(_cell(row, "kind")),
            amount_kobo=_amount(row),
            billed_on=_day("billed_on", _cell(row, "billed_on")),
            collected_on=_maybe_day("collected_on", (row["collected_on"] or "").strip()),
            external_ref=_cell(row, "external_ref"),
        )
        check(line.kind, line.amount_kobo, line.billed_on, line.collected_on, today=today)
    except Invalid as wrong:
        return Fault(number, wrong.field, wrong.field_code, str(wrong))
    return line


def _cell(row: Mapping[str, str | None], name: str) -> str:
    text = (row[name] or "").strip()
    if not text:
        raise Invalid(name, "This cell is empty.", code="missing")
    if len(text) > _LONGEST or not text.isprintable():
        raise Invalid(name, "This cell is too long or holds control characters.")
    return text


def _hospital(code: str, hospitals: Mapping[str, UUID]) -> UUID:
    if code.upper() not in hospitals:
        raise Invalid("hospital", "No hospital of yours has this code.", code="unknown_hospital")
    return hospitals[code.upper()]


def _kind(text: str) -> RevenueKind:
    try:
        return RevenueKind(text.lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        raise Invalid("kind", "This is charge, refund or write_off.", code="enum") from None


def _amount(row: Mapping[str, str | None]) -> int:
    """The amount in kobo, from a cell in naira (1,250.50) or in kobo."""
    field = "amount" if "amount" in row else "amount_kobo"
    text = _cell(row, field).replace(",", "").removeprefix("₦").removeprefix("NGN").strip()
    try:
        kobo = Decimal(text) * (100 if field == "amount" else 1)
    except InvalidOperation:
        raise Invalid(field, "This is no amount.", code="amount_invalid") from None
    if not kobo.is_finite() or abs(kobo) > _MOST_NAIRA * 100 or kobo != int(kobo):
        raise Invalid(field, "This amount is too large or finer than a kobo.", code="out_of_range")
    return int(kobo)


def _maybe_day(field: str, text: str) -> date | None:
    return _day(field, text) if text else None


def _day(field: str, text: str) -> date:
    try:
        if found := _DAY_FIRST.fullmatch(text):
            day, month, year = map(int, found.groups())
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(field, "Write the day as 2026-10-31.", code="date_invalid") from None
