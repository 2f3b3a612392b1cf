"""The JSON API: one file of routes for each noun."""

from importlib import import_module
from importlib.util import find_spec

from crm.api.kit import Door

_NOUNS = (
    "sign_in",
    "users",
    "audit",
    "jobs",
    "hospitals",
    "services",
    "practitioners",
    "schedules",
    "closures",
    "availability",
    "patients",
    "preferences",
    "insurance",
    "data_requests",
    "appointments",
    "waitlist",
    "feedback",
    "follow_ups",
    "loyalty",
    "rewards",
    "redemptions",
    "referrals",
    "payments",
    "owners",
    "contracts",
    "bank_accounts",
    "revenue",
    "tax_rules",
    "payouts",
    "satisfaction",
    "communications",
    "owner_communications",
    "patient_communications",
    "templates",
    "campaigns",
    "conversations",
    "analytics",
)


def doors() -> list[Door]:
    """Every door of the API, in the order in which the docs show them."""
    names = [f"{__name__}.{noun}" for noun in _NOUNS]
    return [import_module(name).door for name in names if find_spec(name)]
