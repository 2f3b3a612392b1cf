"""What the bot says: one file per language, the same keys in each, checked at import.

A language that awaits a native reviewer is spoken only where the settings offer it, and says in
English what it lacks.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from bot.channels.carrier import Channel

_HERE = Path(__file__).parent
FIRST = "en"
NAMES = {"en": "English", "pcm": "Pidgin", "ha": "Hausa", "yo": "Yorùbá", "ig": "Igbo"}
AWAIT_REVIEW = frozenset({"ha", "yo", "ig"})
"""Languages whose texts no native speaker has read yet."""

Wording = dict[str, str]
"""A text by channel; "text" is what every channel without its own says."""
Book = Mapping[tuple[str, str], Wording]
"""The texts of one language, by section and key."""

_spoken = {FIRST, *NAMES} - AWAIT_REVIEW


class TextsWrong(Exception):
    """The languages do not say the same things; every difference is named."""


def say(section: str, key: str, language: str, channel: Channel, /, **facts: object) -> str:
    """The text of this key for this language and channel, with its facts filled in.

    Raises KeyError for a key no language has and for a fact that is missing.
    """
    wording = _books()[spoken_to(language)][section, key]
    return (wording.get(channel) or wording["text"]).format_map(facts)


def as_sentence(text: str) -> str:
    """With a capital, also when it opens with a day in words: "tomorrow, Mon 23 Nov"."""
    return text[:1].upper() + text[1:]


def knows(section: str, key: str) -> bool:
    """True when there is such a text."""
    return (section, key) in _books()[FIRST]


def offer(languages: Iterable[str]) -> None:
    """Speak these languages in this process, and English; called once its settings are read."""
    _spoken.clear()
    _spoken.update({FIRST, *languages} & written())


def spoken() -> tuple[str, ...]:
    """The languages this process speaks."""
    return tuple(language for language in NAMES if language in _spoken)


def spoken_to(language: str) -> str:
    """The language in which somebody of this language is written to: English if not their own."""
    return language if language in _spoken else FIRST


def written() -> frozenset[str]:
    """The languages we have texts in, offered or not."""
    return frozenset(_books())


def keys() -> Iterator[tuple[str, str, str, Wording]]:
    """Every text of every language, for the guards: language, section, key, wording."""
    for language, book in _books().items():
        for (section, key), wording in book.items():
            yield language, section, key, wording


def faults() -> list[str]:
    """How the languages differ, those that await review too: the boot forgives what they lack."""
    books = _files()
    return [fault for language, book in books.items() for fault in _faults(language, book, books)]


@cache
def _books() -> Mapping[str, Book]:
    books = _files()
    wrong = [
        fault
        for language in books.keys() - AWAIT_REVIEW
        for fault in _faults(language, books[language], books)
    ]
    if wrong:
        raise TextsWrong("\n".join(wrong))
    return {
        language: _completed(book, books[FIRST]) if language in AWAIT_REVIEW else book
        for language, book in books.items()
    }


@cache
def _files() -> Mapping[str, Book]:
    return {path.stem: _read(path) for path in sorted(_HERE.glob("*.toml"))}


def _read(path: Path) -> Book:
    sections = tomllib.loads(path.read_text("utf-8"))
    return {
        (section, key): {"text": text} if isinstance(text, str) else text
        for section, texts in sections.items()
        for key, text in texts.items()
    }


def _completed(book: Book, first: Book) -> Book:
    """What the book says with the facts of the first language, else what that says itself."""
    return {
        name: book[name] if name in book and _is_like(book[name], wording) else wording
        for name, wording in first.items()
    }


def _is_like(one: Wording, other: Wording) -> bool:
    return placeholders(one["text"]) == placeholders(other["text"])


def _faults(language: str, book: Book, books: Mapping[str, Book]) -> Iterator[str]:
    first = books[FIRST]
    for section, key in sorted(first.keys() ^ book.keys()):
        yield f"{language}: [{section}] {key} is not in both {FIRST} and {language}"
    for name in first.keys() & book.keys():
        if not _is_like(first[name], book[name]):
            yield f"{language}: {name} has other placeholders than {FIRST}"


def placeholders(text: str) -> set[str]:
    """The facts a text wants."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}
