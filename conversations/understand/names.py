"""A person's name as they would write it, without the sentence around it."""

import re
import unicodedata

from conversations.understand.fold import MAX_LENGTH, fold
from conversations.understand.words import forms

_LONGEST = 80
_WORDS_AT_MOST = 6

_LETTER = r"[^\W\d_][\u0300-\u036f]*"  # a letter with its tone marks
_PART = re.compile(rf"(?:{_LETTER})+(?:['’ʼ‘-](?:{_LETTER})+)*\.?|(?:{_LETTER}\.)+(?:{_LETTER})?")
_SPOKEN = re.compile(r"\w")  # a word with nothing of this in it is a smile or a dash
_EDGES = ',;:!?()"“”*'
_LEAD = re.compile(
    r"^\s*(?:(?:hello|hi|ok|okay|yes)[,.!\s]+)?"
    r"(?:my\s+(?:full\s+)?names?\s+(?:is|are|na|be)\b|i\s+am\b|i[’']?m\b|i\s+be\b|name\s*[:=-]"
    r"|it[’']?s\b|it\s+is\b|this\s+is\b|na\b(?=.*\bi\s+be\b)|dem\s+dey\s+call\s+me\b|they\s+call\s+me\b|call\s+me\b"
    r"|suna\s?na\b|or[uú]k[oọ]\s+mi\s+ni\b|aha\s+m\s+b[uụ]\b)[\s,:]*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(?:(?:na\s+)?(?:i\s+be|im\s+be\s+my\s+name|be\s+my\s+name)|please|pls|abeg)[\s.!]*$",
    re.IGNORECASE,
)
_TITLES = forms("titles")
_NOT_NAMES = forms("not_names")


def full_name(text: str, at_least: int = 2) -> str | None:
    """The name said, titles left out; None for fewer words than asked, or for what is no name."""
    said = " ".join(unicodedata.normalize("NFC", text[:MAX_LENGTH]).split())
    said = _TAIL.sub("", _LEAD.sub("", said))
    parts = _without_titles([word.strip(_EDGES) for word in said.split() if _SPOKEN.search(word)])
    if not at_least <= len(parts) <= _WORDS_AT_MOST or not all(map(_is_name, parts)):
        return None
    name = _capitalised(" ".join(parts))
    return name if len(name) <= _LONGEST else None


def _without_titles(parts: list[str]) -> list[str]:
    while parts and fold(parts[0]).strip(".") in _TITLES:
        parts = parts[1:]
    return parts


def _is_name(part: str) -> bool:
    return bool(_PART.fullmatch(part)) and fold(part) not in _NOT_NAMES


def _capitalised(name: str) -> str:
    """Capitals set only where the person used none, or nothing else."""
    if name not in (name.lower(), name.upper()):
        return name
    return _WORD_START.sub(lambda match: match[0].upper(), name.lower())


# After a hyphen too, and after a single letter with an apostrophe (O'Neil, but Sa'adatu).
_WORD_START = re.compile(r"(?:^|(?<=[\s.-]))[^\W\d_](?:['’][^\W\d_](?=\w{2}))?")
