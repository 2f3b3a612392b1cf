"""One number, in digits with the noise people type around them or in words of five languages."""

import re

from conversations.understand.fold import fold, remembered
from conversations.understand.numerals import numeral
from conversations.understand.words import forms, ranks

NUMBERS = {"zero": 0, **ranks("numbers")}
ORDINALS = ranks("ordinals")

_NOISE = forms("number_noise") | forms("polite")
_ONE = {"one", "wan"}
_JOINED = re.compile(r"\b(?:no|nos|number|num|nr|option|opt|choice)[.:#\s]*(?=\d)")
_DIGITS = re.compile(r"#?(\d{1,9})(?:st|nd|rd|th)?")
_EDGES = '._,;:!?()[]*"👍✅✔'
_WORDS_AT_MOST = 8


@remembered
def number(text: str) -> int | None:
    """The one number a whole message says: "2.", "no 2", "(2)", "two", "the second one", "biyu"."""
    return number_in(meaningful(text))


def meaningful(text: str) -> list[str]:
    """The words of a message without what people put around a number."""
    pieces = [piece.strip(_EDGES) for piece in _JOINED.sub("", fold(text)).split()]
    return [piece for piece in pieces if piece and piece not in _NOISE] or pieces


def number_in(pieces: list[str]) -> int | None:
    """The number these words say together, if they say one and nothing else."""
    if pieces[:1] == ["the"] and pieces[1:2] and pieces[1] not in _ONE:
        pieces = pieces[1:]
    if pieces[1:] and pieces[-1] in _ONE and _is_ordinal(pieces[0]):
        pieces = pieces[:-1]
    return _value(" ".join(pieces)) if 0 < len(pieces) <= _WORDS_AT_MOST else None


def _is_ordinal(piece: str) -> bool:
    return piece in ORDINALS or (piece[:1].isdigit() and piece[-2:].isalpha())


def _value(piece: str) -> int | None:
    if match := _DIGITS.fullmatch(piece):
        return int(match[1])
    known = NUMBERS.get(piece, ORDINALS.get(piece))
    return numeral(piece.split()) if known is None else known
