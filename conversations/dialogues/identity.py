"""Who it is about: a date of birth once in a conversation, and one of the family."""

from collections.abc import Iterator
from typing import Any

from bot.channels.carrier import Option
from conversations.dialogue import Dialogue


class Identity(Dialogue):
    """Stands before every talk that shows or changes what is kept of a person, and leads to it."""

    name = "identity"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "identify"),
        ("identify", "known", None, None, "find_people"),
        ("identify", "unknown", None, None, "ask_birth_date"),
        ("identify", "locked", None, None, "locked"),
        ("identify", "nobody", "is_of_data", None, "nothing_kept"),
        ("identify", "nobody", None, None, "to_registration"),
        ("ask_birth_date", "birth_date", None, "keep_birth_date", "check_birth_date"),
        ("ask_birth_date", "anything", None, None, "ask_birth_date"),
        ("check_birth_date", "right", None, None, "find_people"),
        ("check_birth_date", "wrong", None, "tell_wrong", "ask_birth_date"),
        ("check_birth_date", "locked", None, None, "locked"),
        ("find_people", "one", None, "keep_patient", "onward"),
        ("find_people", "several", None, "keep_patients", "ask_patient"),
        ("ask_patient", "choice", None, "choose_patient", "onward"),
        ("ask_patient", "anything", None, None, "ask_patient"),
    )
    house = frozenset({"identify", "check_birth_date", "find_people"})
    offers = {"ask_patient": "patients"}
    leads_to = {"to_registration": "registration", "onward": "onward"}

    def is_of_data(self, _: Any) -> bool:
        """Someone we keep nothing about need not register to hear it."""
        return bool(self.answers["then"] == "privacy")

    def keep_birth_date(self, iso: str) -> None:
        self.answers["born_on"] = iso

    def tell_wrong(self, tries_left: int) -> None:
        self.note("wrong_birth_date", tries=tries_left)

    def keep_patient(self, found: list[str]) -> None:
        self.answers["patient"], self.answers["patient_name"] = found

    def keep_patients(self, found: list[list[str]]) -> None:
        self.answers["patients"] = found

    def choose_patient(self, id_: str) -> None:
        self.keep_patient(next(row for row in self.answers["patients"] if row[0] == id_))

    def patients(self) -> Iterator[Option]:
        for id_, label in self.answers["patients"]:
            yield Option(id_, label)
