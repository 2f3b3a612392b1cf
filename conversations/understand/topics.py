"""What somebody speaks of: several topics in one message, by number, by label or in passing."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from bot.channels.carrier import Option
from conversations.understand.choices import choice
from conversations.understand.fold import fold, tokens
from conversations.understand.words import meanings

_FIGURES = re.compile(r"\d[\d\s,.;:/&+)-]*(?:\band\b[\d\s,.;:/&+)-]+)*")
_PARTS = re.compile(r"[,;/&+\n]|\b(?:and|with|plus|also|as well as|join)\b")


def topics(text: str, options: Sequence[Option]) -> list[str] | None:
    """The ids of the options that a message names: "1 3", "13", "waiting and staff"."""
    folded = fold(text).strip(" .!")
    if _FIGURES.fullmatch(folded):
        return _by_place(folded, options)
    said = [choice(part, options) for part in _PARTS.split(folded)]
    found = [id_ for id_ in said if id_] + spoken_of(text)
    shown = {option.id for option in options}
    return list(dict.fromkeys(id_ for id_ in found if id_ in shown)) or None


def spoken_of(text: str) -> list[str]:
    """The topics that the words of a message are about."""
    said = tokens(fold(text))
    words = set(said) | {" ".join(pair) for pair in pairwise(said)}
    return list(dict.fromkeys(meant for form, meant in _topics().items() if form in words))


def _by_place(figures: str, options: Sequence[Option]) -> list[str] | None:
    numbers = [int(figure) for figure in re.findall(r"\d+", figures)]
    if len(numbers) == 1 and numbers[0] > len(options):
        numbers = [int(digit) for digit in str(numbers[0])]
    if not all(0 < number <= len(options) for number in numbers):
        return None
    return list(dict.fromkeys(options[number - 1].id for number in numbers))


@lru_cache(maxsize=1)
def _topics() -> dict[str, str]:
    return meanings("topics")
