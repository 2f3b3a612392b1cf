"""What a route may answer besides its usual answer, for the document."""

from typing import Any

from pydantic import BaseModel

from crm.api.kit.doors import schema_name

Responses = dict[int | str, Any]


def also(status: int, what: str, schema: type[BaseModel]) -> Responses:
    """A second good answer of a route; the schema is one that some route answers with."""
    reference = {"$ref": f"#/components/schemas/{schema_name(schema)}"}
    return {status: {"description": what, "content": {"application/json": {"schema": reference}}}}


def a_file(content_type: str, **schema: str) -> Responses:
    """A route that answers with a file."""
    content = {content_type: {"schema": {"type": "string", **schema}}}
    return {200: {"description": "A file", "content": content}}
