"""Talks that step in front of another and give it back: distress, a long pause, being lost."""

from collections.abc import Mapping, Sequence

from conversations.dialogue import Dialogue

# How people say it besides the button, whatever language they are written to in.
_ALSO = {"go_on": ("go on", "continue", "carry on", "proceed")}


class Distress(Dialogue):
    """Someone may be in danger: where to turn now, the desk alerted, one tap to go on."""

    name = "distress"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "alert_desk"),
        ("alert_desk", "alerted", None, "keep_phone", "turn_to"),
        ("turn_to", "go_on", None, None, "back"),
        ("turn_to", "person", None, None, "to_person"),
        ("turn_to", "anything", None, None, "turn_to"),
    )
    house = frozenset({"alert_desk"})
    offers = {"turn_to": ("go_on", "person")}
    leads_to = {"back": "back", "to_person": "person"}

    def keep_phone(self, phone: str) -> None:
        self.answers["phone"] = phone

    def other_names(self) -> Mapping[str, Sequence[str]]:
        return _ALSO


class Resume(Dialogue):
    """The talk was left alone for half an hour: go on, or start over."""

    name = "resume"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "ask"),
        ("ask", "go_on", None, None, "back"),
        ("ask", "yes", None, None, "back"),
        ("ask", "start_over", None, None, "to_menu"),
        ("ask", "anything", None, None, "ask"),
    )
    offers = {"ask": ("go_on", "start_over")}
    leads_to = {"back": "back", "to_menu": "menu"}


class Lost(Dialogue):
    """Not understood three times: a person, the question again, or the menu."""

    name = "lost"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "ask"),
        ("ask", "person", None, None, "to_person"),
        ("ask", "go_on", None, None, "back"),
        ("ask", "menu", None, None, "to_menu"),
        ("ask", "anything", None, None, "ask"),
    )
    offers = {"ask": ("person", "go_on", "menu")}
    leads_to = {"back": "back", "to_person": "person", "to_menu": "menu"}

    def other_names(self) -> Mapping[str, Sequence[str]]:
        return _ALSO
