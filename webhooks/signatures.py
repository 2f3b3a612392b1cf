"""Whose request it is: the carrier's signature over the exact address or bytes of its call."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, wraps
from typing import ParamSpec

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator, compare

from webhooks.requests import itself

P = ParamSpec("P")

LONGEST_BODY = 64 * 1024
LONGEST_BATCH = 1024 * 1024
"""SendGrid sends what it has when 768 kilobytes have come together."""

_HEADER = "HTTP_X_TWILIO_SIGNATURE"
_MAIL_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_MAIL_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
# It tries a batch again for a day.
_STALE, _AHEAD = timedelta(days=2), timedelta(minutes=10)


def signed_by_twilio(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Let a request in only with a true signature; others get a bare 403, a flood a 413."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        settings = current_app.extensions["wiring"].settings
        asked, tokens = itself(), [settings.twilio_auth_token]
        asked.max_content_length = LONGEST_BODY
        if valid(asked.environ, asked.form, base_url=settings.public_base_url, tokens=tokens):
            return view(*args, **kwargs)
        return Response(status=403)

    return guarded


def valid(
    environ: Mapping[str, object],
    form: Mapping[str, str],
    *,
    base_url: str,
    tokens: Sequence[str],
) -> bool:
    """True when one of the tokens made this request's signature; two while one replaces the other.

    The address is the configured base and the target of the request: what frameworks rebuild
    from headers is guessed behind proxies, and forgeable.
    """
    signature = str(environ.get(_HEADER, ""))
    target = _target(environ)
    if not target.startswith("/"):
        return False
    url = base_url.rstrip("/") + target
    return any(_signed(RequestValidator(token), url, form, signature) for token in tokens)


def _target(environ: Mapping[str, object]) -> str:
    """As it came over the wire, where the server tells; else path and query.

    A path comes decoded then, which is the same for ours: they have nothing to decode.
    """
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if raw:
        return raw
    path, query = str(environ.get("PATH_INFO", "")), str(environ.get("QUERY_STRING", ""))
    return f"{path}?{query}" if query else path


def _signed(validator: RequestValidator, url: str, form: Mapping[str, str], signature: str) -> bool:
    """As the address stands; else with and without its port, which the SDK signs both first."""
    expected = validator.compute_signature(url, form)
    return bool(compare(expected, signature) or validator.validate(url, form, signature))


def signed_by_sendgrid(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Let a batch of events in only with a true and fresh signature; others get a bare 403."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        request.max_content_length = LONGEST_BATCH
        wiring = current_app.extensions["wiring"]
        signature = request.headers.get(_MAIL_SIGNATURE, "")
        timestamp = request.headers.get(_MAIL_TIMESTAMP, "")
        key = wiring.settings.sendgrid_webhook_key
        is_fresh = fresh(timestamp, now=wiring.now())
        if is_fresh and valid_batch(request.get_data(), signature, timestamp, key=key):
            return view(*args, **kwargs)
        return Response(status=403)

    return guarded


def fresh(timestamp: str, *, now: datetime) -> bool:
    """True for seconds since 1970 that are neither days old nor far ahead."""
    is_short = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= len("9" * 11)
    if not is_short:
        return False
    age = now - datetime.fromtimestamp(int(timestamp), UTC)
    return -_AHEAD <= age <= _STALE


def valid_batch(body: bytes, signature: str, timestamp: str, *, key: str) -> bool:
    """True when the holder of the key signed exactly these bytes at this time.

    The SDK raises on signatures that are no base64 and on bytes that are no text; so does a key
    that is none. All of these are forgeries to us.
    """
    if not (key and signature):
        return False
    try:
        return bool(_verifier(key).verify_signature(body.decode(), signature, timestamp))
    except (ValueError, TypeError):
        return False


@lru_cache(maxsize=4)
def _verifier(key: str) -> EventWebhook:
    return EventWebhook(key)
