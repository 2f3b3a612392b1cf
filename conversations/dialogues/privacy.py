"""My data: what is kept, all of it as a file, being forgotten, and what was asked before."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.channels.carrier import Channel, Option
from bot.texts import dates, say
from conversations.dialogue import Dialogue, as_day, as_moment
from crm.kit.clock import lagos_day

_TOLD = {
    "appointments": "visits",
    "payments": "payments",
    "patient_feedback": "answers",
    "loyalty_transactions": "movements",
    "insurance_policies": "policies",
    "messages": "messages",
}


class Privacy(Dialogue):
    """The file needs a code on its page; to be forgotten needs one here, and a person's check."""

    name = "privacy"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", "wants_erasure", None, "find_erasure"),
        ("start", "anything", None, None, "find_data"),
        ("find_data", "data", None, "keep_data", "ask"),
        ("ask", "export", None, None, "make_link"),
        ("ask", "erase", None, None, "find_erasure"),
        ("ask", "requests", None, None, "find_requests"),
        ("ask", "preferences", None, None, "to_preferences"),
        ("ask", "anything", None, None, "ask"),
        ("make_link", "link", None, "keep_link", "link"),
        ("find_erasure", "possible", None, None, "ask_sure"),
        ("find_erasure", "asked_before", None, "keep_request", "asked_before"),
        ("find_erasure", "held", None, "keep_request", "held"),
        ("ask_sure", "send_code", None, None, "send_code"),
        ("ask_sure", "yes", None, None, "send_code"),
        ("ask_sure", "no", None, None, "stays"),
        ("ask_sure", "anything", None, None, "ask_sure"),
        ("send_code", "sent", None, "keep_challenge", "ask_code"),
        ("ask_code", "send_code", None, None, "send_code"),
        ("ask_code", "no", None, None, "stays"),
        ("ask_code", "text", "is_six_digits", "keep_code", "check_code"),
        ("ask_code", "anything", None, None, "ask_code"),
        ("check_code", "right", None, "keep_request", "asked"),
        ("check_code", "wrong", None, "tell_wrong", "ask_code"),
        ("check_code", "dead", None, None, "too_many"),
        ("find_requests", "requests", None, "keep_requests", "requests"),
        ("find_requests", "no_requests", None, None, "no_requests"),
        ("requests", "take_back", None, None, "take_back"),
        ("requests", "menu", None, None, "to_menu"),
        ("requests", "anything", None, None, "requests"),
        ("asked_before", "take_back", None, None, "take_back"),
        ("asked_before", "leave_it", None, None, "waits"),
        ("asked_before", "anything", None, None, "asked_before"),
        ("take_back", "done", None, None, "stays"),
        ("take_back", "no_requests", None, None, "no_requests"),
    )
    house = frozenset(
        {
            "find_data",
            "make_link",
            "find_erasure",
            "send_code",
            "check_code",
            "find_requests",
            "take_back",
        }
    )
    offers = {
        "ask": ("export", "erase", "requests", "preferences"),
        "ask_sure": ("send_code", "no"),
        "ask_code": ("send_code", "no"),
        "requests": "ways_on",
        "asked_before": ("take_back", "leave_it"),
    }
    leads_to = {"to_preferences": "preferences", "to_menu": "menu"}
    is_personal = True

    def wants_erasure(self, _: Any) -> bool:
        return bool(self.answers.get("intent") == "erase")

    def is_six_digits(self, said: str) -> bool:
        return len(_digits(said)) == _CODE_LENGTH

    def keep_data(self, found: dict[str, Any]) -> None:
        """What is kept; then each request that still waits."""
        self.answers.update(found)
        for row in found["open"]:
            self.note("open", request=self._request(row), day=self._day(row["due_on"]))

    def keep_link(self, found: dict[str, str]) -> None:
        self.answers.update(found)

    def keep_request(self, row: dict[str, str]) -> None:
        self.answers["request"] = row

    def keep_requests(self, rows: list[dict[str, str]]) -> None:
        self.answers["requests"] = rows

    def keep_challenge(self, id_: str) -> None:
        self.answers["challenge"] = id_

    def keep_code(self, said: str) -> None:
        self.answers["code"] = _digits(said)

    def tell_wrong(self, tries_left: int) -> None:
        self.note("wrong_code", tries=tries_left)

    def ways_on(self) -> Iterator[Option]:
        if any(map(_is_waiting_erasure, self.answers["requests"])):
            yield Option("take_back", "")
        yield Option("menu", "")

    def facts(self) -> dict[str, Any]:
        """What is kept, and the request that is spoken of, in words."""
        request = self.answers.get("request", {})
        until = self.answers.get("until")
        return {
            "patient": self.answers.get("patient_name", ""),
            "kept": self._kept(),
            "file": self.answers.get("link", ""),
            "until": dates.day(lagos_day(as_moment(until)), self.language) if until else "",
            "day": self._day(request["due_on"]) if request else "",
            "lines": "\n".join(map(self._line, self.answers.get("requests", ()))),
        }

    def _kept(self) -> str:
        kept = self.answers.get("kept", {})
        return ", ".join(
            f"{self._word(word)} {kept[table]:,}"
            for table, word in _TOLD.items()
            if kept.get(table)
        )

    def _line(self, row: Mapping[str, str]) -> str:
        asked = dates.short(lagos_day(as_moment(row["asked_at"])), self.now, self.language)
        state = self._word(f"is_{row['status']}", day=self._day(row["due_on"]))
        return f"{asked}: {self._request(row)}, {state}"

    def _request(self, row: Mapping[str, str]) -> str:
        return self._word(f"to_{row['kind']}")

    def _day(self, iso: str) -> str:
        return dates.short(as_day(iso), self.now, self.language)

    def _word(self, key: str, **facts: str) -> str:
        return say(self.name, key, self.language, Channel.WHATSAPP, **facts)


_CODE_LENGTH = 6
_SPACES = re.compile(r"[\s.-]")


def _digits(said: str) -> str:
    """The figures alone, when there is nothing else but what people put between them."""
    plain = _SPACES.sub("", said)
    return plain if plain.isdecimal() else ""


def _is_waiting_erasure(row: Mapping[str, str]) -> bool:
    return (row["kind"], row["status"]) == ("erase", "open")
