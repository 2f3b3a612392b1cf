"""Statements for owners: every line in words, a balance that runs down to what is paid."""

from crm.payouts.statements.building import Explained, RevenueRow, Statement, build, explained
from crm.payouts.statements.tables import HEADER, rows
from crm.payouts.statements.words import explain

__all__ = [
    "HEADER",
    "Explained",
    "RevenueRow",
    "Statement",
    "build",
    "explain",
    "explained",
    "rows",
]
