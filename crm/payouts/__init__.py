"""Payouts: what owners are due, drafted by the month, approved by a second person, paid.

    draft -> pending_approval -> approved -> processing -> completed

Beside the way lie on_hold, rejected, cancelled, failed and reversed; `MOVES` says what leads where.
"""

from crm.models.payout import DEAD, MOVES
from crm.payouts import bank_files, exceptions, months, reading, running, runs, statements, steps
from crm.payouts.account import Account, account
from crm.payouts.bank_files import BankFile
from crm.payouts.checks import Check, recompute
from crm.payouts.compute import compute
from crm.payouts.disputes import Dispute, dispute
from crm.payouts.drafts import Order, draft, work_out
from crm.payouts.effects import Step, allowed_next
from crm.payouts.inputs import Extra, Figures, Inputs, Line, Revenue
from crm.payouts.reading import (
    Filter,
    Totals,
    everything,
    get,
    history,
    is_live,
    lines,
    search,
    totals,
    visible,
)
from crm.payouts.risks import Risk
from crm.payouts.steps import move, permission, require_strong
from crm.payouts.writing import FIGURES

__all__ = [
    "DEAD",
    "FIGURES",
    "MOVES",
    "Account",
    "BankFile",
    "Check",
    "Dispute",
    "Extra",
    "Figures",
    "Filter",
    "Inputs",
    "Line",
    "Order",
    "Revenue",
    "Risk",
    "Step",
    "Totals",
    "account",
    "allowed_next",
    "bank_files",
    "compute",
    "dispute",
    "draft",
    "everything",
    "exceptions",
    "get",
    "history",
    "is_live",
    "lines",
    "months",
    "move",
    "permission",
    "reading",
    "recompute",
    "require_strong",
    "running",
    "runs",
    "search",
    "statements",
    "steps",
    "totals",
    "visible",
    "work_out",
]
