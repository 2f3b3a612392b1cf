"""What the bot says: one file per language, the same keys in each, checked at import."""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from bot.channels.carrier import Channel

_HERE = Path(__file__).parent
FIRST = "en"
NAMES = {"en": "English", "pcm": "Pidgin", "ha": "Hausa", "yo": "Yorùbá", "ig": "Igbo"}

Wording = dict[str, str]
"""A text by channel; "text" is what every channel without its own says."""


class TextsWrong(Exception):
    """The languages do not say the same things; every difference is named."""


def say(section: str, key: str, language: str, channel: Channel, /, **facts: object) -> str:
    """The text of this key for this language and channel, with its facts filled in.

    Raises KeyError for a key no language has and for a fact that is missing.
    """
    book = _books()
    wording = book.get(language, book[FIRST])[section, key]
    return (wording.get(channel) or wording["text"]).format_map(facts)


def knows(section: str, key: str) -> bool:
    """True when there is such a text."""
    return (section, key) in _books()[FIRST]


def spoken() -> tuple[str, ...]:
    """The languages we have texts in."""
    return tuple(_books())


def keys() -> Iterator[tuple[str, str, str, Wording]]:
    """Every text of every language, for the guards: language, section, key, wording."""
    for language, book in _books().items():
        for (section, key), wording in book.items():
            yield language, section, key, wording


@cache
def _books() -> dict[str, dict[tuple[str, str], Wording]]:
    books = {path.stem: _read(path) for path in sorted(_HERE.glob("*.toml"))}
    wrong = [fault for language, book in books.items() for fault in _faults(language, book, books)]
    if wrong:
        raise TextsWrong("\n".join(wrong))
    return books


def _read(path: Path) -> dict[tuple[str, str], Wording]:
    sections = tomllib.loads(path.read_text("utf-8"))
    return {
        (section, key): {"text": text} if isinstance(text, str) else text
        for section, texts in sections.items()
        for key, text in texts.items()
    }


def _faults(
    language: str,
    book: dict[tuple[str, str], Wording],
    books: dict[str, dict[tuple[str, str], Wording]],
) -> Iterator[str]:
    first = books[FIRST]
    for section, key in sorted(first.keys() ^ book.keys()):
        yield f"{language}: [{section}] {key} is not in both {FIRST} and {language}"
    for name in first.keys() & book.keys():
        if placeholders(first[name]["text"]) != placeholders(book[name]["text"]):
            yield f"{language}: {name} has other placeholders than {FIRST}"


def placeholders(text: str) -> set[str]:
    """The facts a text wants."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}
