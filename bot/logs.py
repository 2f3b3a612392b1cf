"""What happened, as JSON lines: ids bound once, people's data masked everywhere.

Bind ids with `structlog.contextvars.bound_contextvars(request_id=...)`; every line inside has them.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import orjson
import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

# Libraries that would tell each of their own steps, with addresses and numbers in them.
TALKATIVE = (
    "rq",
    "twilio",
    "urllib3",
    "werkzeug",
    "sqlalchemy",
    "alembic",
    "asyncio",
    "transitions",
)

_SECRET_NAME = re.compile(
    r"token|secret|password|passwd|authori[sz]ation|cookie|signature|api_?key|credential"
    r"|account_number|nuban|bvn|\bpin\b|\botp\b",
    re.IGNORECASE,
)


# Most values are ids or words, and end here.
_ID = re.compile(r"[0-9A-Fa-f-]{32,36}")
_SUSPECT = re.compile(r"\d{4}|[@=]|://|eyJ|SG\.|[Bb]earer|[Bb]asic")

# In this order: what holds other matches inside goes first.
_PRIVATE = [
    (re.compile(r"(://[^\s:/@]*:)[^\s@]+@"), r"\1***@"),
    (re.compile(r"\b([Bb]earer|[Bb]asic)\s+[\w.~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"(?i)(token|secret|password|signature|code|key)=[^&\s]+"), r"\1=***"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+|\bSG\.[\w-]{10,}\.[\w-]{10,}"), "***"),
    (re.compile(r"(?<![\w.+-])([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)"), r"\1***@\2"),
    # a number abroad, then a Nigerian one in any spelling, then an account number
    (re.compile(r"(\+\d{1,6})\d{3,5}(\d{4})(?!\d)"), r"\1***\2"),
    (
        re.compile(
            r"(?:(?<![0-9A-Za-z])|(?<=%2B))((?:234|0)[ -]?[789]\d{2})[ -]?\d{3}[ -]?(\d{4})(?!\d)"
        ),
        r"\1***\2",
    ),
    (re.compile(r"(?<![\w.-])\d{6}(\d{4})(?!\.?\w|-)"), r"******\1"),
]


def configure(level: str = "INFO") -> None:
    """Send every line of this process, ours and the libraries', to standard output."""
    number = logging.getLevelNamesMapping()[level]
    shape: list[Processor] = [
        merge_contextvars,
        structlog.processors.format_exc_info,
        mask,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shape, _renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _route_libraries(number, shape)


@contextmanager
def only_warnings(level: str) -> Iterator[None]:
    """Say nothing of what goes well inside; afterwards the level is `level` again."""
    configure("WARNING")
    try:
        yield
    finally:
        configure(level)


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask people's data and secrets in every value of the line."""
    return {name: _masked(name, value) for name, value in event.items()}


def masked(text: str) -> str:
    """Return the text with phones, e-mail addresses, account numbers and secrets masked."""
    if _ID.fullmatch(text) or not _SUSPECT.search(text):
        return text
    for pattern, replacement in _PRIVATE:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _masked(name: str, value: object) -> object:
    if _is_secret(name):
        return "***"
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_masked("", inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))


def _renderer() -> Processor:
    if sys.stdout.isatty():
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer(serializer=_as_json)


def _as_json(event: EventDict, **_asked: object) -> str:
    return orjson.dumps(event, str).decode()


def _route_libraries(level: int, shape: list[Processor]) -> None:
    """Shape the standard library's records like ours, at the root, and nowhere else."""
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[strip, _renderer()],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shape],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
