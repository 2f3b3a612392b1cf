"""What an owner asks of their account: BAL, PAYOUT [month], CONTRACT, STATEMENT, DISPUTE, HELP."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from conversations.understand.commands import command
from conversations.understand.fold import fold, tokens
from conversations.understand.vocabulary import MONTHS, month_names
from conversations.understand.words import forms

OWNER_WISHES = frozenset({"account", "payout", "contract", "statement", "dispute"})
_AS_OWNER = {"points": "account", "feedback": "dispute"}  # "balance" and "complain", said by one
_FILLERS = forms("fillers")
_CENTURY = 2000
_YEAR_END = 12


@dataclass(frozen=True, slots=True)
class OwnerWish:
    """What is asked, and of which month (its first day), when one was said."""

    word: str
    month: date | None = None


def owner_wish(
    text: str, *, today: date, languages: Sequence[str] = ("en", "pcm")
) -> OwnerWish | None:
    """The wish that is the whole message but for a month: "PAYOUT OCT", "my sept statement pls"."""
    folded = fold(text)
    month, rest = find_month(folded, today)
    said = command(rest, languages=languages) or command(
        _without_fillers(rest), languages=languages
    )
    word = _AS_OWNER.get(said or "", said)
    return OwnerWish(word, month) if word in OWNER_WISHES or word == "help" else None


def find_month(folded: str, today: date) -> tuple[date | None, str]:
    """The month a folded text names, as its first day, not after this one; and what is left."""
    for pattern in _MONTHS:
        if match := pattern.search(folded):
            month = _month(match, today)
            if month is not None:
                return month, f"{folded[: match.start()]} {folded[match.end() :]}"
    return None, folded


def _month(match: re.Match[str], today: date) -> date | None:
    said = match.groupdict()
    if said.get("which"):
        return _back(today, int(said["which"] != "this"))
    number = MONTHS.get(said["m"]) or int(said["m"])
    if not 1 <= number <= _YEAR_END:
        return None
    if said.get("y"):
        year = int(said["y"])
        return date(year + (_CENTURY if year < _CENTURY else 0), number, 1)
    return date(today.year - (number > today.month), number, 1)


def _back(today: date, months: int) -> date:
    year, month = divmod(today.year * _YEAR_END + today.month - 1 - months, _YEAR_END)
    return date(year, month + 1, 1)


def _without_fillers(text: str) -> str:
    return " ".join(word for word in tokens(text) if word not in _FILLERS)


_MONTHS = [
    re.compile(pattern)
    for pattern in (
        r"\b(?P<which>this|last|past|previous) month\b",
        r"(?<!\d)(?P<y>20\d\d)[-/](?P<m>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<m>\d{1,2})[-/](?P<y>20\d\d|\d\d)(?!\d)",
        rf"\b(?P<m>{month_names})\b[ ,]*(?P<y>20\d\d)?",
    )
]
