"""The whole product in one test: web door, queues, workers and carrier, all real, on loopback."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import select, text
from werkzeug.serving import BaseWSGIServer, make_server

from bot.build import build_wiring
from bot.config import Settings
from bot.sandbox import SandboxSettings
from bot.sandbox.carrier import Sandbox
from bot.sandbox.messages import Message
from bot.wiring import Wiring
from crm import addresses, patients
from crm.models import HolderRole, Hospital, Lane
from tests import once
from tests.people import Person
from workers import runtime, schedule

SUNDAY_MORNING = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
"""Ten o'clock in Lagos."""

BORN_ON = date(1990, 11, 25)

TIMERS = ("holds", "unanswered", "reminders", "feedback", "waitlist")


class TestClock:
    """A clock that stands until it is moved."""

    __test__ = False

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Stack:
    """Handles to everything that runs."""

    wiring: Wiring
    app: Flask
    sandbox: Sandbox
    clock: TestClock
    url: str

    def change(self, **settings: object) -> None:
        """Run on with other settings."""
        self.wiring.settings = self.wiring.settings.model_copy(update=settings)

    def say(self, person: Person, text: str) -> int:
        """Let a person write, and let the house answer. Returns the webhook's HTTP status."""
        delivery = self.sandbox.say(person.channel, person.number, text, profile_name=person.name)
        self.work()
        return delivery.http_status

    def press(self, person: Person, label: str) -> None:
        """Press the button or list row of this label, on the newest message that has it."""
        choice = next(
            choice
            for message in reversed(self.heard_by(person))
            for choice in message.choices
            if choice.label == label
        )
        self.sandbox.press(person.number, choice.id, title=label, kind=choice.kind)
        self.work()

    def register(self, person: Person, name: str, *, born_on: date = BORN_ON) -> UUID:
        """Someone who met the house before, at Ikeja. Returns the patient's id."""
        with self.wiring.transaction() as session:
            now = self.wiring.now()
            address = addresses.find_or_make(session, person.channel, person.number, now=now)
            ikeja = session.scalars(select(Hospital).where(Hospital.code == "IKJ")).one()
            held = patients.held_by(session, address.id)
            return patients.register(
                session,
                address_id=address.id,
                full_name=name,
                born_on=born_on,
                state="Lagos",
                home_hospital_id=ikeja.id,
                role=HolderRole.FAMILY if held else HolderRole.SELF,
                wording="care-test",
                source=person.channel,
                now=now,
            ).patient.id

    def heard_by(self, person: Person) -> list[Message]:
        """What the carrier really took for this person, oldest first."""
        mine = self.sandbox.messages_to(person.number)
        return [m for m in mine if not m.is_inbound and m.channel == person.channel]

    def later(self, by: timedelta) -> None:
        """Let time pass, in the house and at the carrier, and let its timers strike."""
        self.clock.move(by)
        for name in TIMERS:
            schedule.run_now(self.wiring, name)
        self.work()

    def work(self) -> None:
        """Run every waiting job in a real worker, and let every receipt come in."""
        for lane in Lane:
            if self.wiring.jobs.queue(lane).count:
                runtime.work(self.wiring, lane, burst=True)
        self.sandbox.settle()


@contextmanager
def running(
    database_url: str,
    redis_url: str,
    home: Path,
    *,
    at: datetime = SUNDAY_MORNING,
    languages: str = "en,pcm",
) -> Iterator[Stack]:
    """Start the doors on free ports, with the carrier's contents made."""
    clock = TestClock(at)
    with _free_server() as web, _free_server() as carrier:
        settings = settings_for(
            database_url, redis_url, home, web.url, carrier.url, languages=languages
        )
        wiring = build_wiring(settings)
        wiring.clock, wiring.engine = clock, once.engine(settings)
        sandbox_app = once.carrier(_sandbox_settings(settings), clock.now)
        sandbox, app = sandbox_app.extensions["sandbox"], once.app(wiring)
        carrier.serve(sandbox_app)
        web.serve(app)
        once.furnish(wiring, sandbox)
        try:
            yield Stack(wiring, app, sandbox, clock, web.url)
        finally:
            sandbox.close()
            wiring.disconnect()
            wiring.redis.close()


def settings_for(
    database_url: str,
    redis_url: str,
    home: Path,
    web_url: str,
    carrier_url: str,
    *,
    languages: str = "en,pcm",
) -> Settings:
    """Settings as a deployment would give them, for these addresses."""
    return Settings.from_env(
        {
            "ENVIRONMENT": "test",
            "GRANDPRO_HOME": str(home),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PUBLIC_BASE_URL": web_url,
            "TWILIO_BASE_URL": carrier_url,
            "SENDGRID_BASE_URL": carrier_url,
            "SECRET_KEY": "test-secret-that-is-long-enough-for-the-vault",
            "ENCRYPTION_KEYS": "t1:" + base64.b64encode(b"t" * 32).decode(),
            "LANGUAGES": languages,
            "TWILIO_AUTH_TOKEN": "test-token",
            "SENDGRID_API_KEY": "test-key",
            "BCRYPT_COST": "4",
            "RATE_PER_ADDRESS": "1000000",
            "RATE_PER_ACCOUNT": "1000000",
            "RATE_OF_SIGN_IN": "1000000",
        }
    )


@contextmanager
def broken(stack: Stack, table: str, deed: str = "insert") -> Iterator[None]:
    """A table that takes no row, or lets none be changed: whoever needs it fails."""
    refuse = """create function say_no() returns trigger language plpgsql
        as 'begin raise exception ''no''; end'"""
    with stack.wiring.transaction() as session:
        session.execute(text(refuse))
        session.execute(
            text(f"create trigger no before {deed} on {table} execute function say_no()")
        )
    yield
    with stack.wiring.transaction() as session:
        session.execute(text("drop function say_no cascade"))


def _sandbox_settings(settings: Settings) -> SandboxSettings:
    return SandboxSettings(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        sms_number=settings.twilio_phone_number,
        whatsapp_number=settings.twilio_whatsapp_number,
        product_url=settings.public_base_url,
        mail_api_key=settings.sendgrid_api_key,
        store_path=":memory:",
        pace=0,
    )


class _Served:
    """A port that is ours before the application that needs to know it exists."""

    def __init__(self) -> None:
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, _not_yet, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def serve(self, app) -> None:
        self._server.app = app
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


@contextmanager
def _free_server() -> Iterator[_Served]:
    served = _Served()
    try:
        yield served
    finally:
        served.stop()


def _not_yet(_environ, start_response):
    start_response("503 Service Unavailable", [])
    return [b""]
