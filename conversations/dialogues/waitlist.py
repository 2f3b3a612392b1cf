"""The waiting list: joining it, and answering an offer."""

from collections.abc import Mapping
from typing import Any

from bot.texts import dates
from conversations.dialogue import Dialogue, as_day, as_moment


class Waitlist(Dialogue):
    """Entered from a booking that found nothing free, or with the answer to an offer."""

    name = "waitlist"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", "is_joining", None, "join"),
        ("start", "anything", None, None, "find_offer"),
        ("join", "joined", None, "keep_place", "joined"),
        ("join", "waiting", None, "keep_place", "waiting"),
        ("join", "refused", None, None, "refused"),
        ("find_offer", "offered", "is_taking", "keep_offer", "accept"),
        ("find_offer", "offered", None, "keep_offer", "pass_on"),
        ("find_offer", "accepted", None, "keep_offer", "accepted_before"),
        ("find_offer", "lost", None, "keep_offer", "taken"),
        ("find_offer", "over", None, None, "over"),
        ("find_offer", "not_waiting", None, None, "not_waiting"),
        ("accept", "booked", None, "keep_visit", "accepted"),
        ("accept", "moved", None, "keep_visit", "brought_forward"),
        ("accept", "taken", None, None, "taken"),
        ("accept", "refused", None, None, "refused"),
        ("pass_on", "passed", None, None, "passed"),
    )
    house = frozenset({"join", "find_offer", "accept", "pass_on"})

    def is_joining(self, _: Any) -> bool:
        return bool(self.answers.get("waits"))

    def is_taking(self, _: Any) -> bool:
        return bool(self.answers.get("answer") == "take_it")

    def keep_offer(self, offer: dict[str, Any]) -> None:
        self.answers["offer"] = offer

    def keep_visit(self, visit: dict[str, Any]) -> None:
        self.answers["offer"].update(visit)

    def keep_place(self, place: dict[str, Any]) -> None:
        self.answers["in_line"] = place

    def facts(self) -> dict[str, Any]:
        """The offer or the place in line in words; never what it is for."""
        offer = self.answers.get("offer", {})
        starts_at = offer.get("starts_at")
        when = dates.moment(as_moment(starts_at), self.language) if starts_at else ""
        return in_words(self.answers.get("in_line") or offer, self.language) | {
            "reference": offer.get("reference", ""),
            "when": dates.in_queue(when, offer.get("number"), self.language),
        }


def in_words(place: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A place in the line as the texts mention it."""
    since, wish = place.get("since"), place.get("wish") or {}
    return {
        "first_name": place.get("first_name", ""),
        "place": place.get("hospital", ""),
        "rank": place.get("rank", ""),
        "since": dates.day(as_day(since), language) if since else "",
        "days": " - ".join(
            dates.day(as_day(iso), language) for iso in dict.fromkeys(wish.values())
        ),
    }
