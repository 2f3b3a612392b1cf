"""How far a word may be from the one meant: one slip from four letters on, two from eight."""

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

_ONE_SLIP_FROM = 4
_TWO_SLIPS_FROM = 8
MOST_SLIPS = 2


def is_slip(typed: str, meant: str) -> bool:
    """Whether the typed word is the meant one, or has a letter more, less, other or swapped."""
    allowed = slips_allowed(min(len(typed), len(meant)))
    if not allowed or abs(len(typed) - len(meant)) > allowed:
        return typed == meant
    return OSA.distance(typed, meant, score_cutoff=allowed) <= allowed


def slips_of(typed: str, words: Sequence[str]) -> list[str]:
    """Which of many words the typed one may be a slip of: far less work than asking one by one."""
    near = process.extract(
        typed, words, scorer=OSA.distance, score_cutoff=slips_allowed(len(typed)), limit=None
    )
    return [word for word, *_ in near if is_slip(typed, word)]


def slips_allowed(length: int) -> int:
    """How many slips a word of this length may hold."""
    return (length >= _ONE_SLIP_FROM) + (length >= _TWO_SLIPS_FROM)
