"""An e-mail's two bodies: plain words, and the same as simple HTML that every reader shows."""

import re

from markupsafe import Markup, escape

LONGEST_SUBJECT = 78
"""RFC 5322 §2.1.1: what one header line should hold."""

_URL = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")
_BLANK_LINES = re.compile(r"\n\s*\n")
_PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"></head>'
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;max-width:36em">'
    "{}</body></html>"
)


def subject_of(subject: str, text: str) -> str:
    """One line, without what would end a header; the text's beginning when there is no subject."""
    words = " ".join((subject or text).split())
    if len(words) <= LONGEST_SUBJECT:
        return words or "-"
    cut = words[: LONGEST_SUBJECT - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(",;:") + "…"


def plain(text: str, unsubscribe_url: str | None) -> str:
    """The words, and below them the way to stop such e-mails."""
    return f"{text}\n\n-- \nUnsubscribe: {unsubscribe_url}" if unsubscribe_url else text


def html(text: str, unsubscribe_url: str | None) -> str:
    """The same as paragraphs with links; nothing is fetched when it is read."""
    blocks = [f"<p>{_lines(block)}</p>" for block in _BLANK_LINES.split(text.strip())]
    if unsubscribe_url:
        link = f'<a href="{escape(unsubscribe_url)}">Unsubscribe</a>'
        blocks.append(f'<p style="font-size:13px;color:#555">{link}</p>')
    return _PAGE.format("".join(blocks))


def _lines(block: str) -> Markup:
    parts = _URL.split(block)
    drawn = [_link(part) if n % 2 else str(escape(part)) for n, part in enumerate(parts)]
    return Markup("".join(drawn).replace("\n", "<br>"))  # noqa: S704 -- every part is escaped


def _link(url: str) -> str:
    return f'<a href="{escape(url)}">{escape(url)}</a>'
