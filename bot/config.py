"""Settings: what the environment decides, read and checked once, every problem named at once."""

import base64
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from bot import demo_values

KEY_BYTES = 32
SHORTEST_SECRET = 32

Hidden = Annotated[str, Field(repr=False)]
Words = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda v: [w.strip() for w in v.split(",")] if isinstance(v, str) else v),
]


class SettingsError(Exception):
    """The environment cannot run the service; the message has one problem a line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class Settings(BaseModel):
    """One value per variable of the environment; `GRANDPRO_HOME` is `home`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["demo", "test", "production"] = "demo"
    home: Annotated[Path, BeforeValidator(lambda v: Path(v).expanduser().absolute())] = Field(
        default=Path("var"), validate_default=True
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    database_url: Hidden
    direct_url: Hidden
    redis_url: Hidden
    # True behind a transaction pooler, which cannot keep prepared statements.
    pgbouncer: bool = False

    public_base_url: str
    port: int = Field(default=8000, ge=1, le=65535)
    sandbox_port: int = Field(ge=1, le=65535)
    web_concurrency: int = Field(default=2, ge=1, le=64)

    secret_key: Hidden
    encryption_keys: Hidden

    twilio_account_sid: str
    twilio_auth_token: Hidden
    twilio_phone_number: str
    twilio_whatsapp_number: str
    # None is the real Twilio; anything else is the sandbox.
    twilio_base_url: str | None = None
    sendgrid_api_key: Hidden
    sendgrid_from_email: str
    # The public key of SendGrid's event webhook; without it no event is let in.
    sendgrid_webhook_key: str = ""
    # None is the real SendGrid; anything else is the sandbox.
    sendgrid_base_url: str | None = None

    languages: Words = ("en", "pcm")
    sms_two_way: bool = True
    # WhatsApp shows that we are writing while an answer is late; a beta of Twilio's.
    typing_indicator: bool = False
    # Phones in E.164 and e-mails that tests of channels may be sent to.
    test_recipients: Words = ()

    # Work factor of password hashes: 4 is for tests alone.
    bcrypt_cost: int = Field(default=12, ge=4, le=16)
    # True: whoever approves money has signed in with a second factor.
    require_totp: bool = False
    # How many proxies before us may be believed about the caller's address.
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    # How long words are kept, in days: of messages, of feedback, of talks that stand still.
    keep_message_bodies_days: int = Field(default=365, ge=30)
    keep_feedback_texts_days: int = Field(default=730, ge=30)
    keep_talks_days: int = Field(default=90, ge=7)
    # Requests a minute to the API by one account, and by one address.
    rate_per_account: int = Field(default=600, ge=1)
    rate_per_address: int = Field(default=1200, ge=1)
    # Sign-in tries a minute from one address.
    rate_of_sign_in: int = Field(default=10, ge=1)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read `environ`, or the process's own with a `.env` file below it.

        Raises SettingsError. Outside production, what is missing is made up and kept in
        `home/secrets.json`.
        """
        given = _given(environ if environ is not None else _environment())
        is_production = given.get("environment") == "production"
        problems = list(_refusals(given)) if is_production else []
        try:
            values = (
                {"require_totp": "true", **_derived(given)} if is_production else _filled(given)
            )
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems = [*_in_words(error), *problems]
        if problems:
            raise SettingsError(problems)
        return settings

    @field_validator("database_url", "direct_url")
    @classmethod
    def _is_postgres(cls, url: str) -> str:
        # Empty is the demo's: it has servers of its own.
        if url and not re.match(r"postgres(ql)?://", url):
            raise ValueError("must be a postgresql:// address")
        return url

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str) -> str:
        if url and not re.match(r"(rediss?|unix)://", url):
            raise ValueError("must be a redis://, rediss:// or unix:// address")
        return url

    @field_validator("public_base_url", "twilio_base_url", "sendgrid_base_url")
    @classmethod
    def _is_web(cls, url: str | None) -> str | None:
        if url is not None and not re.match(r"https?://[^/]+", url):
            raise ValueError("must be an http:// or https:// address")
        return url.rstrip("/") if url else url

    @field_validator("encryption_keys")
    @classmethod
    def _is_keyring(cls, keys: str) -> str:
        for pair in keys.split(","):
            _check_key(pair)
        return keys

    @field_validator("sendgrid_webhook_key")
    @classmethod
    def _is_public_key(cls, key: str) -> str:
        if key and not re.fullmatch(r"[A-Za-z0-9+/]{80,}={0,2}", key):
            raise ValueError("must be the verification key that SendGrid shows, in base64")
        return key

    def sqlalchemy_url(self, *, direct: bool = False) -> str:
        """Return the database's address for SQLAlchemy; `direct` goes round a pooler."""
        url = self.direct_url if direct else self.database_url
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)

    def connect_args(self) -> dict[str, Any]:
        """Return what psycopg must know beside the address."""
        return {"prepare_threshold": None} if self.pgbouncer else {}

    def environ(self) -> dict[str, str]:
        """Return the variables from which a child process reads these same settings."""
        values = {_variable(name): getattr(self, name) for name in type(self).model_fields}
        return {name: _spelt(value) for name, value in values.items() if value not in {None, ""}}


