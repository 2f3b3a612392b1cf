"""One phone, several roles: a patient's and an owner's, or that of two owners."""

from collections.abc import Iterator
from typing import Any

from bot.channels.carrier import Option
from conversations.dialogue import Dialogue


class Sides(Dialogue):
    """Asked once, and again when they send MENU; what they came for goes on with them."""

    name = "sides"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_sides"),
        ("find_sides", "found", None, "keep_sides", "ask"),
        ("ask", "as_patient", None, None, "be_patient"),
        ("ask", "choice", None, "choose_owner", "be_owner"),
        ("ask", "anything", None, None, "ask"),
        ("be_patient", "done", None, None, "to_patient"),
        ("be_owner", "done", None, None, "to_owner"),
    )
    house = frozenset({"find_sides", "be_patient", "be_owner"})
    offers = {"ask": "sides"}
    leads_to = {"to_patient": "menu", "to_owner": "owner"}

    def keep_sides(self, found: dict[str, Any]) -> None:
        self.answers.update(found)

    def choose_owner(self, id_: str) -> None:
        self.answers["owner"] = id_

    def sides(self) -> Iterator[Option]:
        if self.answers["is_patient"]:
            yield Option("as_patient", "")
        for id_, label in self.answers["owners"]:
            yield Option(id_, label)
