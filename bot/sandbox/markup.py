"""Message text as a phone draws it: *bold*, _italic_, ~struck~ and links, everything escaped."""

import re

from markupsafe import Markup, escape

_STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), "s"),
)
_LINK = re.compile(r"(https?://[^\s<]+[^\s<.,;:!?)])")


def drawn(text: str, *, channel: str) -> Markup:
    """One message as safe HTML; SMS has links but no styles."""
    parts = _LINK.split(str(escape(text)))
    for index, part in enumerate(parts):
        parts[index] = _link(part) if index % 2 else _styled(part, channel)
    return Markup("".join(parts))  # noqa: S704 - escaped above, tags are ours


def _link(url: str) -> str:
    return f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>'


def _styled(text: str, channel: str) -> str:
    for pattern, tag in _STYLES if channel == "whatsapp" else ():
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    return text
