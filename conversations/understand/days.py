"""The day or days a message names: "next tomorrow", "tue", "12/12", "in 3 days", "next week"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from conversations.understand.vocabulary import (
    MONTHS,
    ORDINALS,
    SOONEST,
    WEEKDAYS,
    count,
    day_words,
    english_numbers,
    month_names,
    weekday_names,
)
from conversations.understand.words import alternatives

_PAST_AT_MOST = timedelta(days=60)  # a day further back than this is meant for next year
_SUNDAY, _SATURDAY = 6, 5
_CENTURY = 2000
_DECEMBER = 12
# Alone these are too short to be months.
_SHORT_MONTHS = {
    *("may", "mar", "mee", "sep", "dec", "jun"),
    *("jen", "fab", "afr", "epr", "ogo", "agus", "satu", "okt", "nuw", "disa"),
}


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day meant; the same day twice when one was named."""

    first: date
    last: date


def find_days(text: str, today: date) -> tuple[Days | None, str]:
    """The days a folded text names and what is left of it.

    Raises ValueError for a day that does not exist.
    """
    for pattern, meaning in _RULES:
        if (match := pattern.search(text)) and (days := meaning(match, today)):
            left = f"{text[: match.start()]} ; {text[match.end() :]}"
            return days, _WEEKDAY.sub(" ", left)
    return None, text


def is_soonest(text: str) -> bool:
    """Whether the first time there is would be best: "asap", "the earliest next week"."""
    return bool(_SOONEST_SAID.search(text))


def _one(day: date) -> Days:
    return Days(day, day)


def _iso(match: re.Match[str], _today: date) -> Days:
    return _one(date(int(match["y"]), int(match["m"]), int(match["d"])))


def _numeric(match: re.Match[str], today: date) -> Days:
    return _one(_dated(int(match["d"]), int(match["m"]), match["y"], today))


def _named_month(match: re.Match[str], today: date) -> Days:
    day = ORDINALS.get(match["d"]) or int(re.sub(r"\D", "", match["d"]))
    return _one(_dated(day, MONTHS[match["m"]], match["y"], today))


def _dated(day: int, month: int, year: str | None, today: date) -> date:
    """With a year as said; without one this year, or the next when it is long past."""
    if year:
        return date(int(year) + (_CENTURY if len(year) <= 2 else 0), month, day)  # noqa: PLR2004
    said = date(today.year, month, day)
    return date(today.year + 1, month, day) if said < today - _PAST_AT_MOST else said


def _days_on(days: int) -> Callable[[re.Match[str], date], Days]:
    return lambda _match, today: _one(today + timedelta(days=days))


def _in_a_while(match: re.Match[str], today: date) -> Days:
    number = count(match["n"])
    if match["unit"] == "month":
        return _one(_months_on(today, number))
    return _one(today + timedelta(days=number * _DAYS_IN[match["unit"]]))


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, _DECEMBER)
    year += day.year
    return date(year, month + 1, min(day.day, _month_end(year, month + 1).day))


