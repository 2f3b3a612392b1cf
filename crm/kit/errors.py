"""How a rule says no."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule was broken. `code` is public and stable, the message is for people."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, message: str, **facts: Any) -> None:
        """Keep the facts a door may show beside the message."""
        super().__init__(message)
        self.facts = facts


class NotFound(DomainError):
    """There is no such thing, or it is not yours to see."""

    code = "not_found"
    status = 404
