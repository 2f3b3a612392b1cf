"""The web application, assembled: doors, ids on every log line, errors in words."""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import structlog
from apiflask import APIFlask
from flask import Flask, Request, Response, g, request
from sqlalchemy.exc import DBAPIError, OperationalError
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Response as AnyResponse

from bot import health, metrics
from bot.demo_door import pages as demo_pages
from bot.wiring import Wiring
from crm import api
from crm.api import limits, openapi
from crm.api.kit import calls, problems
from crm.console import calendar, forms, my_data, statements, unsubscribe
from crm.kit.errors import Denied, DomainError
from crm.kit.ids import uuid7
from webhooks.receipts import receipts_door
from webhooks.requests import CarrierRequest, itself
from webhooks.sendgrid import mail_events_door
from webhooks.twilio import inbound_door

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

_CARRIERS = "/webhooks/"
_BIGGEST_BODY = 64 * 1024
_REQUEST_ID, _STARTED = "grandpro.request_id", "grandpro.started"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class _Carriers(Flask):
    """Does without what no door of theirs has: views that are asynchronous, and hosts to match."""

    request_class = CarrierRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Looks at path and method alone."""
        if request is None:
            return None
        return self.url_map.bind("", path_info=request.path, default_method=request.method)


def create_app(wiring: Wiring) -> Flask:
    """The application over this wiring."""
    app = APIFlask(
        __name__,
        title="GrandPro API",
        version=openapi.VERSION,
        docs_path=None,
        static_folder=cast("str", None),  # there is none, which its types do not foresee
    )
    app.extensions["wiring"] = wiring
    _furnish(app)
    app.before_request(_name)
    app.after_request(_protect)
    openapi.describe(app)
    limits.apply(app, wiring)
    links = (
        calendar.pages,
        forms.pages,
        my_data.pages,
        statements.pages,
        unsubscribe.pages,
    )
    for door in (*links, health.pages, openapi.pages):
        app.register_blueprint(door)
    for door in api.doors():
        app.register_blueprint(door)
    if wiring.settings.environment != "production":
        app.register_blueprint(demo_pages)
    app.register_error_handler(DomainError, _say_no)
    app.register_error_handler(HTTPException, _say_http)
    app.register_error_handler(DBAPIError, _say_database)
    proxies = wiring.settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies)  # type: ignore[method-assign]
    carriers = app.extensions["carriers"] = _carriers(app)
    app.wsgi_app = _by_path(carriers.wsgi_app, app.wsgi_app)  # type: ignore[method-assign,assignment]
    return app


def _carriers(pages: Flask) -> Flask:
    """The carriers' doors, in an application of their own.

    What pages and the API need of every request (limits, what browsers are told) is nothing to
    them, and would only take its time of every turn.
    """
    app = _Carriers(__name__, static_folder=None)
    app.extensions = pages.extensions
    _furnish(app)
    for door in (inbound_door, receipts_door, mail_events_door):
        app.register_blueprint(door)
    return app


def _furnish(app: Flask) -> None:
    """What every application of ours has."""
    app.config["MAX_CONTENT_LENGTH"] = _BIGGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = _BIGGEST_BODY
    app.before_request(_begin)
    app.after_request(_count)


def _by_path(carriers: "WSGIApplication", pages: "WSGIApplication") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        of_carrier = environ.get("PATH_INFO", "").startswith(_CARRIERS)
        return (carriers if of_carrier else pages)(environ, start)

    return answer


def _begin() -> None:
    environ = request.environ
    request_id = environ.get("HTTP_X_REQUEST_ID", "")[:64] or uuid7().hex
    environ[_REQUEST_ID], environ[_STARTED] = request_id, perf_counter()
    clear_contextvars()
    bind_contextvars(request_id=request_id)


def _name() -> None:
    g.request_id = request.environ[_REQUEST_ID]


def _count(response: Response) -> Response:
    asked = itself()
    rule, environ = asked.url_rule, asked.environ
    route = rule.rule if rule else "none"
    seconds = perf_counter() - environ[_STARTED]
    metrics.of(metrics.http_requests, asked.method, route, response.status_code).inc()
    metrics.of(metrics.http_request_seconds, route).observe(seconds)
    response.headers["X-Request-Id"] = environ[_REQUEST_ID]
    return response


def _protect(response: Response) -> Response:
    """What browsers are told; carriers are none."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _say_no(error: DomainError) -> Response:
    if isinstance(error, Denied):
        calls.note_denial(error)
    return problems.refusal(error)


def _say_http(error: HTTPException) -> AnyResponse:
    if error.response is not None:
        return error.get_response()
    if isinstance(error, TooManyRequests):
        return problems.http_problem(429, "Not so often.", retry_after_s=limits.again_in_s())
    return problems.http_problem(error.code or 500, error.description or error.name)


def _say_database(error: DBAPIError) -> Response:
    """A database that is away is not the caller's fault, and comes back."""
    if isinstance(error, OperationalError):
        log.warning("api.database_away", error=type(error).__name__)
        return problems.problem(503, "not_available", "Try again.", facts={"retry_after_s": 2})
    log.error("api.database_error", exc_info=error)
    return problems.problem(500, "broken", "Something went wrong here. It was written down.")
