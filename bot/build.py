"""The only place that chooses: real carrier or sandbox, system clock or the demo's."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, create_engine

from bot import texts
from bot.channels.carriers import Carriers
from bot.channels.http import CarrierHttpClient
from bot.channels.pool import CarrierPool
from bot.channels.sendgrid import SendGridCarrier
from bot.channels.twilio import TwilioCarrier
from bot.config import Settings, SettingsError
from bot.wiring import Wiring
from crm.kit.clock import Clock, DemoClock, SystemClock
from crm.kit.crypto import Vault
from crm.kit.unit_of_work import LONGEST_S

LINES_KEPT = 2
"""As many as the pool may open beyond its size."""


def build_wiring(settings: Settings, *, threads: int = 8) -> Wiring:
    """Everything the doors of one process need. Opens no connection yet. Raises SettingsError."""
    unwritten = [language for language in settings.languages if language not in texts.written()]
    if unwritten:
        raise SettingsError([f"LANGUAGES: there are no texts in {', '.join(unwritten)}"])
    texts.offer(settings.languages)
    return Wiring(
        settings=settings,
        engine=build_engine(settings, threads=threads),
        redis=bounded_redis(settings.redis_url),
        carrier=_carrier(settings),
        vault=Vault.from_settings(settings.encryption_keys, settings.secret_key),
        clock=_clock(settings),
        lines_kept=LINES_KEPT,
    )


def build_engine(settings: Settings, *, threads: int) -> Engine:
    """A pool as large as the threads that use it, which waits five seconds at most."""
    return create_engine(
        settings.sqlalchemy_url(),
        connect_args=settings.connect_args() | {"connect_timeout": 5},
        pool_size=threads,
        max_overflow=LINES_KEPT,
        pool_timeout=5,
        pool_recycle=LONGEST_S,
        # An error's text goes to the log, and the parameters are people's names.
        hide_parameters=True,
    )


def bounded_redis(url: str) -> Redis:
    """A client that fails within a second: by default it would hang a request for up to 59."""
    return Redis.from_url(
        url,
        socket_connect_timeout=0.2,
        socket_timeout=0.5,
        retry=Retry(NoBackoff(), 1),
    )


def _carrier(settings: Settings) -> Carriers:
    return Carriers(phones=_phones(settings), mail=_mail(settings))


def _mail(settings: Settings) -> SendGridCarrier:
    return SendGridCarrier(
        api_key=settings.sendgrid_api_key,
        sender=settings.sendgrid_from_email,
        base_url=settings.sendgrid_base_url,
        pool=CarrierPool(),
    )


def _phones(settings: Settings) -> TwilioCarrier:
    return TwilioCarrier(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        sms_from=settings.twilio_phone_number,
        whatsapp_from=settings.twilio_whatsapp_number,
        public_base_url=settings.public_base_url,
        http=CarrierHttpClient(rebase=settings.twilio_base_url),
    )


def _clock(settings: Settings) -> Clock:
    if settings.environment == "demo":
        return DemoClock(settings.home / "clock")
    return SystemClock()
