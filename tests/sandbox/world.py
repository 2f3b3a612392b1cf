"""A sandbox in a thread, a product that only listens, and the real SDK between them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlencode

import urllib3
from flask import Flask, Response, request
from twilio.http import HttpClient
from twilio.http.response import Response as SdkResponse
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.demo_values import mail_webhook_key
from bot.sandbox import SandboxSettings, create_sandbox
from bot.sandbox.carrier import Sandbox
from bot.sandbox.serve import serve
from webhooks.signatures import valid_batch

_MAIL, _SIGNED = "X-Twilio-Email-Event-Webhook-", ("Signature", "Timestamp")
MAIL_KEY = "a-mail-key-for-tests"
ACCOUNT, TOKEN = "AC" + "5a" * 16, "a-token-for-tests"
SMS, WHATSAPP = "+2348139990000", "+2348139990001"
ADAEZE, MUSA = "+2349140000001", "+2349140000002"


@dataclass(frozen=True)
class Received:
    """One webhook as the product saw it."""

    path: str
    query: str
    params: dict[str, str]
    headers: dict[str, str]
    is_genuine: bool


@dataclass(frozen=True)
class Batch:
    """One batch of e-mail events as the product saw it."""

    body: bytes
    is_genuine: bool

    @property
    def events(self) -> list[dict[str, Any]]:
        return json.loads(self.body)


@dataclass
class Product:
    """A stand-in for the service: writes down every webhook and answers as told."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    twiml: str = "<Response/>"
    batches: list[Batch] = field(default_factory=list)
    batch_answers: list[int] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def inbound(self) -> list[Received]:
        return [post for post in self.received if post.path.endswith("/inbound")]

    def statuses(self, sid: str | None = None) -> list[str]:
        wanted = [p.params for p in self.received if p.path.endswith("/status")]
        return [p["MessageStatus"] for p in wanted if sid in (None, p["MessageSid"])]

    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.batches if batch.is_genuine for event in batch.events]


@dataclass(frozen=True)
class World:
    """Everything a test talks to."""

    product: Product
    sandbox: Sandbox
    url: str
    client: Client
    http: "LoopbackHttp"

    def ask(self, method: str, path: str, document: object = None, **more: Any) -> Any:
        """Call one of the sandbox's own levers, or its API as the account."""
        if document is not None:
            more["json"] = document
        key = urllib3.make_headers(basic_auth=f"{ACCOUNT}:{TOKEN}")
        return urllib3.request(method, self.url + path, headers=key, retries=False, **more)

    def content(self, kind: str, part: dict[str, Any], **more: Any) -> str:
        """Store a template and return its identifier."""
        document = {"language": "en", "types": {kind: part}} | more
        answer = self.ask("POST", "/content.twilio.com/v1/Content", document)
        assert answer.status == 201, answer.data
        return str(answer.json()["sid"])

    def approve(self, sid: str, name: str = "visit_reminder") -> Any:
        """Ask for approval as a WhatsApp template, and wait for the verdict."""
        path = f"/content.twilio.com/v1/Content/{sid}/ApprovalRequests"
        self.ask("POST", f"{path}/whatsapp", {"name": name, "category": "UTILITY"})
        return self.ask("GET", path).json()["whatsapp"]

    def send(self, to: str = MUSA, body: str = "Good morning", **more: object) -> Any:
        sender = f"whatsapp:{WHATSAPP}" if to.startswith("whatsapp:") else SMS
        callback = f"{self.product.url}/webhooks/twilio/status?mid=ab12&n=1"
        given = {"from_": sender, "body": body, "status_callback": callback} | more
        return self.client.messages.create(to=to, **given)

    def settled(self, sid: str) -> Any:
        """Wait until a message has come to rest and fetch it."""
        assert self.sandbox.settle(timeout_s=10)
        return self.client.messages(sid).fetch()


class LoopbackHttp(HttpClient):
    """The SDK's transport with the vendor's host moved into the path."""

    def __init__(self, base: str) -> None:
        self.base, self.pool = base, urllib3.PoolManager(retries=False, timeout=10)
        self.seen: list[tuple[str, str, int, Any]] = []

    def request(  # noqa: PLR0917 - the order is the SDK's
        self, method, uri, params=None, data=None, headers=None, auth=None, **_
    ) -> SdkResponse:
        target = self.base + "/" + uri.removeprefix("https://")
        more = dict(headers or {}) | urllib3.make_headers(basic_auth=":".join(auth))
        if more.get("Content-Type") == "application/json":
            answer = self.pool.request(method, target, body=json.dumps(data), headers=more)
        else:
            query = "?" + _encoded(params) if params else ""
            body = _encoded(data) if data else None
            answer = self.pool.request(method, target + query, body=body, headers=more)
        text = answer.data.decode()
        self.seen.append((method, uri, answer.status, json.loads(text) if text else None))
        return SdkResponse(answer.status, text, answer.headers)


def _encoded(fields: dict[str, Any]) -> str:
    return urlencode({k: v for k, v in fields.items() if v is not None}, doseq=True)


def product_app(product: Product) -> Flask:
    app = Flask("product")

    @app.post("/webhooks/twilio/<kind>")
    def webhook(kind: str) -> Response:
        url = product.url + request.environ["RAW_URI"]
        signature = request.headers.get("X-Twilio-Signature", "")
        genuine = RequestValidator(TOKEN).validate(url, request.form, signature)
        query = request.query_string.decode()
        with product.lock:
            product.received.append(
                Received(request.path, query, dict(request.form), dict(request.headers), genuine)
            )
            status = product.answers.pop(0) if product.answers and kind == "inbound" else 200
        return Response(product.twiml, status, content_type="text/xml")

    @app.post("/webhooks/sendgrid/events")
    def events() -> Response:
        signature, timestamp = (request.headers.get(f"{_MAIL}{name}", "") for name in _SIGNED)
        body = request.get_data()
        genuine = valid_batch(body, signature, timestamp, key=mail_webhook_key(MAIL_KEY))
        with product.lock:
            product.batches.append(Batch(body, genuine))
            status = product.batch_answers.pop(0) if product.batch_answers else 204
        return Response(status=status)

    @app.post("/demo/clock")
    def clock() -> dict[str, object]:
        return {"moved": request.get_json()["hours"]}

    return app


@contextmanager
def running(app: Flask) -> Iterator[str]:
    """Serve an app in a thread and say where."""
    server = serve(app, 0)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


@contextmanager
def a_product() -> Iterator[Product]:
    product = Product()
    with running(product_app(product)) as product.url:
        yield product


_USUAL = {"pace": 0, "mail_api_key": MAIL_KEY}


@contextmanager
def a_world(product: Product, **more: Any) -> Iterator[World]:
    settings = SandboxSettings(ACCOUNT, TOKEN, SMS, WHATSAPP, product.url, **_USUAL | more)
    app = create_sandbox(settings, now=lambda: datetime.now(UTC))
    box: Sandbox = app.extensions["sandbox"]
    with running(app) as url:
        http = LoopbackHttp(url)
        yield World(product, box, url, Client(ACCOUNT, TOKEN, http_client=http), http)
        box.settle(timeout_s=5)
    box.close()
