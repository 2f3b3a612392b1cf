"""Whose request it is: Twilio's signature over the exact address it called and what it sent."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import ParamSpec

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

P = ParamSpec("P")

LONGEST_BODY = 64 * 1024
_HEADER = "HTTP_X_TWILIO_SIGNATURE"


def signed_by_twilio(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Let a request in only with a true signature; others get a bare 403, a flood a 413."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        request.max_content_length = LONGEST_BODY
        settings = current_app.extensions["wiring"].settings
        tokens = [settings.twilio_auth_token]
        if valid(request.environ, request.form, base_url=settings.public_base_url, tokens=tokens):
            return view(*args, **kwargs)
        return Response(status=403)

    return guarded


def valid(
    environ: Mapping[str, object],
    form: MultiDict[str, str],
    *,
    base_url: str,
    tokens: Sequence[str],
) -> bool:
    """True when one of the tokens made this request's signature; two while one replaces the other.

    The address is the configured base and the target as it came over the wire: what frameworks
    rebuild from headers is decoded, guessed behind proxies, and forgeable.
    """
    signature = str(environ.get(_HEADER, ""))
    target = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if not target.startswith("/"):
        return False
    url = base_url.rstrip("/") + target
    return any(RequestValidator(token).validate(url, form, signature) for token in tokens)
