"""Bringing a friend: the code, a message to forward, and how many came."""

from typing import Any

from conversations.dialogue import Dialogue


class Invite(Dialogue):
    """The message to forward comes alone, so that it can be sent on as it is."""

    name = "invite"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_code"),
        ("find_code", "code", None, "keep_code", "ask"),
        ("find_code", "frozen", None, None, "frozen"),
        ("ask", "to_forward", None, None, "message"),
        ("ask", "yes", None, None, "message"),
        ("ask", "points", None, None, "to_points"),
        ("ask", "anything", None, None, "ask"),
    )
    house = frozenset({"find_code"})
    offers = {"ask": ("to_forward", "points")}
    leads_to = {"to_points": "points"}
    is_personal = True

    def keep_code(self, found: dict[str, Any]) -> None:
        self.answers.update(found)

    def facts(self) -> dict[str, Any]:
        """The code, and the figures in words."""
        known = self.answers
        return {
            "patient": known.get("patient_name", ""),
            "referral": known.get("code", ""),
            "came": known.get("came", 0),
            "rewarded": known.get("rewarded", 0),
            "points": f"{known.get('mine', 0):,}",
            "welcome": f"{known.get('theirs', 0):,}",
            "number": known.get("number", ""),
        }
