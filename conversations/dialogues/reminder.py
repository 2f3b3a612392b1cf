"""Answering a reminder: one digit or one tap, whatever else was being talked about."""

from typing import Any

from bot.texts import dates
from conversations.dialogue import Dialogue, as_moment


class ReminderReply(Dialogue):
    """Entered with the visit and the answer; what was being talked about is taken up after it."""

    name = "reminder"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_visit"),
        ("find_visit", "passed", None, None, "passed"),
        ("find_visit", "found", "is_confirming", "keep_visit", "confirm_visit"),
        ("find_visit", "found", "is_moving", "keep_visit", "take_to_booking"),
        ("find_visit", "found", None, "keep_visit", "ask_sure"),
        ("confirm_visit", "done", None, None, "confirmed"),
        ("confirm_visit", "passed", None, None, "passed"),
        ("take_to_booking", "ready", None, "keep_booking", "to_booking"),
        ("take_to_booking", "too_late", None, None, "too_late"),
        ("take_to_booking", "passed", None, None, "passed"),
        ("ask_sure", "yes", None, None, "cancel_visit"),
        ("ask_sure", "no", None, None, "kept"),
        ("ask_sure", "anything", None, None, "ask_sure"),
        ("cancel_visit", "done", None, None, "cancelled"),
        ("cancel_visit", "too_late", None, None, "too_late"),
        ("cancel_visit", "passed", None, None, "passed"),
    )
    house = frozenset({"find_visit", "confirm_visit", "take_to_booking", "cancel_visit"})
    offers = {"ask_sure": ("yes", "no")}
    leads_to = {"to_booking": "booking"}

    def is_confirming(self, _: Any) -> bool:
        return bool(self.answers["answer"] == "confirm")

    def is_moving(self, _: Any) -> bool:
        return bool(self.answers["answer"] == "move")

    def keep_visit(self, visit: dict[str, Any]) -> None:
        self.answers["visit"] = visit

    def keep_booking(self, booking: dict[str, Any]) -> None:
        self.answers.update(booking)

    def facts(self) -> dict[str, Any]:
        """The visit in words."""
        visit = self.answers.get("visit", {})
        starts_at = visit.get("starts_at")
        when = dates.moment(as_moment(starts_at), self.language) if starts_at else ""
        number = visit.get("number") if self.state == "confirmed" else None
        return {
            "when": dates.in_queue(when, number, self.language),
            "hospital": visit.get("hospital", ""),
            "patient": visit.get("patient", ""),
        }
