"""The statement as rows for a spreadsheet; money in naira with two decimals."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from crm.payouts.money import percent
from crm.payouts.statements.building import Statement

HEADER = ("step", "what", "explanation", "of_naira", "rate", "amount_naira", "balance_naira")


def rows(statement: Statement) -> Iterator[Sequence[Any]]:
    """One row for each line, then what is paid."""
    for each in statement.lines:
        line = each.line
        yield (
            line.ordinal,
            line.label,
            each.explanation,
            None if line.base_kobo is None else _naira(line.base_kobo),
            None if line.bps is None else percent(line.bps),
            _naira(line.amount_kobo),
            _naira(each.balance_kobo),
        )
    net = _naira(statement.net_kobo)
    yield ("", "Net", f"Payout {statement.reference}, {statement.period}", None, None, net, net)


def _naira(kobo: int) -> Decimal:
    return Decimal(kobo).scaleb(-2)