def _variable(field: str) -> str:
    return "GRANDPRO_HOME" if field == "home" else field.upper()


def _spelt(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _environment() -> dict[str, str]:
    values = {**dotenv_values(".env"), **os.environ}
    return {name: value for name, value in values.items() if value is not None}


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    names = {field: _variable(field) for field in Settings.model_fields}
    values = {field: environ.get(name, "").strip() for field, name in names.items()}
    return {field: value for field, value in values.items() if value}


def _derived(given: dict[str, str]) -> dict[str, str]:
    """Add the values that follow from others."""
    # A port that is no number is reported as such; its neighbour is not.
    port = given.get("port", "8000")
    neighbour = str(int(port) + 1) if port.isdigit() else "8001"
    return {"direct_url": given.get("database_url", ""), "sandbox_port": neighbour, **given}


def _filled(given: dict[str, str]) -> dict[str, str]:
    """Add what the demo may leave out."""
    given = _derived({"home": "var", "port": "8000", **given})
    home = Path(given["home"]).expanduser()
    made_up = demo_values.make_up(home, given["port"], given["sandbox_port"])
    api_key = given.get("sendgrid_api_key", made_up["sendgrid_api_key"])
    if "sendgrid_webhook_key" not in given:
        made_up["sendgrid_webhook_key"] = demo_values.mail_webhook_key(api_key)
    # An address left out is empty, so that the demo's own servers fill it.
    return {"database_url": "", "redis_url": "", **made_up, **given}


def _check_key(pair: str) -> None:
    name, _, key = pair.strip().partition(":")
    try:
        length = len(base64.b64decode(key, validate=True))
    except ValueError:
        length = 0
    if not name or length != KEY_BYTES:
        raise ValueError(f"must be id:key pairs, each key {KEY_BYTES} bytes in base64")


def _in_words(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        name = _variable(str(problem["loc"][0]))
        if problem["type"] == "missing":
            yield f"{name} is missing"
        else:
            yield f"{name}: {problem['msg'].removeprefix('Value error, ')}"


# -- what production refuses ------------------------------------------------------------------

# At the start only, and short words only whole: a random key may well contain any of these.
_EXAMPLE = re.compile(
    r"(change.?me|default|example|password|placeholder).*|(demo|dev|test|secret|your|x+)(\W.*)?",
    re.IGNORECASE,
)
WEAKEST = 12
_SECRETS = ("secret_key", "encryption_keys", "twilio_auth_token", "sendgrid_api_key")


def _refusals(given: Mapping[str, str]) -> Iterator[str]:
    """Say what is wrong with values that are well formed, but not fit for real people's data."""
    for field in _SECRETS:
        if _EXAMPLE.fullmatch(given.get(field, "")):
            yield f"{_variable(field)} looks made up: production needs a value of its own"
    if 0 < len(given.get("secret_key", "")) < SHORTEST_SECRET:
        yield f"SECRET_KEY is short: at least {SHORTEST_SECRET} characters"
    if given.get("public_base_url", "").startswith("http://"):
        yield "PUBLIC_BASE_URL must be https:// in production"
    for field in ("twilio_base_url", "sendgrid_base_url"):
        if field in given:
            yield f"{_variable(field)} points to a sandbox: production must leave it out"
    if given.get("bcrypt_cost", "12").isdigit() and int(given.get("bcrypt_cost", "12")) < WEAKEST:
        yield f"BCRYPT_COST is for tests: production needs {WEAKEST} or more"
    yield from _account_refusals(given.get("twilio_account_sid"))


def _account_refusals(sid: str | None) -> Iterator[str]:
    if sid is not None and not re.fullmatch(r"AC[0-9a-fA-F]{32}", sid):
        yield "TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits"
    elif sid == demo_values.ACCOUNT_SID:
        yield "TWILIO_ACCOUNT_SID is the demo's: production needs your own"
