"""What every route of the API is made of."""

from crm.api.kit.answers import a_file, also
from crm.api.kit.calls import Call, call, needs, public
from crm.api.kit.csv_answers import csv_answer
from crm.api.kit.doors import Door
from crm.api.kit.idempotency import idempotent
from crm.api.kit.shapes import Body, Data, Empty, Out, Page, Query
from crm.api.kit.versions import expected_version, with_etag

__all__ = [
    "Body",
    "Call",
    "Data",
    "Door",
    "Empty",
    "Out",
    "Page",
    "Query",
    "a_file",
    "also",
    "call",
    "csv_answer",
    "expected_version",
    "idempotent",
    "needs",
    "public",
    "with_etag",
]
