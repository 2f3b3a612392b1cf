"""Revenue: what each hospital earned, in which month it counts, how far its books are closed."""

from crm.revenue.books import close, closed_through, recognised_on
from crm.revenue.entries import (
    AlreadyCollected,
    EntryKnown,
    Totals,
    collect,
    get,
    record,
    search,
    totals,
)
from crm.revenue.imports import Report, load
from crm.revenue.sheets import Fault, SheetUnreadable

__all__ = [
    "AlreadyCollected",
    "EntryKnown",
    "Fault",
    "Report",
    "SheetUnreadable",
    "Totals",
    "close",
    "closed_through",
    "collect",
    "get",
    "load",
    "recognised_on",
    "record",
    "search",
    "totals",
]
