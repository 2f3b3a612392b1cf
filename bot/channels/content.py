"""WhatsApp's buttons and lists as Twilio content: their shapes, and how an answer sheet fills them.

A shape is created once and filled by variables, so every question of the bot fits one of a few:
``reply_1`` to ``reply_3`` (buttons), ``list_1`` to ``list_10`` (rows), ``list_1_described`` to
``list_10_described`` (rows with a second line; a variable may not be empty). Approved templates
are shapes too, with a category.

Line breaks: WhatsApp forbids them, tabs and runs of blanks in the variables of an approved
template (63013). Session content is not approved by anybody, so there the body keeps its line
breaks; every other variable is folded to one line wherever it goes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from bot.channels.carrier import Option, Shape
from bot.channels.segments import graphemes, utf16_length

MOST_BUTTONS = 3
MOST_ROWS = 10
LONGEST_BODY = 1024
LONGEST_BUTTON = 20
LONGEST_ROW = 24
LONGEST_DESCRIPTION = 72
_APPROVED_IN = frozenset({"en", "ha"})
"""Of our languages those WhatsApp knows by name; templates in the others pass as English."""

Variables = dict[str, str]


def session_shapes() -> list[Shape]:
    """The shapes every reply of the bot is poured into, inside the 24-hour window."""
    return [
        *(_reply_shape(size) for size in range(1, MOST_BUTTONS + 1)),
        *(_list_shape(size) for size in range(1, MOST_ROWS + 1)),
        *(_described_list_shape(size) for size in range(1, MOST_ROWS + 1)),
    ]


def template(
    name: str,
    *,
    language: str,
    body: str,
    samples: Mapping[str, str],
    buttons: Sequence[Option] = (),
    category: str = "UTILITY",
) -> Shape:
    """A message that may open a conversation; body and button ids carry ``{{n}}``."""
    language = language if language in _APPROVED_IN else "en"
    if not buttons:
        return Shape(name, language, {"twilio/text": {"body": body}}, samples, category)
    actions = [_button(option.label, option.id) for option in buttons]
    return Shape(name, language, _quick_reply(body, actions), samples, category)


def content_for(text: str, options: Sequence[Option], button_word: str) -> tuple[str, Variables]:
    """The shape for a question and the variables that fill it; `options` are 1 to 10.

    Up to three become buttons if their labels fit one; else a list opened by `button_word`.
    """
    if len(options) <= MOST_BUTTONS and all(map(_fits_button, options)):
        rows = [(one_line(option.label), option.id) for option in options]
        return f"reply_{len(options)}", _numbered([_body(text), *_flat(rows)])
    button = cut(one_line(button_word), LONGEST_BUTTON)
    if any(option.description for option in options):
        return f"list_{len(options)}_described", _numbered(
            [_body(text), button, *_flat(map(_described_row, options))]
        )
    return f"list_{len(options)}", _numbered([_body(text), button, *_flat(map(_row, options))])


def template_variables(values: Sequence[str]) -> Variables:
    """Values for an approved template, numbered from 1: one line each and never empty."""
    return _numbered([one_line(value) or "-" for value in values])


def one_line(text: str) -> str:
    """The text without line breaks, tabs or runs of blanks."""
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, ending in an ellipsis if shortened, no character torn apart."""
    if utf16_length(text) <= limit:
        return text
    kept = ""
    for grapheme in graphemes(text):
        if utf16_length(kept + grapheme) >= limit:
            break
        kept += grapheme
    return kept.rstrip() + "…"


def _fits_button(option: Option) -> bool:
    return not option.description and utf16_length(one_line(option.label)) <= LONGEST_BUTTON


def _row(option: Option) -> tuple[str, str]:
    return cut(one_line(option.label), LONGEST_ROW), option.id


def _described_row(option: Option) -> tuple[str, str, str]:
    description = cut(one_line(option.description), LONGEST_DESCRIPTION)
    return *_row(option), description or "-"


def _body(text: str) -> str:
    """The text with its line breaks, but without tabs and runs of blanks."""
    return re.sub(r"[^\S\n]+", " ", text).strip()


def _numbered(values: Sequence[str]) -> Variables:
    return {str(number): value for number, value in enumerate(values, start=1)}


def _flat(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    return chain.from_iterable(rows)


def _reply_shape(size: int) -> Shape:
    actions = [_button(_slot(n), _slot(n + 1)) for n in range(2, 2 + 2 * size, 2)]
    samples = ["Which one?", *_flat((f"Answer {n}", f"answer-{n}") for n in range(1, size + 1))]
    return Shape(f"reply_{size}", "en", _quick_reply("{{1}}", actions), _numbered(samples))


def _list_shape(size: int) -> Shape:
    items = [{"item": _slot(n), "id": _slot(n + 1)} for n in range(3, 3 + 2 * size, 2)]
    samples = [(f"Answer {n}", f"answer-{n}") for n in range(1, size + 1)]
    return _list_picker(f"list_{size}", items, samples)


def _described_list_shape(size: int) -> Shape:
    items = [
        {"item": _slot(n), "id": _slot(n + 1), "description": _slot(n + 2)}
        for n in range(3, 3 + 3 * size, 3)
    ]
    samples = [(f"Answer {n}", f"answer-{n}", f"About answer {n}") for n in range(1, size + 1)]
    return _list_picker(f"list_{size}_described", items, samples)


def _list_picker(name: str, items: list[dict[str, str]], samples: Iterable[Sequence[str]]) -> Shape:
    picker = {"body": "{{1}}", "button": "{{2}}", "items": items}
    values = _numbered(["Which one?", "Choose", *_flat(samples)])
    return Shape(name, "en", {"twilio/list-picker": picker}, values)


def _slot(number: int) -> str:
    return f"{{{{{number}}}}}"


def _button(title: str, id_: str) -> dict[str, str]:
    return {"type": "QUICK_REPLY", "title": title, "id": id_}


def _quick_reply(body: str, actions: list[dict[str, str]]) -> Mapping[str, object]:
    return {"twilio/quick-reply": {"body": body, "actions": actions}}
