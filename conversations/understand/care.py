"""Kinds of care, and what else a service of a kind is called in five languages."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from conversations.understand.fold import fold, tokens
from conversations.understand.words import meanings

_KIND_OF = meanings("care", ["en"])
_FORMS = meanings("care")


def called(
    services: Iterable[Sequence[str]], synonyms: Mapping[str, Sequence[str]]
) -> dict[str, Sequence[str]]:
    """What else each service is called, by its id: the house's own words for it and everybody's.

    A service is its id and its name.
    """
    return {id_: (*synonyms.get(id_, ()), *also_called(name)) for id_, name in services}


# A house has a few dozen services, and every turn about them asks this.
@lru_cache(maxsize=512)
def also_called(name: str) -> tuple[str, ...]:
    """The other words for a service of this name: "dentist" for Dental; none if it is no kind."""
    said = set(tokens(fold(name)))
    kinds = {kind for form, kind in _KIND_OF.items() if said.issuperset(form.split())}
    return tuple(form for form, kind in _FORMS.items() if kind in kinds)
