"""How a rule says no."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule was broken. `code` is public and stable, the message is for people."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    keeps: ClassVar[bool] = False
    """True when what was written before it stays: a wrong try must count."""

    def __init__(self, message: str, **facts: Any) -> None:
        """Keep the facts a door may show beside the message."""
        super().__init__(message)
        self.facts = facts


class NotFound(DomainError):
    """There is no such thing, or it is not yours to see."""

    code = "not_found"
    status = 404


class Denied(DomainError):
    """You are known, and may not do this."""

    code = "forbidden"
    status = 403


class Gone(DomainError):
    """It was here and is not any more: erased, expired or ended."""

    code = "gone"
    status = 410


class StaleVersion(DomainError):
    """Somebody changed it since you read it; `facts["version"]` is the newest."""

    code = "stale_version"
    status = 412


class Locked(DomainError):
    """It may not be changed now; the message says until when or by whom."""

    code = "locked"
    status = 423


class Invalid(DomainError):
    """A field holds what it may not; `field` names it the way the caller wrote it."""

    code = "invalid"
    status = 422

    def __init__(self, field: str, message: str, *, code: str = "invalid", **facts: Any) -> None:
        """Keep the field and its own code beside the message."""
        super().__init__(message, **facts)
        self.field = field
        self.field_code = code
