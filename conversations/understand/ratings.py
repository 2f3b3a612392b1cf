"""How good somebody says it was: figures, stars or words of five languages."""

import re

from conversations.understand.fold import fold, tokens
from conversations.understand.numbers import number
from conversations.understand.words import Phrases, forms, meanings

_STARS = "⭐★🌟*"
_OUT_OF = re.compile(r"(?P<said>\d{1,2})\s?(?:/|out of|over|of)\s?(?P<top>\d{1,2})")
_N_STARS = re.compile(r"(?P<said>\d{1,2}|[a-z]+) stars?")
_AROUND = "around"
_NOISE = forms("rating_noise")
_TABLE = Phrases(dict.fromkeys(forms("polite") | _NOISE, _AROUND) | meanings("ratings"))


def rating(text: str, *, top: int = 5) -> int | None:
    """The rating from 1 to `top` that a whole message gives; words are of a scale of five."""
    folded = fold(text)
    said = _in_figures(folded, top) or _in_stars(text)
    if said is not None:
        return said if 1 <= said <= top else None
    return _in_words(folded) if top == 5 else None  # noqa: PLR2004 -- the scale the words are of


def _in_figures(folded: str, top: int) -> int | None:
    if match := _OUT_OF.fullmatch(folded.strip(" .!")):
        return int(match["said"]) if int(match["top"]) == top else 0
    match = _N_STARS.fullmatch(folded.strip(" .!"))
    words = match["said"] if match else folded
    return number(" ".join(word for word in words.split() if word not in _NOISE))


def _in_stars(text: str) -> int | None:
    shown = [sign for sign in text if sign in _STARS]
    rest = fold(text).translate(dict.fromkeys(map(ord, _STARS))).strip()
    return len(shown) if shown and not rest else None


def _in_words(folded: str) -> int | None:
    said = set(_TABLE.segment([word for word in tokens(folded) if word.isalpha()]) or ())
    meant = said - {_AROUND}
    return int(meant.pop()) if len(meant) == 1 else None
