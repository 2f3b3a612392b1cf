"""A load of its own process: prepared requests over kept connections, each one timed.

``python -m tests.bench.load PLAN CONNECTIONS RATE`` reads lines of JSON (host and port, then one
request a line), sends them in their order, and prints what it saw. With a rate it keeps to it,
and a late answer counts from the moment when its request was due; without, it sends as fast as
answers come.
"""

import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from bot.config import Settings
from tests.bench.processes import started

PATH = "/webhooks/twilio/inbound"
_END = b"\r\n\r\n"


def send(
    settings: Settings,
    forms: Sequence[Mapping[str, str]],
    *,
    connections: int = 16,
    rate: float = 0,
) -> dict[str, Any]:
    """Post the forms, signed, from another process. Returns `wall_s`, `statuses`, `took_s`."""
    requests = [request(settings, form) for form in forms]
    return send_all(settings, requests, connections=connections, rate=rate)


def send_all(
    settings: Settings,
    requests: Sequence[str],
    *,
    connections: int = 16,
    rate: float = 0,
    expected: str = "200",
) -> dict[str, Any]:
    """Send requests as they go over the wire; all must be answered with the status expected."""
    plan = settings.home / "plan"
    address = ["127.0.0.1", settings.port]
    plan.write_text("\n".join(map(json.dumps, [address, *requests])))
    with started("tests.bench.load", str(plan), str(connections), str(rate)) as process:
        assert process.stdout
        seen: dict[str, Any] = json.loads(process.stdout.read())
    if set(seen["statuses"]) != {expected}:
        raise RuntimeError(f"not all were taken: {seen['statuses']}")
    return seen


def request(settings: Settings, form: Mapping[str, str]) -> str:
    """One signed request as it goes over the wire."""
    url = settings.public_base_url + PATH
    signature = RequestValidator(settings.twilio_auth_token).compute_signature(url, dict(form))
    body = urlencode(form)
    head = (
        f"POST {PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{settings.port}",
        "User-Agent: TwilioProxy/1.1",
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
        f"Content-Length: {len(body)}",
        f"X-Twilio-Signature: {signature}",
    )
    return "\r\n".join(head) + "\r\n\r\n" + body


@dataclass
class _Load:
    """Requests on their way over several connections."""

    address: tuple[str, int]
    requests: Sequence[bytes]
    rate: float
    taken: Iterator[int] = field(default_factory=count)
    statuses: Counter[str] = field(default_factory=Counter)
    took_s: list[float] = field(default_factory=list)
    began: float = 0

    def run(self, connections: int) -> dict[str, Any]:
        """Send all. Returns what was seen."""
        threads = [threading.Thread(target=self._talk) for _ in range(connections)]
        self.began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall_s = time.monotonic() - self.began
        return {"wall_s": wall_s, "statuses": self.statuses, "took_s": self.took_s}

    def _talk(self) -> None:
        door = connect(*self.address)
        while (number := next(self.taken)) < len(self.requests):
            due = self._await(number)
            door.sendall(self.requests[number])
            self.statuses[answer_to(door)] += 1
            self.took_s.append(time.monotonic() - due)
        door.close()

    def _await(self, number: int) -> float:
        now = time.monotonic()
        if not self.rate:
            return now
        due = self.began + number / self.rate
        time.sleep(max(0, due - now))
        return due


def connect(host: str, port: int) -> socket.socket:
    """A connection that is kept and never waits to send."""
    door = socket.create_connection((host, port))
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def answer_to(door: socket.socket) -> str:
    """Read one whole answer. Returns its status."""
    answer = b""
    while _END not in answer:
        answer += door.recv(4096)
    head, _, body = answer.partition(_END)
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = int(lengths[0].split(b":")[1]) - len(body)
    while left > 0:
        left -= len(door.recv(left))
    return head.split(b" ", 2)[1].decode()


def _main(plan: str, connections: str, rate: str) -> None:
    address, *requests = map(json.loads, Path(plan).read_text().splitlines())
    load = _Load(tuple(address), [request.encode() for request in requests], float(rate))
    print(json.dumps(load.run(int(connections))))  # noqa: T201 -- its parent reads it


if __name__ == "__main__":
    _main(*sys.argv[1:])
