"""Kept-alive connections to carriers: bounded, shared by threads, and never a second try.

A library that resends would write to a person twice; here one call is at most one request. What
went wrong is said in the words of `bot.channels.carrier`: before the request could leave it is
`NotSent`, after that `Ambiguous`.
"""

import socket
import time
from collections.abc import Mapping

import certifi
import urllib3
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from bot.channels.carrier import Ambiguous, NotSent

CONNECT_S = 3.05
READ_S = 10.0
TOO_MANY_REQUESTS = 429
_NEVER_LEFT = (ConnectTimeoutError, NewConnectionError)
_LONGEST_WAIT_S = 3600.0

# A connection that a firewall forgot is noticed by the kernel, not by the next message.
_KEEP_ALIVE = [
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class CarrierPool:
    """One pool for each host. Connections are opened by the first call, hence after a fork."""

    def __init__(
        self, *, threads: int = 32, connect_s: float = CONNECT_S, read_s: float = READ_S
    ) -> None:
        """Keep the limits, in seconds; `read_s` bounds each wait for the carrier's next bytes."""
        self._threads = threads
        self._timeout = urllib3.Timeout(connect=connect_s, read=read_s)
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}

    def ask(
        self,
        method: str,
        origin: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Ask once. Raises NotSent, also when the carrier wants us to slow down, or Ambiguous."""
        try:
            reply = self._pool(origin).urlopen(
                method, target, body, headers, retries=False, redirect=False
            )
        except _NEVER_LEFT as error:
            raise NotSent(f"the carrier cannot be reached: {error!r}") from error
        except (HTTPError, OSError, ValueError) as error:
            raise Ambiguous(f"no whole answer from the carrier: {error!r}") from error
        if reply.status == TOO_MANY_REQUESTS:
            raise NotSent("the carrier asks us to slow down", retry_after_s=_retry_after_s(reply))
        return reply

    def close(self) -> None:
        """Hang up every idle connection."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

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


def text_of(reply: urllib3.BaseHTTPResponse) -> str:
    """The answer's body. Raises Ambiguous when it is no text."""
    try:
        return reply.data.decode()
    except UnicodeDecodeError as error:
        raise Ambiguous("the carrier's answer is not text") from error


def _retry_after_s(reply: urllib3.BaseHTTPResponse) -> float | None:
    """The pause the carrier asks for; an HTTP date is not worth parsing, our back-off serves."""
    seconds = reply.headers.get("retry-after", "")
    if seconds.isdecimal():
        return float(seconds)
    # SendGrid's: the second since 1970 at which it counts from nought again.
    reset = reply.headers.get("x-ratelimit-reset", "")
    return min(max(0.0, float(reset) - time.time()), _LONGEST_WAIT_S) if reset.isdecimal() else None
