"""My place in the line: where one waits, and leaving."""

from collections.abc import Iterator
from typing import Any

from bot.channels.carrier import Option
from bot.texts import dates
from conversations.dialogue import Dialogue, as_day
from conversations.dialogues.waitlist import in_words


class Place(Dialogue):
    """Shows where somebody stands in the waiting line."""

    name = "place"
    is_personal = True
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_places"),
        ("find_places", "none", None, None, "no_place"),
        ("find_places", "one", None, "keep_place", "ask_what"),
        ("find_places", "several", None, "keep_places", "ask_which"),
        ("ask_which", "choice", None, "choose_place", "ask_what"),
        ("ask_which", "anything", None, None, "ask_which"),
        ("ask_what", "stay", None, None, "stays"),
        ("ask_what", "leave", None, None, "leave_list"),
        ("ask_what", "anything", None, None, "ask_what"),
        ("leave_list", "left", None, None, "left"),
        ("leave_list", "not_waiting", None, None, "not_waiting"),
        ("no_place", "book", None, None, "to_booking"),
        ("no_place", "menu", None, None, "to_menu"),
        ("no_place", "anything", None, None, "no_place"),
    )
    house = frozenset({"find_places", "leave_list"})
    offers = {
        "ask_which": "places",
        "ask_what": ("stay", "leave"),
        "no_place": ("book", "menu"),
    }
    leads_to = {"to_booking": "booking", "to_menu": "menu"}

    def keep_place(self, place: dict[str, Any]) -> None:
        self.answers["in_line"] = place

    def keep_places(self, places: list[dict[str, Any]]) -> None:
        self.answers["lines"] = places

    def choose_place(self, id_: str) -> None:
        self.keep_place(self.answers["lines"][int(id_)])

    def places(self) -> Iterator[Option]:
        for number, place in enumerate(self.answers["lines"]):
            since = dates.day(as_day(place["since"]), self.language)
            yield Option(str(number), f"{place['first_name']}, {since}", place["hospital"])

    def facts(self) -> dict[str, Any]:
        """The place in words; never what it is for."""
        return in_words(self.answers.get("in_line", {}), self.language)
