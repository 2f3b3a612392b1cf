"""The door that all routes of payouts hang on, and how the document tells of files."""

from typing import Any

from crm.api.kit import Door

door = Door("payouts", "crm.api.payouts")

Responses = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]


def a_file(content_type: str, **schema: str) -> Responses:
    """A route that answers with a file."""
    content = {content_type: {"schema": {"type": "string", **schema}}}
    return {200: {"description": "A file", "content": content}}


def also(status: int, what: str, schema: str) -> Responses:
    """A second good answer of a route."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {status: {"description": what, "content": content}}
