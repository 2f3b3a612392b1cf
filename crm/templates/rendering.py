"""Filling the words: `{name}` is a declared variable, and nothing else means anything.

No template engine ever sees what people typed: each placeholder is replaced once, and what takes
its place is not looked at again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.channels import segments
from bot.channels.carrier import Channel
from bot.channels.content import one_line
from bot.texts import dates
from crm.models import TemplateVersion
from crm.templates.refusals import VariableMissing

PERSONAL = frozenset({"first_name", "name", "hospital", "hospital_phone"})
"""What a template may say of the person without being told."""

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,30})\}")
TYPES = ("text", "number", "money", "date", "moment")
LONGEST_VALUE = 300
_MOST = 10**15


@dataclass(frozen=True, slots=True)
class Rendered:
    """Words as the person will read them, and the values in the carrier's order."""

    subject: str
    text: str
    values: tuple[str, ...]

    def segments_on(self, channel: Channel) -> int:
        """Into how many parts it is cut; one everywhere but on SMS."""
        if channel is not Channel.SMS:
            return 1
        return segments.count(segments.gsm(self.text)).segments


def render(version: TemplateVersion, given: Mapping[str, Any]) -> Rendered:
    """The words with these values in them. Raises VariableMissing.

    Values that the version does not declare are left out: a person's own come with every message.
    """
    values = {each["name"]: _value(each, given) for each in version.variables}
    return Rendered(
        subject=one_line(_fill(version.subject, values)),
        text=_fill(version.body, values),
        values=tuple(values.values()),
    )


def refuse_unknown(version: TemplateVersion, given: Mapping[str, Any]) -> None:
    """Refuse a value that no variable of the version asks for. Raises VariableMissing."""
    declared = {each["name"] for each in version.variables}
    for name in given:
        if name not in declared:
            raise VariableMissing(
                f"variables.{name}", f"The template has no variable {name}.", code="unknown"
            )


def placeholders(words: str) -> Sequence[str]:
    """The variables that the words use, in order, each once."""
    return list(dict.fromkeys(PLACEHOLDER.findall(words)))


def _fill(words: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values[found[1]], words)


def _value(variable: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    name, kind = variable["name"], variable["type"]
    value = given.get(name)
    if value is None or value == "":
        raise VariableMissing(
            f"variables.{name}", f"A value for {name} is missing.", code="missing"
        )
    try:
        spelt = _SPELL[kind](value)
    except (TypeError, ValueError):
        raise VariableMissing(
            f"variables.{name}", f"The value of {name} is not a {kind}.", code="type"
        ) from None
    if len(spelt) > LONGEST_VALUE:
        raise VariableMissing(f"variables.{name}", f"The value of {name} is too long.", code="long")
    return spelt


def _text(value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError
    # One line: neither a carrier nor an e-mail's subject takes more from a variable.
    if not (spelt := one_line(str(value))):
        raise ValueError
    return spelt


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -_MOST <= value <= _MOST:
        raise TypeError
    return value


def _money(value: Any) -> str:
    naira, kobo = divmod(abs(_whole(value)), 100)
    sign = "-" if value < 0 else ""
    return f"{sign}₦{naira:,}.{kobo:02}" if kobo else f"{sign}₦{naira:,}"


_SPELL: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "number": lambda value: f"{_whole(value):,}",
    "money": _money,
    "date": lambda value: dates.day(date.fromisoformat(value)),
    "moment": lambda value: dates.moment(_aware(datetime.fromisoformat(value))),
}


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError
    return moment
