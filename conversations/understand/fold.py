"""What a person typed, brought to one plain spelling: the form every other module here compares."""

import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 500

_HOOKS = {ord(hooked): plain for hooked, plain in zip("ɓɗƙƴƁƊƘƳ", "bdkyBDKY", strict=True)}
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʻʹ´`′＇ˈ"))
_SKIN_TONES = dict.fromkeys(range(0x1F3FB, 0x1F400))
_SIGNS = {
    ord("🔟"): "10",
    ord("–"): "-",
    ord("—"): "-",
    ord("−"): "-",
    ord("‐"): "-",
    ord("‑"): "-",
}
_PLAIN: dict[int, str | None] = {**_HOOKS, **_APOSTROPHES, **_SKIN_TONES, **_SIGNS}

_DROPPED = {
    "Mn",
    "Me",
    "Cf",
    "Cs",
    "Co",
    "Cn",
}  # marks, keycaps, zero-width characters, broken text
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_TOKEN = re.compile(r"[^\W_]+|[👍👎👌✅✔❌✖]")


# Most messages are one of a few hundred, and one turn asks several things of the same words.
remembered = lru_cache(maxsize=512)


@lru_cache(maxsize=2048)
def fold(text: str) -> str:
    """The text without capitals, marks, apostrophes, hidden characters or double spaces, capped."""
    text = text[:MAX_LENGTH].translate(_PLAIN)
    if not text.isascii():
        text = _without_marks(text)
    if "," in text:
        text = _THOUSANDS.sub("", text)
    return " ".join(text.casefold().split())[:MAX_LENGTH].rstrip()


def tokens(folded: str) -> list[str]:
    """The words, numbers and yes/no signs of a folded text, in order."""
    return _TOKEN.findall(folded)


def _without_marks(text: str) -> str:
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(_plain(char) for char in spread if unicodedata.category(char) not in _DROPPED)
    return unicodedata.normalize("NFC", kept.translate(_PLAIN))


def _plain(char: str) -> str:
    """A digit of any script as 0-9, anything else unchanged."""
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)
