"""How the API says no: RFC 9457 problem documents with a code, fields and the request's id."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from flask import Response, g, jsonify
from pydantic import ValidationError

from crm.kit.errors import DomainError, Invalid

_BY_STATUS = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "not_json",
    429: "too_many_requests",
    503: "not_available",
}


class Unreadable(DomainError):
    """The request could not be read at all."""

    code = "bad_request"
    status = 400


class Malformed(DomainError):
    """Fields are missing, unknown, or hold what they may not."""

    code = "invalid"
    status = 422

    def __init__(self, error: ValidationError) -> None:
        """Keep one line for each field; what was sent is not repeated."""
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        self.errors = [_field(problem) for problem in problems]
        names = ", ".join(dict.fromkeys(each["field"] or "the body" for each in self.errors))
        super().__init__(f"Please check {names}.")


def _field(problem: Mapping[str, Any]) -> dict[str, str]:
    field = ".".join(str(part) for part in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    return {"field": field, "code": str(problem["type"]), "message": message}


def refusal(error: DomainError) -> Response:
    """The answer to a rule that says no."""
    errors: Sequence[Mapping[str, str]] = ()
    if isinstance(error, Malformed):
        errors = error.errors
    elif isinstance(error, Invalid):
        field = {"field": error.field, "code": error.field_code, "message": str(error)}
        errors = [field]
    return problem(error.status, error.code, str(error), errors=errors, facts=error.facts)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    """A problem document with this status; facts stand beside its own members, never over them."""
    said = {
        **facts,
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": list(errors),
        "request_id": g.get("request_id", ""),
    }
    answer = jsonify(said)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    if "retry_after_s" in facts:
        answer.headers["Retry-After"] = str(facts["retry_after_s"])
    return answer


def http_problem(status: int, detail: str, **facts: Any) -> Response:
    """The same for what the framework refuses."""
    return problem(status, _BY_STATUS.get(status, "refused"), detail, facts=facts)
