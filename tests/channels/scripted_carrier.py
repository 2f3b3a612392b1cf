"""A carrier on a raw socket that does exactly what a test tells it, and remembers what it heard."""

import json
import socket
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import parse_qs

from bot.channels.http import CarrierHttpClient
from bot.channels.pool import CarrierPool
from bot.channels.sendgrid import SendGridCarrier
from bot.channels.twilio import TwilioCarrier

ACCOUNT = "AC" + "0" * 32
TOKEN = "made-up"
HANG = b"hang"
HANG_UP = b"hang up"


@dataclass(frozen=True)
class Heard:
    """One request as it stood on the wire."""

    line: str
    headers: dict[str, str]
    body: str

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body).items()}

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)


@dataclass
class ScriptedServer:
    """Answers each request with the next line of its script; then it hangs up."""

    listener: socket.socket
    script: list[bytes] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def will(self, *answers: bytes) -> None:
        self.script.extend(answers)

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def hang_up(self) -> None:
        for connection in self.connections:
            connection.close()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), closing(connection), connection.makefile("rb") as file:
            while (heard := _read(file)) is not None:
                self.heard.append(heard)
                answer = self.script.pop(0) if self.script else HANG_UP
                if answer == HANG:
                    connection.recv(1)
                if answer in (HANG, HANG_UP):
                    return
                connection.sendall(answer)
                if b"no length" in answer:
                    return


def _read(file: BinaryIO) -> Heard | None:
    line = file.readline().decode("latin-1").strip()
    if not line:
        return None
    headers = {}
    while field_line := file.readline().decode("latin-1").strip():
        name, _, value = field_line.partition(": ")
        headers[name.lower()] = value
    return Heard(line, headers, file.read(int(headers.get("content-length", 0))).decode())


def answer(status: int, body: object, *fields: str) -> bytes:
    """A whole answer; a str goes as it is, anything else as JSON."""
    text = (body if isinstance(body, str) else json.dumps(body)).encode()
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(text)}", *fields]
    return "\r\n".join([*head, "", ""]).encode() + text


def message(**facts: object) -> dict[str, object]:
    """A message resource as Twilio shows it."""
    return {
        "sid": "SM" + "1" * 32,
        "status": "queued",
        "direction": "outbound-api",
        "body": "Hello Ada",
        "date_created": "Sun, 22 Nov 2026 09:00:00 +0000",
        "date_updated": "Sun, 22 Nov 2026 09:00:00 +0000",
        "date_sent": None,
        "error_code": None,
    } | facts


def mail_carrier_over(base_url: str) -> SendGridCarrier:
    return SendGridCarrier(
        api_key="SG.made.up",
        sender="care@hospital.ng",
        base_url=base_url,
        pool=CarrierPool(read_s=0.3, connect_s=0.3),
    )


def carrier_over(http: CarrierHttpClient) -> TwilioCarrier:
    return TwilioCarrier(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        sms_from="+2348010000000",
        whatsapp_from="+14155238886",
        public_base_url="https://bot.hospital.example",
        http=http,
    )
