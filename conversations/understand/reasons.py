"""A rating with what led to it, in one message: "2 because the nurse was rude"."""

import re

from conversations.understand.fold import fold
from conversations.understand.ratings import rating

_FIGURE = re.compile(r"\s*(?P<head>[1-5](?:\s?/\s?5)?)(?:[\s.,:;)(-]+)(?P<rest>\D.*)")
_BREAK = re.compile(r" ?(?:[,.;:!-]+ |\b(?:but|because|becos|cos|since)\b) ?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:am|pm|o ?clock|th|st|nd|rd|/|day|days|week|people|persons?)\b")
_WORDS = 2


def rating_with_reason(text: str) -> tuple[int, str] | None:
    """The rating from 1 to 5 and the words after it; None when a message is not both."""
    said = " ".join(text.split())
    head, rest = _by_figure(said) or _by_words(said)
    score = rating(head)
    return (score, rest) if score and len(rest.split()) >= _WORDS else None


def _by_figure(text: str) -> tuple[str, str] | None:
    found = _FIGURE.fullmatch(text)
    if found is None or _CLOCK.match(fold(found["rest"])):
        return None
    return found["head"], found["rest"].strip()


def _by_words(text: str) -> tuple[str, str]:
    head, *rest = _BREAK.split(text, maxsplit=1)
    return head, "".join(rest).strip()
