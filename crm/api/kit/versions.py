"""Two people editing one thing: ETag out, If-Match or `version` in."""

import re
from typing import Any

from flask import Response, make_response, request

from crm.kit.errors import Invalid


def expected_version(in_body: int | None = None) -> int:
    """The version the caller has read, from `If-Match` or the body. Raises Invalid."""
    header = request.headers.get("If-Match", "")
    if found := re.fullmatch(r'(?:W/)?"?v?(\d{1,9})"?', header.strip()):
        return int(found[1])
    if in_body is None:
        raise Invalid("version", "Say which version you have read.", code="missing")
    return in_body


def with_etag(answer: Any, version: int) -> Response:
    """The answer with its version as the entity tag."""
    made = make_response(answer)
    made.set_etag(f"v{version}")
    return made
