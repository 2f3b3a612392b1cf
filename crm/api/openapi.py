"""The document of the API, made from its routes, and a page that shows it without a network."""

from pathlib import Path
from typing import Any, cast

import flask_swagger_ui
from apiflask import APIFlask
from flask import Blueprint, Response, render_template_string, send_from_directory

from crm.api.kit.doors import schema_name
from crm.api.kit.idempotency import HEADER

pages = Blueprint("docs", __name__)

VERSION = "1.0"
_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; meant for programs."},
        "detail": {"type": "string", "description": "Meant for people."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
}
_COMMON = {
    "400": "The request cannot be read",
    "401": "Not signed in",
    "403": "Signed in, and not allowed",
    "404": "There is no such thing, or it is not yours to see",
    "406": "Not acceptable",
    "409": "Not as things stand",
    "410": "It was here and is gone",
    "412": "Somebody changed it since you read it",
    "413": "The body is too large",
    "415": "The body is not JSON",
    "422": "A field is missing, unknown, or holds what it may not",
    "423": "It may not be changed now",
    "429": "Too many requests",
    "503": "A part of the service is away; try again",
}
_SIGNED_IN = ("403",)


def describe(app: APIFlask) -> None:
    """Set the document up: OpenAPI 3.1, bearer tokens, one kind of problem for every refusal."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_OPERATION_ID=True,
        DESCRIPTION="Hospitals, patients, owners and what is said to them.",
        SECURITY_SCHEMES={"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    )
    app.schema_name_resolver = schema_name
    app.spec_processor(lambda spec: _complete(app, cast("dict[str, Any]", spec)))


def _complete(app: APIFlask, spec: dict[str, Any]) -> dict[str, Any]:
    spec["components"].setdefault("schemas", {})["Problem"] = _PROBLEM
    views = {
        f"{method.lower()}_{rule.endpoint.replace('.', '_')}": app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path in spec["paths"].values():
        for operation in path.values():
            _complete_operation(operation, views[operation["operationId"]])
    return spec


def _complete_operation(operation: dict[str, Any], view: Any) -> None:
    is_public = hasattr(view, "public")
    for status, meaning in _COMMON.items():
        if not (is_public and status in _SIGNED_IN):
            operation["responses"].setdefault(status, _problem(meaning))
    if not is_public:
        operation["security"] = [{"bearer": []}]
        operation["x-permission"] = view.needs.value
    for parameter in operation["parameters"]:
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"] = {"type": "string", "format": "uuid"}
    if hasattr(view, "is_idempotent"):
        operation["parameters"].append(_KEY)


_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}


def _problem(meaning: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": meaning, "content": {"application/problem+json": {"schema": schema}}}


# -- the page -------------------------------------------------------------------------------------

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>GrandPro API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <main id="api"></main>
  <noscript>The document itself: <a href="/openapi.json">/openapi.json</a></noscript>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
"""
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true});\n'
# Everything from here alone; the page draws its arrows as data: pictures.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


@pages.get("/docs")
def docs() -> Response:
    """The API, to read and to try."""
    return Response(
        render_template_string(_PAGE),
        headers={"Content-Security-Policy": _POLICY},
        content_type="text/html; charset=utf-8",
    )


@pages.get("/docs/start.js")
def start() -> Response:
    """What starts the page."""
    return Response(_START, content_type="text/javascript; charset=utf-8")


@pages.get("/docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):name>")
def asset(name: str) -> Response:
    """The page's own files, from the installed package."""
    return send_from_directory(_ASSETS, name, max_age=86_400)
