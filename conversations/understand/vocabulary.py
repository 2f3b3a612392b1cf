"""Numbers, weekdays, months and parts of the day as the date and time grammars look them up."""

from conversations.understand.words import alternatives, forms, meanings, ranks

WEEKDAYS = {name: place - 1 for name, place in ranks("weekdays").items()}  # 0 is Monday
MONTHS = ranks("months")
NUMBERS = {word: value for word, value in ranks("numbers").items() if value <= 12}  # noqa: PLR2004
ORDINALS = ranks("ordinals")
PARTS = meanings("parts")

_DAYS = meanings("days")
_ENGLISH = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

weekday_names = alternatives(WEEKDAYS)
month_names = alternatives(MONTHS)
part_names = alternatives(PARTS)
english_numbers = alternatives(_ENGLISH)
SOONEST = sorted(forms("soonest"))
"""What asks for the first time there is."""
all_numbers = alternatives(NUMBERS)


def called_weekday(place: int) -> list[str]:
    """Every name of a weekday, in all languages; 0 is Monday."""
    return [name for name, its in WEEKDAYS.items() if its == place]


def day_words(concept: str) -> str:
    """The words for today, tomorrow or the day after, as one regular expression."""
    return alternatives(form for form, meant in _DAYS.items() if meant == concept)


_PLAIN_WORDS = """
    day days week weeks fortnight fortnights weekend weekends month months
    now today tomorrow tonight tonite
    noon midday midnight
    asap soonest possible earliest available sharp quick near anyday anytime whenever
"""
TIME_WORDS = frozenset(
    word
    for names in (WEEKDAYS, MONTHS, NUMBERS, ORDINALS, PARTS, _DAYS, _ENGLISH, [_PLAIN_WORDS])
    for name in names
    for word in name.split()
)
"""No day and no time is said without one of these words, or a figure."""


def count(word: str) -> int:
    """The figure a number stands for, in digits or words; "a" is one."""
    return int(word) if word.isdigit() else NUMBERS.get(word, 1)
