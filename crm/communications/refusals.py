"""Why a message is not taken in."""

from uuid import UUID

from crm.gate import Verdict
from crm.kit.errors import DomainError, Invalid


class Suppressed(DomainError):
    """The gate says no; `facts["reason"]` is its code."""

    code = "suppressed"


class ChannelUnavailable(Invalid):
    """The person has no address on this channel."""

    code = "channel_unavailable"


class NeedsTemplate(Invalid):
    """WhatsApp takes free text only for a day after the person wrote."""

    code = "outside_window_needs_template"


class SensitiveContent(Invalid):
    """The words would tell a bystander what the person suffers from."""

    code = "sensitive_content"


class ReferenceUsed(DomainError):
    """A message of this reference was taken in before."""

    code = "reference_used"

    def __init__(self, reference: str, message_id: UUID | None) -> None:
        """Name the message that has it."""
        super().__init__(
            f"The reference {reference} is taken.", message_id=message_id and str(message_id)
        )


def refusal_of(verdict: Verdict) -> DomainError:
    """The error that says what the gate said."""
    words = f"Not sent: {verdict.reason}."
    if verdict.code == "no_address":
        return ChannelUnavailable("channel", words, code="channel_unavailable")
    if verdict.code == "window_closed":
        return NeedsTemplate("body", words, code="outside_window_needs_template")
    return Suppressed(words, reason=verdict.code)
