"""Meeting someone: language, consent, who they are, where they will be seen."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from bot.channels.carrier import Option
from bot.texts import NAMES
from conversations.dialogue import Dialogue
from conversations.understand import referral_code, whom
from crm.kit.clock import lagos_day

CARE_WORDING = "care-2026-11"
OF_AGE = 18
_NO_CODE = (
    "none",
    "no",
    "nobody",
    "nothing",
    "skip",
    "not yet",
    "i no get",
    "no get",
    "dont have",
    "no code",
)


class Registration(Dialogue):
    """The first talk with an address; entered at `ask_name` for one more person on it."""

    name = "registration"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, "read_the_wish", "ask_language"),
        ("ask_language", "language", None, "keep_language", "ask_consent"),
        ("ask_language", "choice", None, "keep_language", "ask_consent"),
        ("ask_language", "anything", None, None, "ask_language"),
        ("ask_consent", "yes", None, "agree", "ask_name"),
        ("ask_consent", "no", None, None, "no_consent"),
        ("ask_consent", "anything", None, None, "ask_consent"),
        ("ask_name", "name", None, "keep_name", "ask_birth_date"),
        ("ask_name", "anything", None, None, "ask_name"),
        ("ask_birth_date", "birth_date", "is_minor", "keep_birth_date", "find_guardian"),
        ("ask_birth_date", "birth_date", None, "keep_birth_date", "ask_state"),
        ("ask_birth_date", "anything", None, None, "ask_birth_date"),
        ("find_guardian", "at_home", None, None, "find_code"),
        ("find_guardian", "found", None, None, "ask_state"),
        ("find_guardian", "missing", None, None, "ask_guardian"),
        ("ask_guardian", "name", None, "keep_guardian", "ask_guardian_birth_date"),
        ("ask_guardian", "anything", None, None, "ask_guardian"),
        ("ask_guardian_birth_date", "birth_date", "is_minor", "tell_too_young", "ask_guardian"),
        ("ask_guardian_birth_date", "birth_date", None, "keep_guardian_birth_date", "ask_state"),
        ("ask_guardian_birth_date", "anything", None, None, "ask_guardian_birth_date"),
        ("ask_state", "region", None, "keep_state", "find_hospitals"),
        ("ask_state", "anything", None, None, "ask_state"),
        ("find_hospitals", "one", None, "keep_hospital", "find_code"),
        ("find_hospitals", "several", None, "keep_hospitals", "ask_hospital"),
        ("ask_hospital", "choice", None, "choose_hospital", "find_code"),
        ("ask_hospital", "anything", None, None, "ask_hospital"),
        ("find_code", "known", None, None, "register"),
        ("find_code", "needless", None, None, "register"),
        ("find_code", "unsaid", None, None, "ask_code"),
        ("find_code", "unknown", None, "tell_unknown_code", "ask_code"),
        ("ask_code", "no_code", None, None, "register"),
        ("ask_code", "no", None, None, "register"),
        ("ask_code", "referral_code", None, "keep_code", "find_code"),
        ("ask_code", "anything", None, None, "ask_code"),
        ("register", "registered", "has_a_wish", "greet", "to_booking"),
        ("register", "registered", None, "greet", "to_menu"),
        ("register", "known_before", "has_a_wish", "greet_again", "to_booking"),
        ("register", "known_before", None, "greet_again", "to_menu"),
    )
    house = frozenset({"find_guardian", "find_hospitals", "find_code", "register"})
    offers = {
        "ask_language": "languages",
        "ask_consent": ("yes", "no"),
        "ask_hospital": "hospitals",
        "ask_code": ("no_code",),
    }
    leads_to = {"to_booking": "booking", "to_menu": "menu"}

    def read_the_wish(self, words: str) -> None:
        """A friend's code may come with the first words, and whom it is all for."""
        if code := referral_code(words):
            self.answers["code"] = code
        self.answers["is_for_other"] = whom(self.answers.get("wish") or words) == "other"

    def keep_language(self, code: str) -> None:
        self.answers["language"] = self.language = code

    def agree(self, _: Any) -> None:
        self.answers["consent"] = CARE_WORDING

    def keep_name(self, name: str) -> None:
        self.answers["name"] = name

    def keep_birth_date(self, iso: str) -> None:
        self.answers["born_on"] = date.fromisoformat(iso).isoformat()

    def is_minor(self, iso: str) -> bool:
        """Under eighteen today."""
        born, today = date.fromisoformat(iso), lagos_day(self.now)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < OF_AGE

    def keep_guardian(self, name: str) -> None:
        self.answers["guardian"] = name

    def keep_guardian_birth_date(self, iso: str) -> None:
        self.answers["guardian_born_on"] = iso

    def tell_too_young(self, _: str) -> None:
        self.note("too_young")

    def keep_code(self, code: str) -> None:
        self.answers["code"] = code

    def tell_unknown_code(self, code: str) -> None:
        self.note("unknown_code", referral=code)

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
        role = self._keep(patient)
        key = "registered" if role == "self" else "registered_for"
        self.note(key, first_name=self.answers["patient_name"])

    def greet_again(self, patient: list[str]) -> None:
        """Their number spoke for them before, here or on another channel."""
        self._keep(patient)
        self.note("known_before", first_name=self.answers["patient_name"])

    def _keep(self, patient: list[str]) -> str:
        self.answers["patient"], self.answers["patient_name"], role = patient
        return role

    def other_names(self) -> Mapping[str, Sequence[str]]:
        """All the ways to say that no friend gave a code."""
        return {"no_code": _NO_CODE} if self.state == "ask_code" else {}

    def facts(self) -> dict[str, Any]:
        """What the patient is called, before and after they are written down."""
        return {"first_name": (self.answers.get("name") or "-").split()[0]}

    def languages(self) -> Iterator[Option]:
        for code in self.answers["languages"]:
            yield Option(code, NAMES[code])

    def hospitals(self) -> Iterator[Option]:
        for id_, label, *rest in self.answers["hospitals"]:
            yield Option(id_, label, rest[0] if rest else "")
