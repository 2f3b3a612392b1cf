"""The whole service on one machine: servers, schema, people to talk to, and every process."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click
from honcho.environ import parse_procfile

from bot import logs, shared_metrics, supervisor
from bot.config import Settings
from bot.embedded import Servers

ROOT = Path(__file__).parent.parent
_READY_S = 60.0


class PortTaken(Exception):
    """Somebody else answers where the demo wants to."""


def main(settings: Settings) -> int:
    """Run everything until Ctrl-C or until one process ends by itself; returns the exit code."""
    started = time.monotonic()
    for port, variable in ((settings.port, "PORT"), (settings.sandbox_port, "SANDBOX_PORT")):
        refuse_taken(port, variable)
    with with_servers(settings) as (served, servers):
        _prepare(served)
        return _run(served, servers, started)


def refuse_taken(port: int, variable: str) -> None:
    """Raise PortTaken, saying which variable to set, if somebody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(f"Port {port} is taken: set {variable} to a free one.") from error


@contextmanager
def with_servers(settings: Settings) -> Iterator[tuple[Settings, Servers | None]]:
    """Yield the settings with a database and a queue: those given, else the home's own, too."""
    if settings.database_url and settings.redis_url:
        yield settings, None
        return
    with Servers.running(settings.home) as servers:
        database_url = settings.database_url or servers.database_url
        addresses = {
            "database_url": database_url,
            "direct_url": settings.direct_url or database_url,
            "redis_url": settings.redis_url or servers.redis_url,
        }
        yield settings.model_copy(update=addresses), servers


def _prepare(settings: Settings) -> None:
    from bot.build import build_wiring  # noqa: PLC0415 -- the servers start while nothing else is loaded
    from conversations import demo as talks  # noqa: PLC0415
    from conversations.engine import House  # noqa: PLC0415
    from crm import demo, seed  # noqa: PLC0415
    from crm.migrations.run import upgrade  # noqa: PLC0415

    upgrade(settings.sqlalchemy_url(direct=True))
    wiring = build_wiring(settings)
    with wiring.transaction() as session:
        seed.demo(session, now=wiring.now())
        if demo.fill(session, now=wiring.now(), passwords=wiring.passwords):
            with logs.only_warnings(settings.log_level):
                talks.play(session, House.of(wiring), now=wiring.now())
    wiring.disconnect()
    wiring.redis.close()
    shared_metrics.tidy(shared_metrics.share(settings.home))


def _run(settings: Settings, servers: Servers | None, started: float) -> int:
    return supervisor.run(
        commands(),
        environment=environment(settings),
        home=ROOT,
        on_start=lambda: _announce(settings, started),
        revive=servers.revive if servers else list,
    )


def commands() -> dict[str, str]:
    """Return what the demo runs: the Procfile's processes and the sandbox."""
    processes = dict(parse_procfile((ROOT / "Procfile").read_text()).processes)
    del processes["release"]
    return {"sandbox": "python -m bot sandbox", **processes}


def environment(settings: Settings) -> dict[str, str]:
    """Return what every process is told; `python` is the one that runs us."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, **settings.environ(), "PATH": path, "PYTHONUNBUFFERED": "1"}


def _announce(settings: Settings, started: float) -> None:
    """Wait until the service and the sandbox answer, then say where."""
    here = f"http://127.0.0.1:{settings.port}"
    phone = f"http://127.0.0.1:{settings.sandbox_port}/phone"
    deadline = time.monotonic() + _READY_S
    if not _await(phone, deadline):
        return
    _show_contents(settings)
    if not _await(f"{here}/readyz", deadline):
        return
    click.echo(_places(settings, here, phone, time.monotonic() - started))


def _places(settings: Settings, here: str, phone: str, took_s: float) -> str:
    """Where to look, and how to sign in."""
    from crm import demo  # noqa: PLC0415 -- loaded while the processes start

    lines = [
        "",
        f"  Phone    {phone}   (write to the bot as a patient would)",
        f"  Mailbox  {phone}/mail   (what went out by e-mail)",
        f"  API      {here}/docs",
        f"           sign in as {', '.join(demo.addresses())},",
        f"           desk.ikj, clinic.wus or manager.phc, each @{demo.DOMAIN},",
        f"           with the password {demo.PASSWORD}",
        f"  Health   {here}/readyz",
        f"  Metrics  {here}/metrics",
        f"Ready in {took_s:.1f} s. Ctrl-C stops everything; data stays in {settings.home}",
        "",
    ]
    return "\n".join(lines)


def _await(url: str, deadline: float) -> bool:
    while not _answers(url):
        if time.monotonic() > deadline:
            click.echo(f"\nNot ready after {_READY_S:.0f} s: the lines above say why.\n")
            return False
        time.sleep(0.05)
    return True


def _show_contents(settings: Settings) -> None:
    """Show the sandbox our buttons, lists and templates, as `run contents` does for a carrier."""
    from bot.build import build_wiring  # noqa: PLC0415 -- loaded while the processes start
    from workers import contents  # noqa: PLC0415

    wiring = build_wiring(settings)
    contents.ensure(wiring)
    wiring.disconnect()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == HTTPStatus.OK)
    except (URLError, OSError):
        return False
