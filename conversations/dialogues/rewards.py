"""Rewards: what points buy, one picked, its terms, and the code that gets it at the desk."""

from collections.abc import Iterator
from textwrap import shorten
from typing import Any

from bot.channels.carrier import Channel, Option
from bot.texts import dates, say
from conversations.dialogue import Dialogue, as_day

_A_PAGE = 5
_LONGEST_ABOUT = 170


class Rewards(Dialogue):
    """Shows what one can afford first; spends only after a yes to the price and the terms."""

    name = "rewards"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_rewards"),
        ("find_rewards", "rewards", None, "keep_rewards", "ask"),
        ("find_rewards", "none", None, None, "none"),
        ("find_rewards", "no_account", None, None, "to_points"),
        ("find_rewards", "frozen", None, None, "frozen"),
        ("ask", "next_page", None, "turn_page", "ask"),
        ("ask", "choice", None, "choose", "look"),
        ("ask", "anything", None, None, "ask"),
        ("look", "ready", None, "keep_chosen", "check"),
        ("look", "refused", None, "tell_why_not", "find_rewards"),
        ("check", "yes", None, None, "redeem"),
        ("check", "other_reward", None, None, "find_rewards"),
        ("check", "no", None, None, "kept"),
        ("check", "anything", None, None, "check"),
        ("redeem", "redeemed", None, "keep_code", "redeemed"),
        ("redeem", "waits", None, "keep_code", "waits"),
        ("redeem", "ready", None, "tell_changed", "check"),
        ("redeem", "refused", None, "tell_why_not", "find_rewards"),
    )
    house = frozenset({"find_rewards", "look", "redeem"})
    offers = {"ask": "rewards", "check": ("yes", "other_reward", "no")}
    leads_to = {"to_points": "points"}
    is_personal = True

    def keep_rewards(self, found: dict[str, Any]) -> None:
        self.answers.update(found)
        self.answers["from"] = 0

    def turn_page(self, _: Any) -> None:
        shown_to = self.answers.get("from", 0) + _A_PAGE
        self.answers["from"] = shown_to if shown_to < len(self.answers["rewards"]) else 0

    def choose(self, id_: str) -> None:
        self.answers["chosen"] = next(r for r in self.answers["rewards"] if r["id"] == id_)

    def keep_chosen(self, reward: dict[str, Any]) -> None:
        self.answers["chosen"] = reward

    def keep_code(self, code: dict[str, Any]) -> None:
        self.answers.update(code)

    def tell_changed(self, reward: dict[str, Any]) -> None:
        self.keep_chosen(reward)
        self.note("price_changed")

    def tell_why_not(self, refusal: dict[str, Any]) -> None:
        """In words, with what is missing."""
        needed, available = refusal.get("needed", 0), refusal.get("available", 0)
        day = refusal.get("day")
        self.note(
            refusal["why"],
            reward=refusal["reward"],
            cost=_figure(needed),
            missing=_figure(needed - available),
            tier=refusal.get("tier", ""),
            day=dates.day(as_day(day), self.language) if day else "",
        )

    def rewards(self) -> Iterator[Option]:
        rows, first = self.answers["rewards"], self.answers.get("from", 0)
        for row in rows[first : first + _A_PAGE]:
            yield Option(row["id"], row["name"], self._price(row))
        if len(rows) > _A_PAGE:
            after = rows[first + _A_PAGE :] or rows
            yield Option("next_page", "", f"{after[0]['name']} ...")

    def facts(self) -> dict[str, Any]:
        """The points, and the reward that was picked."""
        chosen = self.answers.get("chosen", {})
        until = chosen.get("until")
        return {
            "patient": self.answers.get("patient_name", ""),
            "points": _figure(self.answers.get("points", 0)),
            "reward": chosen.get("name", ""),
            "cost": _figure(chosen.get("cost", 0)),
            "left": _figure(self.answers.get("left", chosen.get("left", 0))),
            "about": self._about(chosen),
            "place": chosen.get("place", ""),
            "until": dates.short(as_day(until), self.now, self.language) if until else "",
            "voucher": self.answers.get("voucher", ""),
        }

    def _about(self, chosen: dict[str, Any]) -> str:
        """What it is and its terms, no longer than one message has room for."""
        said = " ".join(filter(None, (chosen.get("description"), chosen.get("terms"))))
        return shorten(said, _LONGEST_ABOUT, placeholder="...")

    def _price(self, row: dict[str, Any]) -> str:
        key = "for_tier" if row["tier"] else "short_of" if row["missing"] else "costs"
        return say(
            self.name,
            key,
            self.language,
            Channel.WHATSAPP,
            cost=_figure(row["cost"]),
            missing=_figure(row["missing"]),
            tier=row["tier"],
        )


def _figure(points: int) -> str:
    return f"{points:,}"
