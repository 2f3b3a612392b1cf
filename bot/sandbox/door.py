"""What every route shares: the sandbox of this app, the account's key, the broken line."""

import socket
from contextlib import suppress
from typing import cast

from flask import Response, current_app, request

from bot.sandbox import addresses
from bot.sandbox.carrier import Sandbox
from bot.sandbox.errors import ApiError


def sandbox() -> Sandbox:
    """Return the sandbox this app serves."""
    return cast("Sandbox", current_app.extensions["sandbox"])


def account_only() -> Response | None:
    """Let only the account itself in, and nobody while the carrier is down."""
    box, auth = sandbox(), request.authorization
    down = box.faults.take("down")
    if down:
        return _be_down(str(down))
    settings = box.settings
    if auth is None or (auth.username, auth.password) != (
        settings.account_sid,
        settings.auth_token,
    ):
        raise ApiError(20003)
    if (request.view_args or {}).get("account_sid", settings.account_sid) != settings.account_sid:
        raise ApiError(20404, request.path)
    return None


def answer_error(error: ApiError) -> tuple[dict[str, object], int, dict[str, str]]:
    """Answer with the carrier's error document, and tell the newcomer why nothing came."""
    box = sandbox()
    person = addresses.bare(request.form["To"]) if "To" in request.form else None
    line = f"{request.method} refused: {error.code} {error.message}"
    box.events.add("refused", line, at=box.clock.now(), person=person, ok=False)
    return error.document(), error.status, error.headers()


def hang_up() -> None:
    """Close the connection under the caller's feet; what is answered then reaches nobody."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _be_down(how: str) -> Response:
    if how == "close":
        hang_up()
    raise ApiError(20503)
