"""What a question can hear: each kind turns what was said into a value, or into None."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from typing import Any

from bot.channels.carrier import Option
from conversations.dialogue import Dialogue
from conversations.understand import (
    When,
    birth_date,
    choice,
    full_name,
    gives_up,
    intent,
    language,
    last_four,
    mentions,
    money,
    number,
    owner_wish,
    quiet_hours,
    rating,
    rating_with_reason,
    referral_code,
    state,
    topics,
    wants_to_move,
    when,
    whom,
    yes_no,
)
from crm.kit.clock import lagos_day


@dataclass(frozen=True)
class Heard:
    """Words or a press, at one question."""

    text: str
    pressed: str | None
    options: Sequence[Option]
    now: datetime
    languages: Sequence[str]
    opens: time = time(8)
    closes: time = time(17)
    other_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What else the options are called, by their ids."""
    is_numbered: bool = True
    """Whether the options are shown with numbers before them."""

    @cached_property
    def chosen(self) -> str | None:
        """The option picked by button, number, label or near enough."""
        return self.pressed or choice(self.text, self.options, self.other_names)


def listen(talk: Dialogue, heard: Heard) -> str:
    """Play the first line of the script that hears what was said. Returns the kind that did.

    A kind that is the id of an option is heard when that option is picked.
    """
    chosen = heard.chosen
    for kind in talk.hears[talk.state]:
        value = chosen if kind == chosen else _hear(kind, heard)
        if value is not None and talk.fire(kind, value):
            return kind
    return ""


def _hear(kind: str, heard: Heard) -> Any:
    if kind not in KINDS or (heard.pressed and kind not in ("choice", "anything")):
        return None
    return KINDS[kind](heard)


def _yes(heard: Heard) -> bool | None:
    return yes_no(heard.text) or None


def _no(heard: Heard) -> bool | None:
    return True if yes_no(heard.text) is False else None


def _when(heard: Heard) -> dict[str, Any] | None:
    meant = when(heard.text, now=heard.now, opens=heard.opens, closes=heard.closes)
    return as_answer(meant) if meant else None


def _new_time(heard: Heard) -> dict[str, Any] | None:
    """The day to move to: "move it to monday 9". "Cancel it for monday" names the old one."""
    return _when(heard) if wants_to_move(heard.text) else None


def as_answer(meant: When) -> dict[str, Any]:
    """A day or time in the form the answers keep."""
    return {
        "first": meant.first.isoformat() if meant.first else None,
        "last": meant.last.isoformat() if meant.last else None,
        "at": meant.at.isoformat() if meant.at else None,
        "earliest": meant.earliest.isoformat() if meant.earliest else None,
        "latest": meant.latest.isoformat() if meant.latest else None,
        "is_soonest": meant.is_soonest,
    }


def _hour(heard: Heard) -> str | None:
    """A bare number where no numbers are shown, when it is the hour of one option: 9 is 9am."""
    said = heard.text.strip()
    if heard.is_numbered or not (said.isascii() and said.isdecimal()):
        return None
    hours = [option.id for option in heard.options if option.label in (f"{said}am", f"{said}pm")]
    return hours[0] if len(hours) == 1 else None


def _more(heard: Heard) -> str | None:
    """The message, when it says a day to come, a time, a person or an option among other words."""
    meant = when(heard.text, now=heard.now)
    says_when = meant and (meant.last is None or meant.last >= lagos_day(heard.now))
    says_more = (
        mentions(heard.text, heard.options, heard.other_names) or says_when or whom(heard.text)
    )
    return heard.text if says_more else None


def _owner_wish(heard: Heard) -> dict[str, str | None] | None:
    wish = owner_wish(heard.text, today=lagos_day(heard.now), languages=heard.languages)
    if wish is None:
        return None
    return {"word": wish.word, "month": wish.month.isoformat() if wish.month else None}


def _quiet_hours(heard: Heard) -> list[str] | str | None:
    meant = quiet_hours(heard.text)
    return [at.isoformat() for at in meant] if isinstance(meant, tuple) else meant


def _birth_date(heard: Heard) -> str | None:
    born = birth_date(heard.text, today=lagos_day(heard.now))
    return born.isoformat() if born else None


KINDS: dict[str, Callable[[Heard], Any]] = {
    "yes": _yes,
    "no": _no,
    "choice": lambda heard: heard.chosen,
    "when": _when,
    "new_time": _new_time,
    "giving_up": lambda heard: gives_up(heard.text) or None,
    "hour": _hour,
    "more": _more,
    "name": lambda heard: full_name(heard.text),
    "birth_date": _birth_date,
    "referral_code": lambda heard: referral_code(heard.text),
    "region": lambda heard: state(heard.text),
    "number": lambda heard: number(heard.text),
    "money": lambda heard: money(heard.text),
    "quiet_hours": _quiet_hours,
    "rating": lambda heard: rating(heard.text),
    "topics": lambda heard: topics(heard.text, heard.options),
    "rating_with_reason": lambda heard: rating_with_reason(heard.text),
    "owner_wish": _owner_wish,
    "last_four": lambda heard: last_four(heard.text),
    "language": lambda heard: language(heard.text, heard.languages),
    "wish": lambda heard: intent(heard.text, languages=heard.languages),
    "text": lambda heard: heard.text.strip() or None,
    "anything": lambda _: True,
}
