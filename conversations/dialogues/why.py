"""Why did I get this? What it was, on what ground it was sent, and how such messages end."""

from typing import Any

from conversations.dialogue import Dialogue


class Why(Dialogue):
    """Answers at once, in the middle of anything, and gives the talk back."""

    name = "why"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "look_back"),
        ("look_back", "found", "is_stopped", "tell", "stopped"),
        ("look_back", "found", None, "tell", "told"),
        ("look_back", "nothing", None, None, "nothing"),
    )
    house = frozenset({"look_back"})

    def is_stopped(self, found: dict[str, Any]) -> bool:
        """They have taken it back since."""
        return bool(found["is_stopped"])

    def tell(self, found: dict[str, Any]) -> None:
        self.note(f"of_{found['purpose']}", day=found["day"], time=found["time"])
        ground = found["ground"]
        if ground:
            self.note(f"agreed_{ground['way']}", day=ground["day"])
        elif found["is_of_owner"]:
            self.note("by_contract")
