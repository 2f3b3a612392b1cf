"""What a process makes once for all its tests, because making it takes longer than a test does.

Nothing that a test may change is shared: an engine keeps its compiled statements, an application
its routes, a carrier the contents that it was given before anybody wrote.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy import Engine, insert, select

from bot.app import create_app
from bot.build import build_engine
from bot.config import Settings
from bot.sandbox.app import create_sandbox
from bot.sandbox.carrier import Sandbox
from bot.sandbox.settings import SandboxSettings
from bot.wiring import Wiring
from crm.models import CarrierContent
from workers import contents

_engines: dict[str, Engine] = {}
_apps: dict[str, Flask] = {}
_contents: dict[tuple[object, ...], tuple[list[tuple], list[dict[str, str]]]] = {}


def engine(settings: Settings) -> Engine:
    """A new engine over the pool that this process has for the database."""
    url = settings.sqlalchemy_url()
    if url not in _engines:
        _engines[url] = build_engine(settings, threads=8)
    return _engines[url].execution_options()


def close() -> None:
    """Let go of every database."""
    for engine in _engines.values():
        engine.dispose()


def app(wiring: Wiring) -> Flask:
    """The application, answering for this wiring now; it counts requests in the wiring's Valkey."""
    url = wiring.settings.redis_url
    if url not in _apps:
        _apps[url] = create_app(wiring)
    _apps[url].extensions["wiring"] = wiring
    return _apps[url]


def carrier(settings: SandboxSettings, now: Callable[[], datetime]) -> Flask:
    """The sandbox carrier's application, with nothing in it yet."""
    if "sandbox" not in _apps:
        _apps["sandbox"] = create_sandbox(settings, now=now)
    _apps["sandbox"].extensions["sandbox"] = Sandbox(settings, now=now)
    return _apps["sandbox"]


def furnish(wiring: Wiring, sandbox: Sandbox) -> None:
    """Our contents at the carrier and their ids here: asked for once, then as they were left."""
    kind = (wiring.settings.languages, wiring.now())
    if kind not in _contents:
        contents.ensure(wiring)
        _contents[kind] = _contents_of(wiring, sandbox)
        return
    at_the_carrier, here = _contents[kind]
    with sandbox.store.together():
        for row in at_the_carrier:
            sandbox.store.run("insert into contents values (?, ?, ?, ?)", *row)
    with wiring.transaction() as session:
        session.execute(insert(CarrierContent), here)


def _contents_of(wiring: Wiring, sandbox: Sandbox) -> tuple[list[tuple], list[dict[str, str]]]:
    at_the_carrier = [
        tuple(row)
        for row in sandbox.store.rows("select sid, document, created_at, approval from contents")
    ]
    kept = select(CarrierContent.account, CarrierContent.name, CarrierContent.content_sid)
    with wiring.sessions() as session:
        here = [row._asdict() for row in session.execute(kept)]
    return at_the_carrier, here
