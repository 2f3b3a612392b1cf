"""A friend's code in a message: eight letters and figures, however they are typed."""

import re

from conversations.understand.fold import fold

_LENGTH = 8
_WORD = re.compile(rf"\b[2-9a-hjkmnp-tv-z]{{{_LENGTH}}}\b")
_NAMED = re.compile(r"\bcode\b")
_BROKEN = re.compile(r"(?<=\w)[\s-](?=\w)")


def referral_code(text: str) -> str | None:
    """The code, in capitals; a word counts where it stands alone, has a figure or is called one."""
    folded = fold(text).strip(" .!\"'")
    joined = _BROKEN.sub("", folded)
    if _WORD.fullmatch(joined):
        return joined.upper()
    said = [
        word
        for word in _WORD.findall(folded)
        if _NAMED.search(folded) or any(sign.isdigit() for sign in word)
    ]
    return said[-1].upper() if said else None
