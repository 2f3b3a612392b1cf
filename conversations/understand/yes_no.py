"""Yes or no, in five languages."""

from conversations.understand.fold import fold, tokens
from conversations.understand.words import forms, meanings, segment

_POLITE = "polite"
_TABLE = dict.fromkeys(forms("polite"), _POLITE) | meanings("answers")


def yes_no(text: str) -> bool | None:
    """True for yes, False for no, None for both, neither, or a message that says more than that."""
    concepts = segment(tokens(fold(text)), _TABLE)
    said = set(concepts or ()) - {_POLITE}
    return said == {"yes"} if len(said) == 1 else None
