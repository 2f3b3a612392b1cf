"""Runs the sandbox in its own process, and only where no real carrier is meant."""

import io
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import get_input_stream

from bot.config import Settings
from bot.demo_values import ACCOUNT_SID
from bot.sandbox import SandboxSettings, create_sandbox

HOST = "127.0.0.1"
NO_CONTENT = 204
logger = logging.getLogger(__name__)


class RefusesToStart(Exception):
    """Somebody has set this place up for a real carrier."""


class KeepAlive(WSGIRequestHandler):
    """A handler that keeps connections open, which werkzeug's own closes after each answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def make_environ(self) -> dict[str, object]:
        """Read the whole body first, so that the next request starts where it should."""
        environ = super().make_environ()
        environ["wsgi.input"] = io.BytesIO(get_input_stream(environ).read())
        return environ

    def run_wsgi(self) -> None:
        """Answer one request; what has no length ends with the connection."""
        chunks, status, headers = run_wsgi_app(self.server.app, self.make_environ())
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        if "Content-Length" not in headers and int(code) != NO_CONTENT:
            headers["Connection"] = "close"
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self._write(chunks)

    def _write(self, chunks: Iterable[bytes]) -> None:
        try:
            for chunk in chunks:
                self.wfile.write(chunk)
                self.wfile.flush()
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        self.wfile.flush()

    def finish(self) -> None:
        """End quietly, also where a fault has cut the line."""
        with suppress(ConnectionError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing; the event log tells the story."""


def serve(app: Flask, port: int) -> BaseWSGIServer:
    """Make a threaded server for a sandbox; port 0 takes any free one."""
    return make_server(HOST, port, app, threaded=True, request_handler=KeepAlive)


def main(settings: Settings) -> None:
    """Serve until stopped. Raises RefusesToStart."""
    refuse_real_carriers(settings)
    app = create_sandbox(sandbox_settings(settings), now=lambda: datetime.now(UTC))
    server = serve(app, settings.sandbox_port)
    logger.info("sandbox on http://%s:%s/phone", HOST, server.port)
    server.serve_forever()


def refuse_real_carriers(settings: Settings) -> None:
    """Stop when this is production, or when messages are meant for somebody else."""
    if settings.environment == "production":
        message = "the sandbox does not run in production"
        raise RefusesToStart(message)
    target = urlsplit(settings.twilio_base_url or "")
    if target.hostname not in (HOST, "localhost") or target.port != settings.sandbox_port:
        message = "TWILIO_BASE_URL does not point at the sandbox, so a real carrier is in use"
        raise RefusesToStart(message)
    mail = urlsplit(settings.sendgrid_base_url or "")
    if mail.hostname not in (HOST, "localhost") or mail.port != settings.sandbox_port:
        message = "SENDGRID_BASE_URL does not point at the sandbox, so a real carrier is in use"
        raise RefusesToStart(message)
    if settings.sendgrid_api_key.startswith("SG."):
        message = "SENDGRID_API_KEY is a real account's: unset the carrier's variables here"
        raise RefusesToStart(message)
    if settings.twilio_account_sid != ACCOUNT_SID:
        message = "TWILIO_ACCOUNT_SID is a real account's: unset the carrier's variables here"
        raise RefusesToStart(message)


def sandbox_settings(settings: Settings) -> SandboxSettings:
    """The sandbox's view of the product's settings."""
    home = Path(settings.home)
    home.mkdir(parents=True, exist_ok=True)
    return SandboxSettings(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        sms_number=settings.twilio_phone_number,
        whatsapp_number=settings.twilio_whatsapp_number,
        product_url=settings.public_base_url,
        store_path=str(home / "sandbox.sqlite3"),
        mail_api_key=settings.sendgrid_api_key,
    )
