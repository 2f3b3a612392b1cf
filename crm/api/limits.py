"""How often one may ask: by account, by address, and for sign-in tries."""

import hashlib
import math
import time
from typing import cast

from flask import Flask, current_app, request
from flask_limiter import ApplicationLimit, Limiter
from flask_limiter.util import get_remote_address

from bot.wiring import Wiring
from crm.api import sign_in
from crm.api.kit.doors import PREFIX

_TRIES = f"{PREFIX}/auth/"


def apply(app: Flask, wiring: Wiring) -> None:
    """Count in Valkey for all processes; while it is away, each process counts for itself."""
    settings, pool = wiring.settings, wiring.redis.connection_pool
    limiter = Limiter(
        key_func=get_remote_address,
        application_limits=[
            ApplicationLimit(
                f"{settings.rate_per_address}/minute", key_function=get_remote_address
            ),
            ApplicationLimit(f"{settings.rate_per_account}/minute", key_function=_account),
        ],
        # Only the kind of storage: the connections are the house's own, bounded ones.
        storage_uri="redis://",
        storage_options=cast("dict[str, str | int]", {"connection_pool": pool}),
        strategy="fixed-window",
        in_memory_fallback=[f"{settings.rate_per_address}/minute"],
        in_memory_fallback_enabled=True,
        key_prefix="limit",
    )
    limiter.request_filter(_is_elsewhere)
    limiter.limit(f"{settings.rate_of_sign_in}/minute", exempt_when=_is_no_try)(sign_in.door)
    limiter.init_app(app)
    app.extensions["limits"] = limiter


def again_in_s() -> int:
    """When the limit that this request met lets one in again, in whole seconds."""
    met = current_app.extensions["limits"].current_limit
    return max(1, math.ceil(met.reset_at - time.time())) if met else 60


def _is_elsewhere() -> bool:
    """Only the API is counted: carriers are known by their signature."""
    return not request.path.startswith(PREFIX)


def _is_no_try() -> bool:
    return not request.path.startswith(_TRIES)


def _account() -> str:
    """Whose request it is, before anybody has looked at the token."""
    token = request.headers.get("Authorization", "")
    return hashlib.sha256(token.encode()).hexdigest() if token else get_remote_address()