def _month_end(year: int, month: int) -> date:
    following = date(year + month // _DECEMBER, month % _DECEMBER + 1, 1)
    return following - timedelta(days=1)


def _weekday(match: re.Match[str], today: date) -> Days:
    """This week's, next week's or the nearest one; today's own name alone means a week from now."""
    place, which = WEEKDAYS[match["day"]], match["after"] or match["before"]
    if which == "last":
        raise ValueError(match[0])
    if which in _WEEKS_ON:
        return _one(_monday(today) + timedelta(days=7 * _WEEKS_ON[which] + place))
    ahead = (place - today.weekday()) % 7
    return _one(today + timedelta(days=ahead or (0 if which == "this" else 7)))


def _weekday_of_month(match: re.Match[str], today: date) -> Days | None:
    """The "friday 18" that is a Friday; None where it is not, for 18 may be an hour."""
    try:
        days = _day_of_month(match, today)
    except ValueError:
        return None
    return days if days.first.weekday() == WEEKDAYS[match["day"]] else None


def _weekdays(match: re.Match[str], today: date) -> Days:
    """From one weekday to another, the nearest to come: "monday to friday"."""
    first, last = WEEKDAYS[match["day"]], WEEKDAYS[match["until"]]
    start = today + timedelta(days=(first - today.weekday()) % 7 or 7)
    return Days(start, start + timedelta(days=(last - first) % 7))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week(match: re.Match[str], today: date) -> Days:
    weeks = _WEEKS_ON.get(match["which"], 0)
    monday = _monday(today) + timedelta(days=7 * weeks)
    return Days(max(monday, today), monday + timedelta(days=_SUNDAY))


def _week_to_come(_match: re.Match[str], today: date) -> Days:
    return Days(today, today + timedelta(days=7))


def _weekend(match: re.Match[str], today: date) -> Days:
    """Said on a Sunday without "this", the weekend is the coming one."""
    is_over = not match["which"] and today.weekday() == _SUNDAY
    weeks = _WEEKS_ON.get(match["which"] or "", int(is_over))
    saturday = _monday(today) + timedelta(days=7 * weeks + _SATURDAY)
    return Days(max(saturday, today), saturday + timedelta(days=1))


def _day_this_or_next_month(match: re.Match[str], today: date) -> Days:
    month = _months_on(today.replace(day=1), int(match["which"] == "next"))
    return _one(month.replace(day=int(match["d"])))


def _this_or_next_month(match: re.Match[str], today: date) -> Days:
    first = _months_on(today.replace(day=1), int(match["which"] == "next"))
    return Days(max(first, today), _month_end(first.year, first.month))


def _whole_month(match: re.Match[str], today: date) -> Days:
    month = MONTHS[match["m"]]
    year = today.year + (month < today.month)
    return Days(max(date(year, month, 1), today), _month_end(year, month))


def _day_of_month(match: re.Match[str], today: date) -> Days:
    """The next day with this number, skipping months too short for it."""
    wanted = int(match["d"])
    for months in range(3 if 1 <= wanted <= 31 else 0):  # noqa: PLR2004
        end = _months_on(today.replace(day=1), months)
        end = _month_end(end.year, end.month)
        if wanted <= end.day and end.replace(day=wanted) >= today:
            return _one(end.replace(day=wanted))
    raise ValueError(match[0])


_DAYS_IN = {"day": 1, "week": 7, "fortnight": 14}
_WEEKS_ON = {"next": 1, "upper": 2, "next upper": 2}

_NO_TIME = r"(?!\d|[:/.-]\d|\s*(?:a\.?m\b|p\.?m\b|oclock))"
_NTH = r"(?:st|nd|rd|th)"
_DAY = rf"(?P<d>\d{{1,2}}{_NTH}?|{alternatives(w for w in ORDINALS if w.isalpha())})"
_YEAR = r"(?:\s*[,/ -]?\s*(?P<y>(?:19|20)\d\d)\b)?"
_COUNT = rf"(?P<n>\d{{1,2}}|an?|{english_numbers})"
_SPAN = rf"{_COUNT}\s+(?P<unit>day|week|fortnight|month)s?"
_LATER = r"(?:\s+(?:time|from (?:now|today)|to come))"
_WEEK_OF = r"next upper|next|upper|this|coming|last"
_WEEKDAY = re.compile(rf"\b(?:{weekday_names})\b")
_LONG_MONTHS = alternatives(set(MONTHS) - _SHORT_MONTHS)

_ISO = r"(?<!\d)(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"
_FULL = (
    r"(?<![\d./:-])(?P<d>\d{1,2})\s?(?P<sep>[/.-])\s?(?P<m>\d{1,2})\s?(?P=sep)\s?"
    rf"(?P<y>\d{{4}}|\d\d){_NO_TIME}"
)
_SLASHED = rf"(?<![\d./:-])(?P<d>\d{{1,2}})\s?/\s?(?P<m>\d{{1,2}})(?P<y>){_NO_TIME}"
_DOTTED = (  # "by 3.10" is a time
    r"(?<![\d./:-])(?<!by )(?<!at )(?<!around )(?<!between )(?<!from )(?<!before )(?<!after )"
    rf"(?P<d>\d{{1,2}})[.-](?P<m>0?[1-9]|1[0-2])(?P<y>){_NO_TIME}"
)
_DAY_MONTH = rf"\b{_DAY}\s*(?:day )?(?:of |ga )?[-/]?(?P<m>{month_names})\b\.?{_YEAR}"
_MONTH_DAY = rf"\b(?P<m>{month_names})\b\.?[ -]*(?:the )?{_DAY}\b{_NO_TIME}{_YEAR}"
# Ola is tomorrow in Yoruba and Oni is today, and both are names of doctors.
_NO_DOCTOR = r"(?!(?<=dr )(?:ola|oni)\b)(?!(?<=doctor )(?:ola|oni)\b)"
_TODAY = rf"\b{_NO_DOCTOR}(?:{day_words('today')})\b|^now(?: now)?$"
_TOMORROW = rf"\b{_NO_DOCTOR}(?:{day_words('tomorrow')})\b"
_WEEKDAY_TO_WEEKDAY = (
    rf"\b(?P<day>{weekday_names}) ?(?:to|till|until|-) ?(?P<until>{weekday_names})\b"
)
_ONE_WEEKDAY = (
    rf"\b(?:(?P<before>{_WEEK_OF}) (?:week )?(?:on )?(?:coming )?)?(?P<day>{weekday_names})\b"
    rf"(?: (?:of )?(?P<after>{_WEEK_OF})\b(?: week)?)?"
)
_WEEKDAY_NUMBER = rf"\b(?P<day>{weekday_names}) (?:the )?(?P<d>1[3-9]|2\d|3[01])\b{_NO_TIME}"
_NTH_OF_MONTH = rf"\b(?P<d>\d{{1,2}}){_NTH}?(?: of)? (?P<which>this|next) month\b"
_NTH_ALONE = rf"\b(?P<d>\d{{1,2}}){_NTH}\b(?! (?:floor|street|time|child|baby|visit))"

_Meaning = Callable[[re.Match[str], date], Days | None]
_SOONEST = rf"\b(?:{alternatives(SOONEST)})\b(?! (?:by |at )?\d)"
_SOONEST_SAID = re.compile(_SOONEST)
_ANY_DAY = r"\b(?:any ?day|any ?time|whenever)\b"
_RULES: list[tuple[re.Pattern[str], _Meaning]] = [
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (_ISO, _iso),
        (_FULL, _numeric),
        (_SLASHED, _numeric),
        (_DOTTED, _numeric),
        (_DAY_MONTH, _named_month),
        (_MONTH_DAY, _named_month),
        (rf"\b(?:{day_words('day_after')})\b", _days_on(2)),
        (_TOMORROW, _days_on(1)),
        (_TODAY, _days_on(0)),
        (rf"\b(?:in|after) {_SPAN}\b{_LATER}?", _in_a_while),
        (rf"\b{_SPAN}{_LATER}\b", _in_a_while),
        (_NTH_OF_MONTH, _day_this_or_next_month),
        (_NTH_ALONE, _day_of_month),
        (_WEEKDAY_TO_WEEKDAY, _weekdays),
        (_WEEKDAY_NUMBER, _weekday_of_month),
        (_ONE_WEEKDAY, _weekday),
        (r"\b(?:(?P<which>next upper|next|upper|this|coming) )?weekends?\b", _weekend),
        (r"\b(?P<which>next upper|next|upper|this) week\b", _week),
        (r"\b(?P<which>this|next) month\b", _this_or_next_month),
        (rf"\bin (?P<m>{month_names})\b", _whole_month),
        (rf"\b(?P<m>{_LONG_MONTHS})\b", _whole_month),
        (_SOONEST, _week_to_come),
        (_ANY_DAY, _week_to_come),
    )
]
