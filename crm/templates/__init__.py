"""The words we send: written once, approved by a second person, filled with named values."""

from crm.templates.contents import content_name, note_provider_status, shapes
from crm.templates.finding import (
    ENGLISH,
    Texts,
    by_versions,
    get,
    get_version,
    in_use,
    search,
    usage,
)
from crm.templates.prices import Prices
from crm.templates.refusals import (
    NotApproved,
    Unrenderable,
    VariableMissing,
    WrongStatus,
)
from crm.templates.rendering import PERSONAL, Rendered, refuse_unknown, render
from crm.templates.writing import approve, archive, create, reject, revise, submit

__all__ = [
    "ENGLISH",
    "PERSONAL",
    "NotApproved",
    "Prices",
    "Rendered",
    "Texts",
    "Unrenderable",
    "VariableMissing",
    "WrongStatus",
    "approve",
    "archive",
    "by_versions",
    "content_name",
    "create",
    "get",
    "get_version",
    "in_use",
    "note_provider_status",
    "refuse_unknown",
    "reject",
    "render",
    "revise",
    "search",
    "shapes",
    "submit",
    "usage",
]
