"""A carrier that costs almost nothing: takes every message with 201 and a new id.

``python -m tests.bench.null_carrier PORT``; ``GET /count`` tells how many it took. It speaks just
enough HTTP/1.1 for our own client on loopback, pipelining and split bodies included.
"""

import asyncio
import sys
from itertools import count

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class NullCarrier(asyncio.Protocol):
    """One connection."""

    numbers = count(1)
    taken = 0

    def __init__(self) -> None:
        self.waiting = b""
        self.transport = asyncio.Transport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request there is."""
        self.waiting += data
        while (end := self.waiting.find(_END)) >= 0:
            size = end + len(_END) + _length(self.waiting[:end])
            if len(self.waiting) < size:
                return
            is_post = self.waiting.startswith(b"POST")
            self.waiting = self.waiting[size:]
            self.transport.write(_created() if is_post else _count())


def _length(head: bytes) -> int:
    at = head.lower().find(_LENGTH)
    return int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _created() -> bytes:
    NullCarrier.taken += 1
    sid = f"SM{next(NullCarrier.numbers):032x}"
    body = f'{{"sid":"{sid}","status":"queued","direction":"outbound-api"}}'
    return _answer("201 Created", body)


def _count() -> bytes:
    return _answer("200 OK", f'{{"count":{NullCarrier.taken}}}')


def _answer(status: str, body: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n{body}".encode()


async def serve(port: int) -> None:
    """Serve until the process ends; say so when ready."""
    server = await asyncio.get_running_loop().create_server(NullCarrier, "127.0.0.1", port)
    print("ready", server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 -- its parent waits
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
