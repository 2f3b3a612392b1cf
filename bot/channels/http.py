"""The Twilio SDK's HTTP client on our pool: kept-alive, bounded, and never a second try.

The SDK's own client waits for ever. An answered 429 is `NotSent`, because Twilio never processed
it (https://www.twilio.com/docs/api/errors/20429).
"""

import json
import logging
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlencode

from twilio.http import HttpClient
from twilio.http.response import Response
from typing_extensions import override

from bot.channels.pool import CONNECT_S, READ_S, CarrierPool, text_of


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
        self._pool = CarrierPool(threads=threads, connect_s=connect_s, read_s=read_s)

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
        reply = self._pool.ask(method, origin, target, headers=fields, body=body)
        return Response(reply.status, text_of(reply), reply.headers)

    def close(self) -> None:
        """Hang up every idle connection."""
        self._pool.close()

    def _address(self, uri: str) -> tuple[str, str]:
        scheme, _, rest = uri.partition("://")
        if self._rebase:
            return self._rebase, f"/{rest}"
        host, _, path = rest.partition("/")
        return f"{scheme}://{host}", f"/{path}"


@lru_cache(maxsize=4)
def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _encoded(data: Mapping[str, object], content_type: str) -> bytes:
    """JSON where the SDK says so (the Content API), else a form."""
    if content_type == "application/json":
        return json.dumps(data).encode()
    return urlencode(data, doseq=True).encode()
