"""The last four digits of an account number, said alone, among a few words, or with the rest."""

import re

from conversations.understand.fold import fold, tokens
from conversations.understand.words import forms, ranks

_MANY = 4
_WHOLE = 10
_DIGITS = {"zero": 0} | {w: n for w, n in ranks("numbers").items() if n < _WHOLE}
_ASKED = re.compile(r"\blast (?:4|four)\b(?: digits?)?")
_AROUND = (
    forms("fillers")
    | forms("polite")
    | {
        "account",
        "acct",
        "number",
        "no",
        "digit",
        "digits",
        "end",
        "ends",
        "ending",
        "with",
        "na",
        "are",
    }
)


def last_four(text: str) -> str | None:
    """Four digits, or the end of a whole account number, when nothing else is said."""
    words = tokens(_ASKED.sub(" ", fold(text)))
    said = [
        str(_DIGITS.get(word, word)) for word in words if word in _DIGITS or word not in _AROUND
    ]
    digits = "".join(said)
    is_number = digits.isdecimal() and len(digits) in {_MANY, _WHOLE}
    return digits[-_MANY:] if is_number else None
