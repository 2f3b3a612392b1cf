"""Preferences: what about, where, when and in which language a patient hears from us."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from typing import Any

from bot.channels.carrier import Channel, Option
from bot.texts import NAMES, dates, say
from conversations.dialogue import Dialogue
from conversations.understand import quiet_hours

_PURPOSES = {
    "about_visits": "reminders",
    "about_feedback": "feedback",
    "about_news": "marketing",
    "about_points": "loyalty",
}
_OPTIONS = {purpose: option for option, purpose in _PURPOSES.items()}


class Preferences(Dialogue):
    """Shows what is on now; each change is kept with the words that asked for it."""

    name = "preferences"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", "says_hours", "hear_hours", "set_quiet"),
        ("start", "anything", None, None, "find_wishes"),
        ("find_wishes", "wishes", None, "keep_wishes", "ask"),
        ("ask", "quiet", None, None, "ask_quiet"),
        ("ask", "channel", "has_several", None, "ask_channel"),
        ("ask", "channel", None, "tell_only_one", "ask"),
        ("ask", "change_language", None, None, "to_language"),
        ("ask", "stop_all", None, None, "ask_stop"),
        ("ask", "start_all", None, None, "start_all"),
        ("ask", "choice", None, "turn", "set_purpose"),
        ("ask", "quiet_hours", "is_a_stretch", "keep_hours", "set_quiet"),
        ("ask", "anything", None, None, "ask"),
        ("set_purpose", "set", None, "tell_turned", "find_wishes"),
        ("set_purpose", "risky", None, None, "ask_risk"),
        ("ask_risk", "yes", None, "take_risk", "set_purpose"),
        ("ask_risk", "no", None, None, "find_wishes"),
        ("ask_risk", "anything", None, None, "ask_risk"),
        ("ask_quiet", "nights", None, "keep_nights", "set_quiet"),
        ("ask_quiet", "no_quiet", None, "keep_none", "set_quiet"),
        ("ask_quiet", "quiet_hours", None, "keep_hours", "set_quiet"),
        ("ask_quiet", "anything", None, None, "ask_quiet"),
        ("set_quiet", "set", None, "tell_set", "find_wishes"),
        ("ask_channel", "choice", None, "keep_channel", "set_channel"),
        ("ask_channel", "anything", None, None, "ask_channel"),
        ("set_channel", "set", None, "tell_set", "find_wishes"),
        ("set_channel", "refused", None, "tell_no_address", "find_wishes"),
        ("ask_stop", "yes", None, None, "stop_all"),
        ("ask_stop", "no", None, None, "find_wishes"),
        ("ask_stop", "anything", None, None, "ask_stop"),
        ("stop_all", "stopped", None, None, "stopped"),
        ("start_all", "started", None, "tell_started", "find_wishes"),
    )
    house = frozenset(
        {"find_wishes", "set_purpose", "set_quiet", "set_channel", "stop_all", "start_all"}
    )
    offers = {
        "ask": "wishes",
        "ask_risk": ("yes", "no"),
        "ask_quiet": ("nights", "no_quiet"),
        "ask_channel": "channels",
        "ask_stop": ("yes", "no"),
    }
    leads_to = {"to_language": "language"}
    is_personal = True

    def says_hours(self, _: Any) -> bool:
        """They came with the hours: "no messages at night"."""
        return isinstance(quiet_hours(self.answers.get("wish") or ""), tuple)

    def hear_hours(self, _: Any) -> None:
        meant = quiet_hours(self.answers.pop("wish"))
        self.answers["hours"] = [at.isoformat() for at in meant or () if isinstance(at, time)]

    def has_several(self, _: Any) -> bool:
        return len(self.answers["channels"]) > 1

    def is_a_stretch(self, hours: list[str] | str) -> bool:
        return isinstance(hours, list)

    def keep_wishes(self, wishes: dict[str, Any]) -> None:
        self.answers.update(wishes)

    def turn(self, option: str) -> None:
        purpose = _PURPOSES[option]
        self.answers["purpose"] = purpose
        self.answers["is_on"] = not self.answers["purposes"][purpose]

    def take_risk(self, _: Any) -> None:
        self.answers["takes_risk"] = True

    def keep_hours(self, hours: list[str] | str) -> None:
        self.answers["hours"] = hours

    def keep_nights(self, _: Any) -> None:
        self.answers["hours"] = ["21:00", "07:00"]

    def keep_none(self, _: Any) -> None:
        self.answers["hours"] = "none"

    def keep_channel(self, channel: str) -> None:
        self.answers["wanted_channel"] = channel

    def tell_turned(self, _: Any) -> None:
        what = self._label(_OPTIONS[self.answers["purpose"]])
        self.note("turned_on" if self.answers["is_on"] else "turned_off", what=what)

    def tell_set(self, _: Any) -> None:
        self.note("noted")

    def tell_only_one(self, _: Any) -> None:
        self.note("only_one_channel", channel=self._channel())

    def tell_no_address(self, _: Any) -> None:
        self.note("no_address")

    def tell_started(self, _: Any) -> None:
        self.note("started")

    def wishes(self) -> Iterator[Option]:
        for option, purpose in _PURPOSES.items():
            is_on = self.answers["purposes"][purpose]
            yield Option(option, self._label(option), self._word("on" if is_on else "off"))
        yield Option("quiet", "", self._hours() or self._word("none"))
        yield Option("channel", "", self._channel())
        yield Option("change_language", "", NAMES[self.language])
        is_stopped = self.answers["is_stopped"]
        yield Option("start_all" if is_stopped else "stop_all", "", self._word("all"))

    def channels(self) -> Iterator[Option]:
        for channel in self.answers["channels"]:
            yield Option(channel, "")

    def other_names(self) -> Mapping[str, Sequence[str]]:
        """What people call the kinds of messages."""
        return _OTHER_NAMES if self.state == "ask" else {}

    def facts(self) -> dict[str, Any]:
        """What is on now, in words."""
        on = [o for o, p in _PURPOSES.items() if self.answers.get("purposes", {}).get(p)]
        return {
            "patient": self.answers.get("patient_name", ""),
            "on": ", ".join(map(self._label, on)) or self._word("nothing"),
            "language": NAMES[self.language],
            "channel": self._channel(),
            "quiet": self._quiet(),
        }

    def _quiet(self) -> str:
        hours = self._hours()
        if not hours:
            return self._word("no_quiet")
        since, until = hours.split(" - ")
        return self._word("quiet", since=since, until=until)

    def _hours(self) -> str:
        hours = self.answers.get("quiet") or ()
        return " - ".join(dates.clock(time.fromisoformat(at), self.language) for at in hours)

    def _channel(self) -> str:
        channels = self.answers.get("channels", ())
        first = self.answers.get("channel") or (channels[0] if channels else "")
        return self._label(first) if first and not self.answers["is_stopped"] else self._word("no")

    def _word(self, key: str, **facts: str) -> str:
        return say(self.name, f"is_{key}", self.language, Channel.WHATSAPP, **facts)

    def _label(self, option: str) -> str:
        return say("options", option, self.language, Channel.WHATSAPP)


_OTHER_NAMES = {
    "about_visits": ("reminder", "visit reminders", "appointment reminders"),
    "about_feedback": ("feedback questions", "survey", "questions"),
    "about_news": ("news", "offers", "marketing", "promo", "adverts", "advert"),
    "about_points": ("points messages", "loyalty"),
    "quiet": ("quiet time", "night", "hours", "time"),
    "channel": ("channel", "whatsapp or sms", "where"),
    "change_language": ("language",),
    "stop_all": ("stop all", "stop all messages", "all off"),
    "start_all": ("start all",),
}
