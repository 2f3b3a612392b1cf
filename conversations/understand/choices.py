"""One of the options shown, by number, place, name or part of it; never a guess between two."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from bot.channels.carrier import Option
from conversations.understand.fold import fold, remembered, tokens
from conversations.understand.numbers import number
from conversations.understand.slips import slips_of
from conversations.understand.words import forms

_BUTTON_LENGTH, _ROW_LENGTH = 20, 24  # carriers cut button titles and list rows to these
_PREFIX_FROM = 3
_WORD_PREFIX_FROM = 4
# Inside a longer message a shorter near-match is more often another word.
_NAME_SLIP_FROM, _OTHER_SLIP_FROM = 5, 6
_AFTER_ALL = "\U0010ffff"  # sorts after every word that begins as the one before it
_LAST = forms("last")
_FILLERS = forms("fillers") | forms("polite")
ANYONE = sorted(forms("anyone"))
"""What says that nobody in particular is wanted."""
COMING = sorted(forms("coming"))
"""What says that one will come."""


OtherNames = Mapping[str, Sequence[str]]
"""What else options are called, by id: "dentist" for Dental."""
_NONE: OtherNames = {}


def choice(text: str, options: Sequence[Option], other_names: OtherNames = _NONE) -> str | None:
    """The id of the one option meant, or None when nothing, or more than one, fits."""
    folded = fold(text)
    if not folded or not options:
        return None
    labels = _labels(options, other_names)
    place = labels.exactly(folded) or _place(text, folded, options) or labels.nearly(folded)
    return options[place - 1].id if place else None


def mentions(text: str, names: Sequence[Option], other_names: OtherNames = _NONE) -> str | None:
    """The id of the one option named inside a longer message.

    Words common to all labels do not count; another name counts when all of it is said.
    """
    place = _labels(names, other_names).named(set(tokens(fold(text))))
    return names[place - 1].id if place else None


def _place(text: str, folded: str, options: Sequence[Option]) -> int:
    """The number they say, when so many options are shown; 0 otherwise."""
    if _spoken(folded) in _LAST:
        return len(options)
    place = number(text) or 0
    return place if place <= len(options) else 0


@remembered
def _spoken(folded: str) -> str:
    return " ".join(tokens(folded))


def _plain(folded: str) -> list[str]:
    return [word for word in tokens(folded) if word not in _FILLERS]


@lru_cache(maxsize=2048)
def _bare(name: str) -> str:
    """The words that tell: "bone" of "the bone doctor please"; all of them when none does."""
    folded = fold(name)
    return " ".join(_plain(folded)) or folded


@lru_cache(maxsize=512)
def _parts(label: str) -> tuple[str, ...]:
    return tuple(tokens(fold(label)))


# The same few lists are shown to everybody, and compared again with every answer.
def _labels(options: Sequence[Option], other_names: OtherNames) -> "_Labels":
    labels = tuple([option.label for option in options])
    if not other_names:
        return _labels_of(labels, ((),) * len(labels))
    return _labels_of(labels, tuple([tuple(other_names.get(each.id, ())) for each in options]))


@lru_cache(maxsize=256)
def _labels_of(labels: tuple[str, ...], others: "_Others") -> "_Labels":
    return _Labels(labels, others)


Words = frozenset[str]
_Others = tuple[tuple[str, ...], ...]
Places = frozenset[int]
"""The places of options in their list, from 1."""
_NOWHERE: Places = frozenset()


class _Labels:
    """The labels and other names of a list of options, in every shape they are compared in."""

    def __init__(self, labels: Sequence[str], others: _Others) -> None:
        self._folded = [(place, fold(label)) for place, label in enumerate(labels, 1)]
        self._exact = _by_key((folded, place) for place, folded in self._folded)
        self._whole = tuple(self._exact)
        self._cut = _by_key(
            (fold(label[:length]), place)
            for place, label in enumerate(labels, 1)
            for length in (_BUTTON_LENGTH, _ROW_LENGTH)
        )
        self._part = _by_key((part, at) for at, label in self._folded for part in _parts(label))
        self._parts = tuple(sorted(self._part))
        telling = [frozenset(_parts(label)) - _FILLERS for _, label in self._folded]
        common = frozenset.intersection(*telling) if len(telling) > 1 else frozenset()
        self._telling = [words - common for words in telling]
        self._others = [[frozenset(_parts(name)) for name in names] for names in others]
        self._called = _by_key(
            (_bare(name), place) for place, names in enumerate(others, 1) for name in names
        )
        self._names = tuple(self._called)
        own = {word for words in self._telling for word in words if len(word) >= _NAME_SLIP_FROM}
        given = {word for names in self._others for words in names for word in words}
        self._correctable = tuple(own | {word for word in given if len(word) >= _OTHER_SLIP_FROM})

    def exactly(self, folded: str) -> int:
        """The place of the one label that was typed in full; 0 for none or several."""
        return _one(self._exact.get(folded, _NOWHERE))

    def nearly(self, folded: str) -> int:
        """The first way of matching that fits any label decides; of several the one in full."""
        plain, bare = _plain(folded), _bare(folded)
        hits = (
            self._cut.get(folded.removesuffix("...").removesuffix("…").rstrip())
            or self._called.get(bare)
            or self._holding(plain, self._as_said)
            or self._begun(folded, " ".join(plain))
            or self._holding(plain, self._as_begun)
            or self._misspelled(folded) | self._holding(plain, self._as_slipped)
            or self._called_nearly(bare)
        )
        return _one(hits) or self.named(set(tokens(folded))) if hits else 0

    def named(self, said: set[str]) -> int:
        """The place of the one label that is named, by its own words or by another name; or 0."""
        hits = self._hits(said)
        if not any(hits):
            near = [_slips(word, self._correctable) for word in said - _FILLERS]
            hits = self._hits(said.union(*near))
        return self._winner(hits)

    def _hits(self, said: set[str]) -> list[Words]:
        """The words said of each label, and of those of its other names that are said whole."""
        return [
            (words & said).union(*(name for name in names if name <= said))
            for words, names in zip(self._telling, self._others, strict=True)
        ]

    def _winner(self, hits: Sequence[Words]) -> int:
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
        return _NOWHERE.union(*(self._exact[label] for label in slips_of(folded, self._whole)))

    def _called_nearly(self, bare: str) -> Places:
        near = slips_of(bare, self._names)
        return frozenset().union(*(self._called[name] for name in near))

    def _holding(self, words: Sequence[str], fitting: Callable[[str], Places]) -> Places:
        """The labels that have a part to fit each of the words."""
        if not words:
            return _NOWHERE
        found = fitting(words[0])
        for word in words[1:]:
            found = found and found & fitting(word)
        return found

    def _as_said(self, word: str) -> Places:
        return self._part.get(word, _NOWHERE)

    def _as_begun(self, word: str) -> Places:
        if len(word) < _WORD_PREFIX_FROM:
            return self._as_said(word)
        first, last = bisect_left(self._parts, word), bisect_left(self._parts, word + _AFTER_ALL)
        return _NOWHERE.union(*(self._part[part] for part in self._parts[first:last]))

    def _as_slipped(self, word: str) -> Places:
        return _NOWHERE.union(*(self._part[part] for part in slips_of(word, self._parts)))


def _by_key(pairs: Iterable[tuple[str, int]]) -> dict[str, Places]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for key, place in pairs:
        found[key].add(place)
    return {key: frozenset(places) for key, places in found.items()}


def _one(places: Places) -> int:
    return next(iter(places)) if len(places) == 1 else 0


@lru_cache(maxsize=4096)
def _slips(typed: str, words: tuple[str, ...]) -> Words:
    """Which of these words the typed one may be a slip of."""
    return frozenset(slips_of(typed, words))
