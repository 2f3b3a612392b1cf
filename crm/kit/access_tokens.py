"""Access tokens: JWTs (RFC 7519) of fifteen minutes that name a sign-in, nothing more.

What the account may do is read with every request, so a revoked sign-in or role ends at once.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

import jwt

LIFETIME = timedelta(minutes=15)
_ISSUER = "grandpro"
_ALGORITHM = "HS256"


class AccessTokens:
    """Makes and reads them with a key of their own, derived from the secret."""

    def __init__(self, secret_key: str) -> None:
        """32 bytes by HMAC, so that no other use of the secret makes a token."""
        self._key = hmac.digest(secret_key.encode(), b"access-tokens", hashlib.sha256)

    def make(self, sign_in_id: UUID, *, account_id: UUID, now: datetime) -> str:
        """The token of a sign-in, good from now on."""
        claims = {
            "iss": _ISSUER,
            "sub": str(account_id),
            "sid": sign_in_id.hex,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str, *, now: datetime) -> UUID | None:
        """The sign-in it names, or None when it is expired, or not ours."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "sid"], "verify_exp": False, "verify_iat": False},
            )
            is_fresh = int(claims["exp"]) > now.timestamp()
            return UUID(hex=str(claims["sid"])) if is_fresh else None
        except (jwt.InvalidTokenError, ValueError, TypeError):
            return None
