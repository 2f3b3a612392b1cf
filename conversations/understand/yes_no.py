"""Yes or no, in five languages."""

from conversations.understand.fold import fold, remembered, tokens
from conversations.understand.words import Phrases, forms, meanings

_POLITE = "polite"
_TABLE = Phrases(dict.fromkeys(forms("polite"), _POLITE) | meanings("answers"))


@remembered
def yes_no(text: str) -> bool | None:
    """True for yes, False for no, None for both, neither, or a message that says more than that."""
    concepts = _TABLE.segment(tokens(fold(text)))
    said = set(concepts or ()) - {_POLITE}
    return said == {"yes"} if len(said) == 1 else None
