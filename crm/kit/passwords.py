"""Passwords: bcrypt, and the same time for people who do not exist."""

from functools import cached_property

import bcrypt

from crm.kit.errors import Invalid

SHORTEST, LONGEST_BYTES = 12, 72
"""bcrypt reads 72 bytes and no more, so a longer one is refused instead of cut."""


class Passwords:
    """Hashes and checks with one work factor."""

    def __init__(self, cost: int) -> None:
        """Each step of the cost doubles the time; 12 takes about a quarter of a second."""
        self._cost = cost

    def hash(self, password: str) -> str:
        """The hash to keep. Raises Invalid for what is too short or too long."""
        if len(password) < SHORTEST:
            raise Invalid("password", f"A password has at least {SHORTEST} letters.")
        if len(password.encode()) > LONGEST_BYTES:
            raise Invalid("password", f"A password has at most {LONGEST_BYTES} bytes.")
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(self._cost)).decode()

    def matches(self, password: str, kept: str | None) -> bool:
        """True when it is the one; without a hash it takes as long and says no."""
        given = password.encode()
        if len(given) > LONGEST_BYTES:
            given = b""
        return bcrypt.checkpw(given, (kept or self._nobodys).encode()) and kept is not None

    @cached_property
    def _nobodys(self) -> str:
        return bcrypt.hashpw(b"nobody has this one", bcrypt.gensalt(self._cost)).decode()
