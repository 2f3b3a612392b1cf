"""The vocabulary, read and checked once.

A form that is not folded, or that means two things in one language, stops the boot.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from conversations.understand.fold import fold

LANGUAGES = ("en", "pcm", "ha", "yo", "ig")


class VocabularyError(Exception):
    """The vocabulary file contradicts itself."""


def _read() -> dict[str, Any]:
    source = resources.files(__package__).joinpath("words.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


_FILE = _read()


def meanings(section: str, languages: Iterable[str] = LANGUAGES) -> dict[str, str]:
    """Each form of a section with its concept, one concept per form within a language."""
    found: dict[str, str] = {}
    for language in languages:
        found = _of_language(section, language) | found
    return found


def forms(section: str, languages: Iterable[str] = LANGUAGES) -> frozenset[str]:
    """Every form of a section that has no concepts below it."""
    return frozenset(form for language in languages for form in _FILE[section].get(language, ()))


def ranks(section: str) -> dict[str, int]:
    """Each spelling in an ordered section with its place: 1 for the first."""
    return {
        spelling: place
        for entries in _FILE[section].values()
        for place, entry in enumerate(entries, 1)
        for spelling in entry.split("|")
    }


def alternatives(words: Iterable[str]) -> str:
    """The words as one regular expression, longest first, so that none hides a longer one."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


class Phrases:
    """Phrases with their concepts, ready to take messages apart.

    It knows how many words the longest phrase has that begins with a word: most messages begin
    with none of them, and are done with at once.
    """

    def __init__(self, concepts: Mapping[str, str]) -> None:
        """Each phrase, folded, with its concept."""
        self._concepts = dict(concepts)
        self._longest: dict[str, int] = {}
        for phrase in concepts:
            first, *rest = phrase.split()
            self._longest[first] = max(self._longest.get(first, 0), 1 + len(rest))

    def __contains__(self, phrase: str) -> bool:
        """Whether this is one of them."""
        return phrase in self._concepts

    def segment(self, spoken: Sequence[str]) -> list[str] | None:
        """The concepts a message is made of, longest phrase first; None when a word has none."""
        concepts, at = [], 0
        while at < len(spoken):
            length, concept = self._longest_at(spoken, at)
            if concept is None:
                return None
            concepts.append(concept)
            at += length
        return concepts

    def _longest_at(self, spoken: Sequence[str], at: int) -> tuple[int, str | None]:
        word = spoken[at]
        for length in range(min(self._longest.get(word, 0), len(spoken) - at), 0, -1):
            concept = self._concepts.get(" ".join(spoken[at : at + length]))
            if concept:
                return length, concept
        return 1, self._drawn_out(word)

    def _drawn_out(self, word: str) -> str | None:
        """The concept of a single word typed with a long last letter: "yesss", "nooo"."""
        if len(word) < 3 or word[-1] != word[-2]:  # noqa: PLR2004
            return None
        return self._concepts.get(word.rstrip(word[-1]) + word[-1])


def _of_language(section: str, language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for form, concept in _entries(section, language):
        if form != fold(form):
            raise VocabularyError(f"{section}: {form!r} is not folded")
        if found.setdefault(form, concept) != concept:
            raise VocabularyError(
                f"{section}.{language}: {form!r} is both {found[form]} and {concept}"
            )
    return found


def _entries(section: str, language: str) -> Iterator[tuple[str, str]]:
    for concept, by_language in _FILE[section].items():
        for form in by_language.get(language, ()):
            yield form, concept


for _section in ("commands", "answers", "days", "parts", "intent", "care"):
    meanings(_section)
