"""My appointments: see, confirm, move, cancel, find the way."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.channels.carrier import Option
from bot.texts import dates
from conversations.dialogue import Dialogue, as_day, as_moment
from conversations.understand import COMING, ways_to_say
from crm.kit.clock import lagos_day

_ANSWERS = {
    "confirm": COMING,
    "move": ways_to_say("change"),
    "cancel": ways_to_say("cancel"),
}


class Appointments(Dialogue):
    """Shows visits to who can say the date of birth, once in a conversation."""

    name = "appointments"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "identify"),
        ("identify", "known", None, None, "find_visits"),
        ("identify", "unknown", None, "keep_next", "ask_birth_date"),
        ("identify", "locked", None, None, "locked"),
        ("identify", "nobody", None, None, "to_registration"),
        ("identify", "no_visits", None, None, "no_visits"),
        ("ask_birth_date", "birth_date", None, "keep_birth_date", "check_birth_date"),
        ("ask_birth_date", "anything", None, None, "ask_birth_date"),
        ("check_birth_date", "right", None, None, "find_visits"),
        ("check_birth_date", "wrong", None, "tell_wrong", "ask_birth_date"),
        ("check_birth_date", "locked", None, None, "locked"),
        ("find_visits", "no_visits", None, None, "no_visits"),
        ("find_visits", "one", None, "keep_visit", "ask_what"),
        ("find_visits", "several", None, "keep_visits", "ask_which"),
        ("ask_which", "choice", None, "choose_visit", "ask_what"),
        ("ask_which", "anything", None, None, "ask_which"),
        ("ask_what", "confirm", None, None, "confirm_visit"),
        ("ask_what", "move", None, None, "take_to_booking"),
        ("ask_what", "cancel", None, None, "ask_reason"),
        ("ask_what", "directions", None, None, "find_the_way"),
        ("ask_what", "giving_up", None, None, "ask_reason"),
        ("ask_what", "new_time", "is_a_day_to_come", "keep_new_time", "take_to_booking"),
        ("ask_what", "anything", None, None, "ask_what"),
        ("find_the_way", "way", None, "tell_the_way", "ask_what"),
        ("confirm_visit", "done", None, None, "confirmed"),
        ("confirm_visit", "passed", None, None, "passed"),
        ("take_to_booking", "ready", None, "keep_booking", "to_booking"),
        ("take_to_booking", "too_late", None, None, "too_late"),
        ("take_to_booking", "passed", None, None, "passed"),
        ("ask_reason", "keep_it", None, None, "kept"),
        ("ask_reason", "choice", None, "keep_reason", "cancel_visit"),
        ("ask_reason", "anything", None, None, "ask_reason"),
        ("cancel_visit", "done", None, None, "cancelled"),
        ("cancel_visit", "too_late", None, None, "too_late"),
        ("cancel_visit", "passed", None, None, "passed"),
        ("no_visits", "book", None, None, "to_booking"),
        ("no_visits", "menu", None, None, "to_menu"),
        ("no_visits", "anything", None, None, "no_visits"),
    )
    house = frozenset(
        {
            "identify",
            "check_birth_date",
            "find_visits",
            "find_the_way",
            "confirm_visit",
            "take_to_booking",
            "cancel_visit",
        }
    )
    offers = {
        "ask_which": "visits",
        "ask_what": ("confirm", "move", "cancel", "directions"),
        "ask_reason": ("cannot_come", "feeling_better", "other_reason", "keep_it"),
        "no_visits": ("book", "menu"),
    }
    leads_to = {
        "to_registration": "registration",
        "to_booking": "booking",
        "to_menu": "menu",
    }

    def keep_next(self, starts_at: str) -> None:
        self.answers["next"] = starts_at

    def keep_birth_date(self, iso: str) -> None:
        self.answers["born_on"] = iso

    def tell_wrong(self, tries_left: int) -> None:
        self.note("wrong_birth_date", tries=tries_left)

    def keep_visit(self, visit: dict[str, Any]) -> None:
        self.answers["visit"] = visit

    def keep_visits(self, visits: list[dict[str, Any]]) -> None:
        self.answers["visits"] = visits

    def choose_visit(self, id_: str) -> None:
        self.keep_visit(self.answers["visits"][int(id_)])

    def is_a_day_to_come(self, meant: dict[str, Any]) -> bool:
        return bool(meant["first"]) and as_day(meant["last"]) >= lagos_day(self.now)

    def keep_new_time(self, meant: dict[str, Any]) -> None:
        """The day to move to, said at once: booking asks for no other."""
        self.answers["when"] = meant

    def tell_the_way(self, way: dict[str, str]) -> None:
        self.note("the_way", **way)

    def keep_reason(self, reason: str) -> None:
        self.answers["reason"] = reason

    def keep_booking(self, booking: dict[str, Any]) -> None:
        """What the booking talk needs to know, to ask only for the new time."""
        self.answers.update(booking)

    def visits(self) -> Iterator[Option]:
        for number, visit in enumerate(self.answers["visits"]):
            when = dates.moment(as_moment(visit["starts_at"]), self.language)
            yield Option(str(number), when, f"{visit['patient']}, {visit['hospital']}")

    def other_names(self) -> Mapping[str, Sequence[str]]:
        """The ways to say that one comes, or wants another time, or does not come."""
        return _ANSWERS if self.state == "ask_what" else {}

    def facts(self) -> dict[str, Any]:
        """The visit in words, and the next time when that is all we may say."""
        visit = self.answers.get("visit", {})
        starts_at = visit.get("starts_at") or self.answers.get("next")
        when = dates.moment(as_moment(starts_at), self.language) if starts_at else ""
        number = visit.get("number") if self.state in ("ask_what", "confirmed") else None
        return {
            "when": dates.in_queue(when, number, self.language),
            "hospital": visit.get("hospital", ""),
            "patient": visit.get("patient", ""),
            "reference": visit.get("reference", ""),
        }
