"""The vendor's OpenAPI documents as a judge of requests and answers."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DATA = Path(__file__).parents[1] / "data"


def check_answer(document: str, path: str, method: str, status: int, body: object) -> None:
    """Raise when a body is not what the vendor's document promises."""
    answer = _spec(document)["paths"][path][method]["responses"][str(status)]
    shared = answer.get("$ref", "").removeprefix("#/components/responses/")
    if shared:
        answer = _spec(document)["components"]["responses"][shared]
    _judge(document, answer["content"]["application/json"]["schema"], body)


def check_request(document: str, path: str, fields: Mapping[str, object]) -> None:
    """Raise when a form has a field the vendor's document does not know, or lacks one."""
    content = _spec(document)["paths"][path]["post"]["requestBody"]["content"]
    schema = next(iter(content.values()))["schema"]
    _judge(document, schema | {"unevaluatedProperties": False}, dict(fields))


def _judge(document: str, schema: dict[str, Any], body: object) -> None:
    root = {**schema, "components": _spec(document)["components"]}
    Draft202012Validator(root).validate(body)


@cache
def _spec(document: str) -> Any:
    return _plain(json.loads((DATA / f"{document}.openapi.json").read_text()))


def _plain(node: Any) -> Any:
    """Turn OpenAPI's nullable into JSON Schema's, all the way down."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
