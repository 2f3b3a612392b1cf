"""The thirty-six states and the capital territory, under the names people give them."""

from collections import defaultdict
from itertools import chain

from conversations.understand.fold import fold, tokens
from conversations.understand.slips import MOST_SLIPS, is_slip

# Each state with what else it is called: spellings, its capital and its best-known towns.
_ALIASES = {
    "Abia": "umuahia|aba",
    "Adamawa": "yola",
    "Akwa Ibom": "akwaibom|aks|uyo",
    "Anambra": "anambara|awka|onitsha|nnewi",
    "Bauchi": "",
    "Bayelsa": "yenagoa",
    "Benue": "makurdi",
    "Borno": "bornu|maiduguri",
    "Cross River": "cross rivers|crossriver|crossrivers|crs|calabar",
    "Delta": "asaba|warri",
    "Ebonyi": "ebony|abakaliki",
    "Edo": "benin city",
    "Ekiti": "ado ekiti",
    "Enugu": "",
    "FCT": "f c t|abuja|abuja fct|fct abuja|federal capital territory",
    "Gombe": "",
    "Imo": "owerri",
    "Jigawa": "dutse",
    "Kaduna": "kd|zaria",
    "Kano": "",
    "Katsina": "kastina",
    "Kebbi": "birnin kebbi",
    "Kogi": "lokoja",
    "Kwara": "ilorin",
    "Lagos": "lasgidi|eko|ikeja",
    "Nasarawa": "nassarawa|nasarrawa|lafia",
    "Niger": "minna",
    "Ogun": "abeokuta",
    "Ondo": "akure",
    "Osun": "oshun|osogbo|oshogbo",
    "Oyo": "ibadan",
    "Plateau": "jos",
    "Rivers": "river|ph|phc|port harcourt|portharcourt",
    "Sokoto": "",
    "Taraba": "jalingo",
    "Yobe": "damaturu",
    "Zamfara": "zanfara|gusau",
}
_NO_STATE = ""  # a word that looks like a state and is none: the country, or the other Benin

STATES = tuple(_ALIASES)

_NAMES = (
    {fold(state): state for state in STATES}
    | {alias: state for state, aliases in _ALIASES.items() for alias in aliases.split("|") if alias}
    | dict.fromkeys(("nigeria", "nigerian", "niger republic", "benin", "benin republic"), _NO_STATE)
)
_LONGEST = 4  # words in a name
_SLIPS_AMONG = 6  # words: a longer message holds too many that look like a state


def state(text: str) -> str | None:
    """The one state a message names, slips forgiven; None for none and for more than one."""
    words = [word for word in tokens(fold(text)) if word != "state"]
    found = _said(words) or (_nearly_said(words) if len(words) <= _SLIPS_AMONG else set())
    return next(iter(found)) or None if len(found) == 1 else None


def _said(words: list[str]) -> set[str]:
    """The states named in so many words, longest name first ("Cross River" is not Rivers)."""
    found, at = set(), 0
    while at < len(words):
        length = next(
            (n for n in range(_LONGEST, 0, -1) if " ".join(words[at : at + n]) in _NAMES), 0
        )
        if length:
            found.add(_NAMES[" ".join(words[at : at + length])])
        at += length or 1
    return found - {_NO_STATE} or found


def _nearly_said(words: list[str]) -> set[str]:
    return _near(" ".join(words)) or {state for word in words for state in _near(word)}


def _near(said: str) -> set[str]:
    """The states whose name may have been meant; names far longer or shorter are not compared."""
    lengths = range(len(said) - MOST_SLIPS, len(said) + MOST_SLIPS + 1)
    names = chain.from_iterable(_BY_LENGTH.get(length, ()) for length in lengths)
    return {_NAMES[name] for name in names if is_slip(said, name)}


_BY_LENGTH: defaultdict[int, list[str]] = defaultdict(list)
for _name in _NAMES:
    _BY_LENGTH[len(_name)].append(_name)
