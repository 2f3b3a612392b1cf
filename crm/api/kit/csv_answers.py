"""Tables as CSV, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

# What a spreadsheet would run (OWASP, CSV injection); a signed number is none of it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A file of this name. The rows are read at once: the transaction ends with the view."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_defused(cell) for cell in row] for row in rows)
    answer = Response(file.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _defused(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell
