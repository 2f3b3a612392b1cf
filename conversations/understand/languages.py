"""A language asked for by its name, in any of its spellings."""

from collections.abc import Sequence
from functools import lru_cache

from conversations.understand.fold import fold, remembered, tokens
from conversations.understand.slips import is_slip
from conversations.understand.words import LANGUAGES, Phrases, forms

_WORDS_AT_MOST = 12  # a longer message asks for more than a language
_NAMES = {form: language for language in LANGUAGES for form in forms("languages", [language])}
_TABLE = Phrases(dict.fromkeys(forms("fillers") | forms("polite"), "filler") | _NAMES)


def language(text: str, offered: Sequence[str]) -> str | None:
    """The code of the one offered language that a whole message asks for."""
    found = _asked_for(text)
    return found if found in offered else None


@remembered
def _asked_for(text: str) -> str | None:
    return _named([_corrected(word) for word in _spoken(text)])


def unspoken(text: str, offered: Sequence[str]) -> str | None:
    """The code of the one language we know and do not offer; "house" is no slip of its name."""
    found = _called(text)
    return None if found in offered else found


@remembered
def _called(text: str) -> str | None:
    return _named(_spoken(text))


def _spoken(text: str) -> list[str]:
    words = tokens(fold(text))
    return words if len(words) <= _WORDS_AT_MOST else []


def _named(words: Sequence[str]) -> str | None:
    said = set(_TABLE.segment(words) or ()) - {"filler"}
    return said.pop() if len(said) == 1 else None


@lru_cache(maxsize=2048)
def _corrected(word: str) -> str:
    if word in _TABLE:
        return word
    near = {code: name for name, code in _NAMES.items() if is_slip(word, name)}
    return next(iter(near.values())) if len(near) == 1 else word
