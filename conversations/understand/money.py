"""An amount of naira: "5k", "N2,500", "two thousand naira", "dubu biyu"; returned in kobo."""

import re

from conversations.understand.fold import fold
from conversations.understand.numerals import NUMERAL_WORDS, numeral
from conversations.understand.words import forms

_KOBO = 100
_MOST = 10**9  # naira: more is a phone number or a joke
_TIMES = {"": 1, "k": 1_000, "thousand": 1_000, "grand": 1_000, "m": 10**6, "million": 10**6}
_TIMES |= {"hundred": 100, "h": 100}
_FILLERS = forms("fillers") | forms("polite") | forms("number_noise")
_NAIRA = {"naira", "ngn", "bucks", "n"}

_FIGURE = re.compile(
    r"(?<![\w.,/:-])(?P<sign>(?:ngn|naira|=n=|[n₦#])\s?)?"
    r"(?P<figure>[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,8})(?P<part>\.\d{1,2})?"
    r"(?:\s?(?P<times>k|m|thousand|grand|million|hundred))?"
    r"(?P<naira>\s?(?:naira|ngn|bucks|n))?(?![\w/:-]|[.,]\d)"
)
_WORD = re.compile(r"[^\W\d_]+")


def money(text: str) -> int | None:
    """The one amount a message names, in kobo; a bare number counts when it is all that is said."""
    folded = fold(text)
    found = [match for match in _FIGURE.finditer(folded) if _is_amount(match, folded)]
    if len(found) == 1:
        return _kobo(found[0])
    return None if found else _written_out(folded)


def _is_amount(match: re.Match[str], folded: str) -> bool:
    if match["sign"] or match["naira"] or match["times"]:
        return True
    around = folded[: match.start()] + " " + folded[match.end() :]
    return not re.search(r"\d", around) and all(w in _FILLERS for w in _WORD.findall(around))


def _kobo(match: re.Match[str]) -> int | None:
    figure, part = match["figure"].replace(",", ""), (match["part"] or ".0")[1:]
    hundredths = int(figure) * _KOBO + int(part.ljust(2, "0"))
    kobo = hundredths * _TIMES[match["times"] or ""]
    return kobo if kobo <= _MOST * _KOBO else None


def _written_out(folded: str) -> int | None:
    """The amount in words, with no word besides but fillers."""
    words = _WORD.findall(folded) if not re.search(r"\d", folded) else []
    said = [word for word in words if word not in _NAIRA]
    while said and said[0] not in NUMERAL_WORDS and said[0] in _FILLERS:
        said = said[1:]
    while said and said[-1] not in NUMERAL_WORDS and said[-1] in _FILLERS:
        said = said[:-1]
    naira = numeral(said)
    return naira * _KOBO if naira and naira <= _MOST else None
