"""The Twilio SDK's HTTP client on a urllib3 pool: kept-alive, bounded, and never a second try.

The SDK's own client waits for ever, and a library that resends would text a person twice; here one
call is at most one request. What went wrong is said in the words of `bot.channels.carrier`: before
the request could leave it is `NotSent`, after that `Ambiguous`, and an answered 429 is `NotSent`
again, because Twilio never processed it (https://www.twilio.com/docs/api/errors/20429).
"""

import json
import logging
import socket
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlencode

import certifi
import urllib3
from twilio.http import HttpClient
from twilio.http.response import Response
from typing_extensions import override
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from bot.channels.carrier import Ambiguous, NotSent

CONNECT_S = 3.05
READ_S = 10.0
TOO_MANY_REQUESTS = 429
_NEVER_LEFT = (ConnectTimeoutError, NewConnectionError)

# A connection that a firewall forgot is noticed by the kernel, not by the next message.
_KEEP_ALIVE = [
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class CarrierHttpClient(HttpClient):  # type: ignore[misc]  # the SDK ships without types
    """Carries the SDK's calls to Twilio, or to `rebase`, where the sandbox plays every host.

    ``https://api.twilio.com/x`` becomes ``{rebase}/api.twilio.com/x``. Threads may share one
    client. Connections are opened by the first call, hence after a fork, never before.
    """

    def __init__(
        self,
        *,
        rebase: str | None = None,
        threads: int = 32,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
    ) -> None:
        """Keep the limits, in seconds; `read_s` bounds each wait for the carrier's next bytes."""
        super().__init__(logging.getLogger("twilio"), is_async=False)
        self._rebase = rebase.rstrip("/") if rebase else None
        self._threads = threads
        self._timeout = urllib3.Timeout(connect=connect_s, read=read_s)
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}

    @override
    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Ask the carrier once. Raises NotSent or Ambiguous."""
        origin, target = self._address(uri)
        if params:
            target = f"{target}?{urlencode(params, doseq=True)}"
        fields = dict(headers or {})
        if auth:
            fields["Authorization"] = _basic(*auth)
        body = _encoded(data, fields.get("Content-Type", "")) if data else None
        reply = self._ask(origin, method, target, fields, body)
        if reply.status == TOO_MANY_REQUESTS:
            raise NotSent("the carrier asks us to slow down", retry_after_s=_retry_after_s(reply))
        return Response(reply.status, _text(reply), reply.headers)

    def close(self) -> None:
        """Hang up every idle connection."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _address(self, uri: str) -> tuple[str, str]:
        scheme, _, rest = uri.partition("://")
        if self._rebase:
            return self._rebase, f"/{rest}"
        host, _, path = rest.partition("/")
        return f"{scheme}://{host}", f"/{path}"

    def _ask(
        self, origin: str, method: str, target: str, headers: dict[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool(origin).urlopen(
                method, target, body, headers, retries=False, redirect=False
            )
        except _NEVER_LEFT as error:
            raise NotSent(f"the carrier cannot be reached: {error!r}") from error
        except (HTTPError, OSError, ValueError) as error:
            raise Ambiguous(f"no whole answer from the carrier: {error!r}") from error

    def _pool(self, origin: str) -> urllib3.HTTPConnectionPool:
        if origin not in self._pools:
            trust = {"ca_certs": certifi.where()} if origin.startswith("https:") else {}
            self._pools[origin] = urllib3.connection_from_url(
                origin,
                maxsize=self._threads,
                timeout=self._timeout,
                socket_options=_KEEP_ALIVE,
                **trust,
            )
        return self._pools[origin]


@lru_cache(maxsize=4)
def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _encoded(data: Mapping[str, object], content_type: str) -> bytes:
    """JSON where the SDK says so (the Content API), else a form."""
    if content_type == "application/json":
        return json.dumps(data).encode()
    return urlencode(data, doseq=True).encode()


def _text(reply: urllib3.BaseHTTPResponse) -> str:
    try:
        return reply.data.decode()
    except UnicodeDecodeError as error:
        raise Ambiguous("the carrier's answer is not text") from error


def _retry_after_s(reply: urllib3.BaseHTTPResponse) -> float | None:
    """The pause the carrier asks for; an HTTP date is not worth parsing, our back-off serves."""
    seconds = reply.headers.get("retry-after", "")
    return float(seconds) if seconds.isdecimal() else None
