"""The web application, assembled: doors, ids on every log line, errors in words."""

from time import perf_counter

import structlog
from flask import Flask, Response, g, jsonify, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot import health, metrics
from bot.demo_door import pages as demo_pages
from bot.wiring import Wiring
from crm.console import calendar
from crm.kit.errors import DomainError
from crm.kit.ids import uuid7
from webhooks.receipts import receipts_door
from webhooks.twilio import inbound_door

log = structlog.get_logger()

_BIGGEST_BODY = 64 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(wiring: Wiring) -> Flask:
    """The application over this wiring."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _BIGGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = _BIGGEST_BODY
    app.extensions["wiring"] = wiring
    for door in (inbound_door, receipts_door, calendar.pages, health.pages):
        app.register_blueprint(door)
    if wiring.settings.environment != "production":
        app.register_blueprint(demo_pages)
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(DomainError, _say_no)
    app.register_error_handler(HTTPException, _say_http)
    return app


def _begin() -> None:
    clear_contextvars()
    g.request_id = request.headers.get("X-Request-Id", "")[:64] or uuid7().hex
    g.started = perf_counter()
    bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    seconds = perf_counter() - g.started
    metrics.http_requests.labels(request.method, route, response.status_code).inc()
    metrics.http_request_seconds.labels(route).observe(seconds)
    response.headers.extend(_HEADERS)
    response.headers["X-Request-Id"] = g.request_id
    return response


def _say_no(error: DomainError) -> tuple[Response, int]:
    problem = {"type": "about:blank", "title": error.code, "detail": str(error)}
    return jsonify(problem | {"status": error.status, "request_id": g.request_id}), error.status


def _say_http(error: HTTPException) -> AnyResponse | tuple[Response, int]:
    code = error.code or 500
    problem = {"type": "about:blank", "title": error.name, "status": code}
    return jsonify(problem | {"request_id": g.get("request_id", "")}), code
