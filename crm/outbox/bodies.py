"""What a message says, sealed: JSON of text, options, button word, template and subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bot.channels.carrier import Option
from crm.kit.crypto import Vault

_WHERE = "messages.body"


@dataclass(frozen=True, slots=True)
class Template:
    """An approved content for use outside the WhatsApp window."""

    name: str
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """The words of a message before they are rendered for a channel."""

    text: str
    options: Sequence[Option] = ()
    button_word: str = ""
    template: Template | None = None
    subject: str = ""
    """What an e-mail is called; other channels have none."""


def seal(vault: Vault, body: Body, *, row: UUID) -> bytes:
    """The body as it lies in its message row."""
    options = [[option.id, option.label, option.description] for option in body.options]
    template = body.template and [body.template.name, list(body.template.variables)]
    parts = {"text": body.text, "options": options, "word": body.button_word, "template": template}
    if body.subject:
        parts["subject"] = body.subject
    return vault.seal_json(parts, where=_WHERE, row=row)


def unseal(vault: Vault, sealed: bytes, *, row: UUID) -> Body:
    """The body of a message row. Raises CannotOpen."""
    parts = vault.open_json(sealed, where=_WHERE, row=row)
    options = [Option(*option) for option in parts["options"]]
    template = parts["template"]
    return Body(
        parts["text"],
        options,
        parts["word"],
        Template(template[0], tuple(template[1])) if template else None,
        parts.get("subject", ""),
    )
