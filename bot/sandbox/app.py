"""Puts the carrier's doors together in one Flask app."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden

from bot.sandbox import mailbox, phone
from bot.sandbox.api import api
from bot.sandbox.carrier import Sandbox
from bot.sandbox.contents_api import contents_api
from bot.sandbox.door import answer_error
from bot.sandbox.errors import ApiError
from bot.sandbox.mail_api import MailError, answer_mail_error, mail_api
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.tools import tools
from bot.sandbox.typing_api import typing_api

LARGEST_BODY = 1024 * 1024


def create_sandbox(settings: SandboxSettings, *, now: Callable[[], datetime]) -> Flask:
    """Build the carrier; its verbs are in ``app.extensions["sandbox"]``."""
    app = Flask("bot.sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["sandbox"] = Sandbox(settings, now=now)
    for blueprint in (api, contents_api, mail_api, typing_api, tools, mailbox.pages, phone.pages):
        app.register_blueprint(blueprint)
    app.register_error_handler(ApiError, answer_error)
    app.register_error_handler(MailError, answer_mail_error)
    _count_requests(app)
    app.before_request(_no_foreign_pages)
    return app


def _no_foreign_pages() -> None:
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden


def _count_requests(app: Flask) -> None:
    in_flight, lock = Counter[str](), Lock()

    @app.before_request
    def enter() -> None:
        with lock:
            in_flight["now"] += 1

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["Twilio-Concurrent-Requests"] = str(in_flight["now"])
        return response

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        with lock:
            in_flight["now"] -= 1
