"""Whom a visit is for, when a message says so: the writer, or one of their people."""

import re

from conversations.understand.fold import fold
from conversations.understand.words import alternatives, forms

_MINE = alternatives(forms("kin"))
_MY_PEOPLE = alternatives(forms("my_people"))
_OTHERS = re.compile(
    rf"\b(?:for|book|register) my (?:\w+ )?(?:{_MINE})\b"
    rf"|\bmy (?:\w+ )?(?:{_MINE}) (?:is|dey|has|get|need|needs|want|wants|wan|no)\b"
    rf"|\b(?:for|fun|don) (?:her|him|them|am|someone else|somebody else|{_MY_PEOPLE})\b"
    rf"|\b(?:{_MY_PEOPLE})\b"
)
_MYSELF = re.compile(
    r"\b(?:for (?:me|myself|my self)|na me|na for me|myself|don kaina|fun mi|maka m)\b"
)


def whom(text: str) -> str | None:
    """Returns "self" or "other"; None when nothing, or both, is said."""
    folded = fold(text)
    said = {"self": bool(_MYSELF.search(folded)), "other": bool(_OTHERS.search(folded))}
    meant = [who for who, is_said in said.items() if is_said]
    return meant[0] if len(meant) == 1 else None
