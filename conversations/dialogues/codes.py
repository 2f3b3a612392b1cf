"""My codes: which there are, until when, and what to do about one that is lost or not wanted."""

from collections.abc import Iterator
from typing import Any

from bot.channels.carrier import Channel, Option
from bot.texts import dates, say
from conversations.dialogue import Dialogue, as_day

_OPEN = ("pending", "approved")


class Codes(Dialogue):
    """A code is kept as a hash, so an old one is never shown again: only a new one can be made."""

    name = "codes"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_codes"),
        ("find_codes", "codes", None, "keep_codes", "ask"),
        ("find_codes", "none", None, None, "none"),
        ("none", "rewards", None, None, "to_rewards"),
        ("none", "points", None, None, "to_points"),
        ("none", "anything", None, None, "none"),
        ("ask", "choice", "is_open", "choose", "ask_what"),
        ("ask", "choice", None, "tell_over", "ask"),
        ("ask", "anything", None, None, "ask"),
        ("ask_what", "new_code", None, None, "renew"),
        ("ask_what", "give_back", None, None, "ask_sure"),
        ("ask_what", "leave_it", None, None, "kept"),
        ("ask_what", "anything", None, None, "ask_what"),
        ("ask_sure", "yes", None, None, "give_back"),
        ("ask_sure", "no", None, None, "kept"),
        ("ask_sure", "anything", None, None, "ask_sure"),
        ("renew", "renewed", None, "keep_voucher", "renewed"),
        ("renew", "over", None, "tell_changed", "find_codes"),
        ("give_back", "returned", None, None, "returned"),
        ("give_back", "over", None, "tell_changed", "find_codes"),
    )
    house = frozenset({"find_codes", "renew", "give_back"})
    offers = {
        "ask": "codes",
        "none": ("rewards", "points"),
        "ask_what": ("new_code", "give_back", "leave_it"),
        "ask_sure": ("yes", "no"),
    }
    leads_to = {"to_rewards": "rewards", "to_points": "points"}
    is_personal = True

    def keep_codes(self, found: list[dict[str, Any]]) -> None:
        self.answers["codes"] = found

    def is_open(self, id_: str) -> bool:
        """Still to be used."""
        return self._row(id_)["status"] in _OPEN

    def choose(self, id_: str) -> None:
        self.answers["chosen"] = self._row(id_)

    def tell_over(self, id_: str) -> None:
        row = self._row(id_)
        self.note("over", reward=row["reward"], last4=row["last4"], state=self._state(row))

    def tell_changed(self, _: Any) -> None:
        self.note("changed")

    def keep_voucher(self, voucher: str) -> None:
        self.answers["voucher"] = voucher

    def codes(self) -> Iterator[Option]:
        for row in self.answers["codes"]:
            yield Option(row["id"], row["reward"], f"{row['last4']}: {self._state(row)}")

    def facts(self) -> dict[str, Any]:
        """The code that was picked."""
        row = self.answers.get("chosen", {})
        return {
            "patient": self.answers.get("patient_name", ""),
            "reward": row.get("reward", ""),
            "last4": row.get("last4", ""),
            "points": f"{row.get('points', 0):,}",
            "until": dates.short(as_day(row["day"]), self.now, self.language) if row else "",
            "voucher": self.answers.get("voucher", ""),
        }

    def _row(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = next(r for r in self.answers["codes"] if r["id"] == id_)
        return found

    def _state(self, row: dict[str, Any]) -> str:
        day = dates.short(as_day(row["day"]), self.now, self.language)
        return say(self.name, f"is_{row['status']}", self.language, Channel.WHATSAPP, day=day)
