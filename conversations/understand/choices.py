"""One of the options shown, by number, place, name or part of it; never a guess between two."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from bot.channels.carrier import Option
from conversations.understand.fold import fold, tokens
from conversations.understand.numbers import meaningful, number_in
from conversations.understand.slips import is_slip
from conversations.understand.words import forms

_BUTTON_LENGTH, _ROW_LENGTH = 20, 24  # carriers cut button titles and list rows to these
_PREFIX_FROM = 3
_WORD_PREFIX_FROM = 4
_NAME_SLIP_FROM = 5  # inside a longer message a shorter near-match is more often another word
_LAST = forms("last")
_FILLERS = forms("fillers") | forms("polite")
ANYONE = sorted(forms("anyone"))
"""What says that nobody in particular is wanted."""


OtherNames = Mapping[str, Sequence[str]]
"""What else options are called, by id: "dentist" for Dental."""
_NONE: OtherNames = {}


def choice(text: str, options: Sequence[Option], other_names: OtherNames = _NONE) -> str | None:
    """The id of the one option meant, or None when nothing, or more than one, fits."""
    folded = fold(text)
    if not folded or not options:
        return None
    exact = _only(option for option in options if fold(option.label) == folded)
    return (
        exact
        or _by_place(text, folded, options)
        or _by_name(folded, options)
        or _by_other_name(folded, options, other_names)
    )


def mentions(text: str, names: Sequence[Option], other_names: OtherNames = _NONE) -> str | None:
    """The id of the one option named inside a longer message.

    Words common to all labels do not count; another name counts when all of it is said.
    """
    said = set(tokens(fold(text)))
    labels = _distinctive(names)
    hits = [label & said for label in labels]
    if not any(hits):
        hits = [{word for word in label if _is_nearly_said(word, said)} for label in labels]
    if not any(hits):
        return _by_word_said(said, names, other_names)
    return _winner(names, labels, hits)


def _by_place(text: str, folded: str, options: Sequence[Option]) -> str | None:
    if " ".join(tokens(folded)) in _LAST:
        return options[-1].id
    place = number_in(meaningful(text))
    return options[place - 1].id if place and place <= len(options) else None


def _by_name(folded: str, options: Sequence[Option]) -> str | None:
    """The first way of matching that fits any option decides; of several the one named in full."""
    words = [word for word in tokens(folded) if word not in _FILLERS]
    for fits in (_is_cut, _is_prefix, _is_contained, _is_typed_with_a_slip):
        hits = [option for option in options if fits(folded, words, option.label)]
        if hits:
            return _only(hits) or mentions(folded, options)
    return None


def _is_cut(folded: str, words: list[str], label: str) -> bool:
    del words
    shortened = {fold(label[:_BUTTON_LENGTH]), fold(label[:_ROW_LENGTH])}
    return folded.removesuffix("...").removesuffix("…").rstrip() in shortened


def _is_prefix(folded: str, words: list[str], label: str) -> bool:
    plain, label = " ".join(words), fold(label)
    return any(len(start) >= _PREFIX_FROM and label.startswith(start) for start in (folded, plain))


def _is_contained(folded: str, words: list[str], label: str) -> bool:
    del folded
    return _each_fits(words, label, _is_start)


def _is_typed_with_a_slip(folded: str, words: list[str], label: str) -> bool:
    return is_slip(folded, fold(label)) or _each_fits(words, label, is_slip)


def _each_fits(words: list[str], label: str, fits: Callable[[str, str], bool]) -> bool:
    parts = _parts(label)
    return bool(words) and all(any(fits(word, part) for part in parts) for word in words)


@lru_cache(maxsize=512)
def _parts(label: str) -> tuple[str, ...]:
    return tuple(tokens(fold(label)))


def _is_start(word: str, part: str) -> bool:
    return word == part or (len(word) >= _WORD_PREFIX_FROM and part.startswith(word))


def _by_other_name(folded: str, options: Sequence[Option], other_names: OtherNames) -> str | None:
    plain = " ".join(word for word in tokens(folded) if word not in _FILLERS)
    for fits in (str.__eq__, is_slip):
        hits = [
            option
            for option in options
            if any(fits(plain, fold(name)) for name in other_names.get(option.id, ()))
        ]
        if hits:
            return _only(hits)
    return None


def _by_word_said(said: set[str], names: Sequence[Option], other_names: OtherNames) -> str | None:
    return _only(
        option
        for option in names
        if any(said.issuperset(_parts(name)) for name in other_names.get(option.id, ()))
    )


def _only(hits: Iterable[Option]) -> str | None:
    ids = [option.id for option in hits]
    return ids[0] if len(ids) == 1 else None


def _distinctive(names: Sequence[Option]) -> list[set[str]]:
    labels = [set(tokens(fold(option.label))) - _FILLERS for option in names]
    common = set.intersection(*labels) if len(labels) > 1 else set()
    return [label - common for label in labels]


def _is_nearly_said(word: str, said: set[str]) -> bool:
    return len(word) >= _NAME_SLIP_FROM and any(is_slip(typed, word) for typed in said)


def _winner(names: Sequence[Option], labels: list[set[str]], hits: list[set[str]]) -> str | None:
    """The option whose words said include everyone else's; among equals the one said in full."""
    everything = set().union(*hits)
    best = [place for place, hit in enumerate(hits) if hit and hit == everything]
    full = [place for place in best if hits[place] == labels[place]]
    winners = best if len(best) == 1 else full
    return names[winners[0]].id if len(winners) == 1 else None
