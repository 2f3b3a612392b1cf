"""Numbers written out: "two thousand five hundred", "dubu biyu", "puku abuo na nari ise"."""

from collections.abc import Iterable, Sequence

from conversations.understand.words import ranks

_TENS = ("twenty", "thirty", "forty|fourty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNITS = {"zero": 0} | ranks("numbers")
_UNITS |= {form: 10 * place for place, word in enumerate(_TENS, 2) for form in word.split("|")}
# English says how many before the size, the other three after it.
_AFTER = {"hundred": 100, "thousand": 1_000, "k": 1_000, "grand": 1_000, "million": 1_000_000}
_BEFORE = {"dari": 100, "dubu": 1_000, "miliyan": 1_000_000}
_BEFORE |= {"egberun": 1_000, "milionu": 1_000_000}
_BEFORE |= {"nari": 100, "puku": 1_000, "nde": 1_000_000}
_WHOLE = {"igba": 200, "eedegbeta": 500, "eedegberin": 700, "eedegberun": 900}
_JOINED_BY = {"and", "da", "na", "ati"}
_WORDS_AT_MOST = 12

NUMERAL_WORDS = frozenset(_UNITS) | frozenset(_AFTER) | frozenset(_BEFORE) | frozenset(_WHOLE)
"""Every word that can be part of a written number, but for those that join two."""


def numeral(words: Sequence[str]) -> int | None:
    """The number these words spell, if every one of them belongs to it."""
    if not words or len(words) > _WORDS_AT_MOST or {words[0], words[-1]} & _JOINED_BY:
        return None
    if any(word in _BEFORE or word in _WHOLE for word in words):
        return _size_first(words)
    return _size_last(words)


def _size_last(words: Iterable[str]) -> int | None:
    """English: units gather until a size multiplies them."""
    total = gathered = 0
    last = 0
    for word in words:
        if word in _JOINED_BY:
            continue
        size, unit = _AFTER.get(word), _unit(word)
        if (size is None and unit is None) or (word == "k" and not gathered):
            return None
        if size == _AFTER["hundred"]:
            gathered = (gathered or 1) * size
        elif size:
            total, gathered = total + (gathered or 1) * size, 0
        elif unit is None or not _may_follow(unit, last):
            return None
        else:
            gathered += unit
        last = size or unit or 0
    return total + gathered


def _may_follow(unit: int, last: int) -> bool:
    """A unit stands first, after a size, or under ten after a round number of tens."""
    tens, most = 20, 99
    return last == 0 or last > most or (last >= tens and last % 10 == 0 and 0 < unit < 10)  # noqa: PLR2004


def _size_first(words: Sequence[str]) -> int | None:
    """Hausa, Yoruba and Igbo: a size, then how many of it."""
    total = pending = 0
    for word in words:
        if word in _JOINED_BY:
            continue
        unit = _unit(word)
        if word in _BEFORE:
            total, pending = total + pending, _BEFORE[word]
        elif word in _WHOLE:
            total, pending = total + pending + _WHOLE[word], 0
        elif unit is not None:
            total, pending = total + (pending or 1) * unit, 0
        else:
            return None
    return total + pending


def _unit(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) < 4 else _UNITS.get(word)  # noqa: PLR2004
