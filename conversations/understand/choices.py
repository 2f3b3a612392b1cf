"""One of the options shown, by number, place, name or part of it; never a guess between two."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from bot.channels.carrier import Option
from conversations.understand.fold import fold, tokens
from conversations.understand.numbers import meaningful, number_in
from conversations.understand.slips import MOST_SLIPS, is_slip
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
    labels = _labels(options)
    place = labels.exactly(folded) or _place(text, folded, options) or labels.nearly(folded)
    return options[place - 1].id if place else _by_other_name(folded, options, other_names)


def mentions(text: str, names: Sequence[Option], other_names: OtherNames = _NONE) -> str | None:
    """The id of the one option named inside a longer message.

    Words common to all labels do not count; another name counts when all of it is said.
    """
    said = set(tokens(fold(text)))
    place, is_named = _labels(names).named(said)
    if is_named:
        return names[place - 1].id if place else None
    return _only(
        option.id
        for option in names
        if any(said.issuperset(_parts(name)) for name in other_names.get(option.id, ()))
    )


def _place(text: str, folded: str, options: Sequence[Option]) -> int:
    """The number they say, when so many options are shown; 0 otherwise."""
    if " ".join(tokens(folded)) in _LAST:
        return len(options)
    place = number_in(meaningful(text)) or 0
    return place if place <= len(options) else 0


def _by_other_name(folded: str, options: Sequence[Option], other_names: OtherNames) -> str | None:
    plain = " ".join(_plain(folded)) if other_names else ""
    for fits in (str.__eq__, is_slip):
        hits = [
            option.id
            for option in options
            if any(fits(plain, fold(name)) for name in other_names.get(option.id, ()))
        ]
        if hits:
            return _only(hits)
    return None


def _plain(folded: str) -> list[str]:
    return [word for word in tokens(folded) if word not in _FILLERS]


def _only(ids: Iterable[str]) -> str | None:
    found = list(ids)
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=512)
def _parts(label: str) -> tuple[str, ...]:
    return tuple(tokens(fold(label)))


# The same few lists are shown to everybody, and compared again with every answer.
def _labels(options: Sequence[Option]) -> "_Labels":
    return _labels_of(tuple(option.label for option in options))


@lru_cache(maxsize=256)
def _labels_of(labels: tuple[str, ...]) -> "_Labels":
    return _Labels(labels)


Places = frozenset[int]
"""The places of options in their list, from 1."""
_NOWHERE: Places = frozenset()


class _Labels:
    """The labels of a list of options, in every shape they are compared in."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._folded = [(place, fold(label)) for place, label in enumerate(labels, 1)]
        self._exact = _by_key((folded, place) for place, folded in self._folded)
        self._cut = _by_key(
            (fold(label[:length]), place)
            for place, label in enumerate(labels, 1)
            for length in (_BUTTON_LENGTH, _ROW_LENGTH)
        )
        self._part = _by_key((part, at) for at, label in self._folded for part in _parts(label))
        telling = [frozenset(_parts(label)) - _FILLERS for _, label in self._folded]
        common = frozenset.intersection(*telling) if len(telling) > 1 else frozenset()
        self._telling = [words - common for words in telling]

    def exactly(self, folded: str) -> int:
        """The place of the one label that was typed in full; 0 for none or several."""
        return _one(self._exact.get(folded, _NOWHERE))

    def nearly(self, folded: str) -> int:
        """The first way of matching that fits any label decides; of several the one in full."""
        plain = _plain(folded)
        for hits in (
            self._cut.get(folded.removesuffix("...").removesuffix("…").rstrip()),
            self._begun(folded, " ".join(plain)),
            self._holding(plain, _is_start),
            self._misspelled(folded) | self._holding(plain, is_slip),
        ):
            if hits:
                return _one(hits) or self.named(set(tokens(folded)))[0]
        return 0

    def named(self, said: set[str]) -> tuple[int, bool]:
        """The place of the label whose words are said, and whether any word of any label is."""
        hits = [words & said for words in self._telling]
        if not any(hits):
            hits = [
                frozenset(word for word in words if _is_nearly_said(word, said))
                for words in self._telling
            ]
        return self._winner(hits), any(hits)

    def _winner(self, hits: Sequence[frozenset[str]]) -> int:
        """Whose words said include everyone else's; among equals the one said in full."""
        everything = frozenset().union(*hits)
        best = [place for place, hit in enumerate(hits, 1) if hit and hit == everything]
        full = [place for place in best if hits[place - 1] == self._telling[place - 1]]
        winners = best if len(best) == 1 else full
        return winners[0] if len(winners) == 1 else 0

    def _begun(self, *starts: str) -> Places:
        long = tuple(start for start in starts if len(start) >= _PREFIX_FROM)
        return frozenset([place for place, label in self._folded if label.startswith(long)])

    def _misspelled(self, folded: str) -> Places:
        near = [each for each in self._folded if abs(len(each[1]) - len(folded)) <= MOST_SLIPS]
        return frozenset([place for place, label in near if is_slip(folded, label)])

    def _holding(self, words: Sequence[str], fits: Callable[[str, str], bool]) -> Places:
        """The labels that have a part to fit each of the words."""
        found: Places | None = None
        for word in words:
            here = [places for part, places in self._part.items() if fits(word, part)]
            having = frozenset().union(*here)
            found = having if found is None else found & having
            if not found:
                return _NOWHERE
        return found or _NOWHERE


def _by_key(pairs: Iterable[tuple[str, int]]) -> dict[str, Places]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for key, place in pairs:
        found[key].add(place)
    return {key: frozenset(places) for key, places in found.items()}


def _one(places: Places) -> int:
    return next(iter(places)) if len(places) == 1 else 0


def _is_start(word: str, part: str) -> bool:
    return word == part or (len(word) >= _WORD_PREFIX_FROM and part.startswith(word))


def _is_nearly_said(word: str, said: set[str]) -> bool:
    return len(word) >= _NAME_SLIP_FROM and any(is_slip(typed, word) for typed in said)
