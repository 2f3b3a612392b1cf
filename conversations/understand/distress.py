"""Words that mean danger to life, in five languages, read before any other logic.

A phrase fires when it is said of somebody now: not when it is denied ("no more pain"), long past,
or part of an ordinary errand ("blood test", "labour ward"). A false alarm costs one tap, so in
doubt it fires.
"""

import re
import tomllib
from importlib import resources

from conversations.understand.fold import MAX_LENGTH, fold, remembered
from conversations.understand.words import alternatives

_READ_TO = 2000  # letters: a cry for help may come late in a long message
_STEP = MAX_LENGTH - 100  # stretches overlap, so that no phrase is cut in two


@remembered
def distress(text: str) -> bool:
    """Whether somebody's life may be in danger now, by what this message says."""
    stretches = (text[at : at + MAX_LENGTH] for at in range(0, min(len(text), _READ_TO), _STEP))
    clauses = (clause for stretch in stretches for clause in _CLAUSE.split(fold(stretch)))
    return any(_is_alarming(" ".join(_NOT_WORD.sub(" ", clause).split())) for clause in clauses)


def _is_alarming(clause: str) -> bool:
    if _ALWAYS.search(clause):
        return True
    if not _SAID.search(clause):  # as in nearly every message: the rest need not be looked at
        return False
    clause = _ERRANDS.sub("-", clause)
    if _LONG_AGO.search(clause):
        return False
    return any(_is_meant(clause, match) for match in _SAID.finditer(clause))


def _is_meant(clause: str, match: re.Match[str]) -> bool:
    """Neither denied just before nor part of an errand around it."""
    before, after = clause[: match.start()], clause[match.end() :]
    return not (_HARMLESS_BEFORE.search(before) or _HARMLESS_AFTER.match(after))


_FILE = tomllib.loads(
    resources.files(__package__).joinpath("distress.toml").read_text(encoding="utf-8")
)


def _any_of(patterns: list[str], ends: str = "") -> re.Pattern[str]:
    """The patterns as one expression of whole words, named word lists filled in."""
    joined = "|".join(patterns)
    for name, words in _FILE["words"].items():
        joined = joined.replace(f"{{{name}}}", f"(?:{alternatives(words.split())})")
    return re.compile(rf"\b(?:{joined})\b{ends}")


_CLAUSE = re.compile(r"[.,;:!?]+|\b(?:but|and|now)\b")
_NOT_WORD = re.compile(r"[^a-z0-9 ]+")
_ALWAYS = _any_of(_FILE["always"])
_SAID = _any_of([pattern for patterns in _FILE["said"].values() for pattern in patterns])
_ERRANDS = _any_of(_FILE["harmless"]["errands"])
_LONG_AGO = _any_of(_FILE["harmless"]["long_ago"])
_HARMLESS_BEFORE = _any_of(
    _FILE["harmless"]["denied_just_before"] + _FILE["harmless"]["errand_just_before"], ends=r"\s*$"
)
_HARMLESS_AFTER = re.compile(r"\s*" + _any_of(_FILE["harmless"]["errand_just_after"]).pattern)
