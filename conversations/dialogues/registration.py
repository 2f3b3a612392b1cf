"""Meeting someone: language, consent, who they are, where they will be seen."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.channels.carrier import Option
from bot.texts import NAMES
from conversations.dialogue import Dialogue

CARE_WORDING = "care-2026-11"


class Registration(Dialogue):
    """The first talk with an address; entered at `ask_name` for one more person on it."""

    name = "registration"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "ask_language"),
        ("ask_language", "language", None, "keep_language", "ask_consent"),
        ("ask_language", "choice", None, "keep_language", "ask_consent"),
        ("ask_language", "anything", None, None, "ask_language"),
        ("ask_consent", "yes", None, "agree", "ask_name"),
        ("ask_consent", "no", None, None, "no_consent"),
        ("ask_consent", "anything", None, None, "ask_consent"),
        ("ask_name", "name", None, "keep_name", "ask_birth_date"),
        ("ask_name", "anything", None, None, "ask_name"),
        ("ask_birth_date", "birth_date", None, "keep_birth_date", "ask_state"),
        ("ask_birth_date", "anything", None, None, "ask_birth_date"),
        ("ask_state", "region", None, "keep_state", "find_hospitals"),
        ("ask_state", "anything", None, None, "ask_state"),
        ("find_hospitals", "one", None, "keep_hospital", "register"),
        ("find_hospitals", "several", None, "keep_hospitals", "ask_hospital"),
        ("ask_hospital", "choice", None, "choose_hospital", "register"),
        ("ask_hospital", "anything", None, None, "ask_hospital"),
        ("register", "registered", "has_a_wish", "greet", "to_booking"),
        ("register", "registered", None, "greet", "to_menu"),
    )
    house = frozenset({"find_hospitals", "register"})
    offers = {
        "ask_language": "languages",
        "ask_consent": ("yes", "no"),
        "ask_hospital": "hospitals",
    }
    leads_to = {"to_booking": "booking", "to_menu": "menu"}

    def keep_language(self, code: str) -> None:
        self.answers["language"] = self.language = code

    def agree(self, _: Any) -> None:
        self.answers["consent"] = CARE_WORDING

    def keep_name(self, name: str) -> None:
        self.answers["name"] = name

    def keep_birth_date(self, iso: str) -> None:
        self.answers["born_on"] = date.fromisoformat(iso).isoformat()

    def keep_state(self, state: str) -> None:
        self.answers["state"] = state

    def keep_hospital(self, found: list[str]) -> None:
        self.answers["hospital"], self.answers["hospital_name"] = found[:2]

    def keep_hospitals(self, found: list[list[str]]) -> None:
        self.answers["hospitals"] = found

    def choose_hospital(self, id_: str) -> None:
        self.keep_hospital(next(row for row in self.answers["hospitals"] if row[0] == id_))

    def has_a_wish(self, _: Any) -> bool:
        """They came to book, before we asked who they were."""
        return bool(self.answers.get("wants_booking"))

    def greet(self, patient: list[str]) -> None:
        self.answers["patient"], first_name = patient
        self.answers["patient_name"] = first_name
        self.note("registered", first_name=first_name)

    def languages(self) -> Iterator[Option]:
        for code in self.answers["languages"]:
            yield Option(code, NAMES[code])

    def hospitals(self) -> Iterator[Option]:
        for id_, label, *rest in self.answers["hospitals"]:
            yield Option(id_, label, rest[0] if rest else "")
