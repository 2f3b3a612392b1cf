"""Requests that count once: the answer is kept under the key its sender chose."""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from crm import idempotency
from crm.api.kit.calls import call
from crm.api.kit.problems import Unreadable

P = ParamSpec("P")

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class KeyMissing(Unreadable):
    """This request moves money, points, messages or bookings and must carry a key."""

    code = "idempotency_key_missing"


def idempotent(view: Callable[P, Any]) -> Callable[P, ResponseReturnValue]:
    """Do the request once for each `Idempotency-Key`; later ones get the same answer.

    The key is written in the request's own transaction: a second request with it waits for the
    first to end, then reads its answer. A refused or broken request leaves no key.
    """

    @wraps(view)
    def once(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        key = request.headers.get(HEADER, "").strip()
        if not _KEY.fullmatch(key):
            raise KeyMissing(f"Send an {HEADER} header: any text of your own, up to 128 letters.")
        kept = idempotency.begin(
            call.session, account=_account(), route=_route(), key=key, request=_hash(), now=call.now
        )
        if kept.answer is not None:
            return _replay(kept.status, kept.answer)
        answer = make_response(view(*args, **kwargs))
        body = answer.get_data(as_text=True)
        idempotency.finish(call.session, kept, status=answer.status_code, answer=body)
        return answer

    once.is_idempotent = True  # type: ignore[attr-defined] # read by the docs
    return once


def _account() -> str:
    return f"{call.actor.kind}:{call.actor.id}"


def _route() -> str:
    return f"{request.method} {request.path}"


def _hash() -> bytes:
    return hashlib.sha256(request.query_string + b"\0" + request.get_data(cache=True)).digest()


def _replay(status: int, body: str) -> Response:
    answer = Response(body, status=status, content_type="application/json")
    answer.headers["Idempotency-Replayed"] = "true"
    return answer
