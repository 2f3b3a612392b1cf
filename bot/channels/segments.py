"""What an SMS costs: GSM-7 or UCS-2, and into how many parts it is cut.

Counts as Twilio's own calculator does: an escaped character, a surrogate pair and a cluster of
combining characters are never divided between two parts (3GPP TS 23.038 and 23.040).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import regex

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
GSM = GSM_BASIC | GSM_EXTENDED

_GRAPHEME = regex.compile(r"\X")

_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_PART = {"GSM-7": 153, "UCS-2": 67}

_LOOKALIKES = str.maketrans(
    {
        "₦": "NGN",
        **dict.fromkeys("‘’‚‛ʼʻʹ′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−•·", "-"),
        "…": "...",
        "×": "x",
        "\t": " ",
        **dict.fromkeys("ɗɖ", "d"),
        **dict.fromkeys("ƊĐ", "D"),
        "ɓ": "b",
        "Ɓ": "B",
        "ƙ": "k",
        "Ƙ": "K",
        "ƴ": "y",
        "Ƴ": "Y",
        "ə": "e",
        "ı": "i",
        "ł": "l",
        "đ": "d",
    }
)


@dataclass(frozen=True, slots=True)
class Segments:
    """A text's encoding, its length in that encoding's units, and the parts it is billed as."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def count(text: str) -> Segments:
    """How a text travels as SMS. An empty text is billed as one part."""
    if GSM.issuperset(text):
        return _packed("GSM-7", [2 if letter in GSM_EXTENDED else 1 for letter in text])
    return _packed("UCS-2", [utf16_length(piece) for piece in _pieces(text)])


def gsm(text: str) -> str:
    """The text in letters that fit GSM-7, nothing cut off: naira as NGN, no emoji.

    A text with letters that GSM-7 lacks loses every accent, so that no word is left half marked
    (GSM-7 has à but not á). A letter of another script becomes a question mark.
    """
    if GSM.issuperset(text):
        return text
    composed = unicodedata.normalize("NFC", text)
    is_marked = any(letter.isalpha() and letter not in GSM for letter in composed)
    spelled = unicodedata.normalize("NFD", composed) if is_marked else composed
    plain = "".join(map(_plain_letter, spelled.translate(_LOOKALIKES)))
    return re.sub(r"[^\S\n]+", " ", plain).strip()


def graphemes(text: str) -> list[str]:
    """What a reader takes for single characters: letters with their marks, whole emoji."""
    return list(_GRAPHEME.findall(text))


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, the way phones and carriers count."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def _packed(encoding: Literal["GSM-7", "UCS-2"], sizes: list[int]) -> Segments:
    units = sum(sizes)
    if units <= _SINGLE[encoding]:
        return Segments(encoding, units, 1)
    return Segments(encoding, units, _parts(sizes, room=_PART[encoding]))


def _parts(sizes: Iterable[int], *, room: int) -> int:
    parts, used = 1, 0
    for size in sizes:
        used += size
        if used > room:
            parts, used = parts + 1, size
    return parts


def _pieces(text: str) -> Iterator[str]:
    """What must stay together; a carriage return and its line feed may part."""
    for grapheme in graphemes(text):
        yield from grapheme if grapheme == "\r\n" else [grapheme]


def _plain_letter(letter: str) -> str:
    """The letter if GSM-7 has it; else a blank stays one, a letter is "?", marks and emoji go."""
    if letter in GSM:
        return letter
    if letter.isspace():
        return " "
    return "?" if letter.isalnum() else ""
