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


def segment(
    spoken: Sequence[str], table: Mapping[str, str], *, longest: int = 8
) -> list[str] | None:
    """The concepts a message is made of, longest phrase first; None when a word belongs to none."""
    concepts, at = [], 0
    while at < len(spoken):
        for end in range(min(len(spoken), at + longest), at, -1):
            concept = table.get(" ".join(spoken[at:end])) or _drawn_out(spoken[at:end], table)
            if concept:
                concepts.append(concept)
                at = end
                break
        else:
            return None
    return concepts


def _drawn_out(spoken: Sequence[str], table: Mapping[str, str]) -> str | None:
    """The concept of a single word typed with a long last letter: "yesss", "nooo"."""
    word = spoken[0]
    if len(spoken) > 1 or len(word) < 3 or word[-1] != word[-2]:  # noqa: PLR2004
        return None
    return table.get(word.rstrip(word[-1]) + word[-1])


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


for _section in ("commands", "answers", "days", "parts", "intent"):
    meanings(_section)
