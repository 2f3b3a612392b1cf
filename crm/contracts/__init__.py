"""Contracts: what an owner gets of a hospital's revenue, from when, on which terms."""

from crm.contracts.changes import agree, amend, cancel, renew, terminate
from crm.contracts.reading import (
    Agreed,
    expiring,
    followed,
    get,
    in_force,
    places,
    search,
    terms_at,
    versions,
    visible,
)
from crm.contracts.refusals import AlreadyRenewed, ContractOver, ContractOverlap, MonthClosed
from crm.contracts.terms import Deduction, Terms, Tier

__all__ = [
    "Agreed",
    "AlreadyRenewed",
    "ContractOver",
    "ContractOverlap",
    "Deduction",
    "MonthClosed",
    "Terms",
    "Tier",
    "agree",
    "amend",
    "cancel",
    "expiring",
    "followed",
    "get",
    "in_force",
    "places",
    "renew",
    "search",
    "terminate",
    "terms_at",
    "versions",
    "visible",
]
