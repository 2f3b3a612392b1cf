"""Points: how many, what they lead to, where each comes from, what ends when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.channels.carrier import Channel, Option
from bot.texts import dates, knows, say
from conversations.dialogue import Dialogue, as_day

_EXPLAIN = ("explain", "explain points", "how did i get them", "how una count am")


class Points(Dialogue):
    """Shows the account of one patient; every figure adds up from its lines."""

    name = "points"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_account"),
        ("find_account", "account", None, "tell_account", "ask"),
        ("find_account", "no_account", None, None, "no_points"),
        ("ask", "history", None, "from_the_newest", "find_history"),
        ("ask", "explain", None, None, "find_sources"),
        ("ask", "rewards", None, None, "to_rewards"),
        ("ask", "codes", None, None, "to_codes"),
        ("ask", "invite", None, None, "to_invite"),
        ("ask", "someone_new", None, "ask_again_for_whom", "to_identity"),
        ("ask", "anything", None, None, "ask"),
        ("find_history", "page", None, "keep_page", "history"),
        ("find_history", "no_account", None, None, "no_points"),
        ("history", "older", None, None, "find_history"),
        ("history", "explain", None, None, "find_sources"),
        ("history", "rewards", None, None, "to_rewards"),
        ("history", "anything", None, None, "history"),
        ("find_sources", "sources", None, "keep_sources", "explained"),
        ("find_sources", "no_account", None, None, "no_points"),
        ("explained", "history", None, "from_the_newest", "find_history"),
        ("explained", "rewards", None, None, "to_rewards"),
        ("explained", "anything", None, None, "explained"),
        ("no_points", "book", None, None, "to_booking"),
        ("no_points", "invite", None, None, "to_invite"),
        ("no_points", "anything", None, None, "no_points"),
    )
    house = frozenset({"find_account", "find_history", "find_sources"})
    offers = {
        "ask": "ways_in",
        "history": "ways_on",
        "explained": ("history", "rewards"),
        "no_points": ("book", "invite"),
    }
    leads_to = {
        "to_rewards": "rewards",
        "to_codes": "codes",
        "to_invite": "invite",
        "to_booking": "booking",
        "to_identity": "identity",
    }
    is_personal = True

    def tell_account(self, account: dict[str, Any]) -> None:
        """The balance first, then what it leads to, then what is wrong with it, if anything."""
        self.note("balance", patient=self._patient(), points=_figure(account["points"]))
        step = "to_next" if account["next_tier"] else "at_the_top"
        self.note(
            step,
            tier=account["tier"],
            missing=_figure(account["missing"]),
            next_tier=account["next_tier"],
        )
        for points, day in account["ends"]:
            key = "ending_all" if points == account["points"] else "ending"
            self.note(key, points=_figure(points), day=self._day(day))
        if account["owed"]:
            self.note("owed", points=_figure(account["owed"]))
        if account["is_frozen"]:
            self.note("frozen")

    def from_the_newest(self, _: Any) -> None:
        self.answers["cursor"] = None

    def ask_again_for_whom(self, _: Any) -> None:
        self.answers["then"] = self.name
        self.answers.pop("wish", None)

    def keep_page(self, page: dict[str, Any]) -> None:
        self.answers.update(page)

    def keep_sources(self, found: dict[str, Any]) -> None:
        self.answers["sources"] = found

    def ways_in(self) -> Iterator[Option]:
        for id_ in ("history", "explain", "rewards", "codes", "invite"):
            yield Option(id_, "")
        if self.answers.get("patients"):
            yield Option("someone_new", "")

    def ways_on(self) -> Iterator[Option]:
        if self.answers.get("cursor"):
            yield Option("older", "")
        yield Option("explain", "")
        yield Option("rewards", "")

    def other_names(self) -> Mapping[str, Sequence[str]]:
        """How people ask where their points come from."""
        return {"explain": _EXPLAIN}

    def facts(self) -> dict[str, Any]:
        """The lines of the history, and the sum with its parts, in words."""
        sources = self.answers.get("sources", {})
        return {
            "patient": self._patient(),
            "lines": "\n".join(self._line(*line) for line in self.answers.get("movements", ())),
            "sums": "\n".join(self._sum(*part) for part in sources.get("sums", ())),
            "points": _figure(sources.get("points", 0)),
            "ends": "\n".join(
                f"{_figure(points)}: {self._day(day)}" for points, day in sources.get("ends", ())
            ),
        }

    def _line(self, day: str, points: int, name: str) -> str:
        return f"{self._day(day)}: {_signed(points)} {self._what(name)}"

    def _sum(self, name: str, points: int) -> str:
        return f"{_signed(points)} {self._what(name)}"

    def _what(self, name: str) -> str:
        """What moved the points; a rule that was added since is earned like any other."""
        key = f"of_{name}" if knows(self.name, f"of_{name}") else "of_earn"
        return say(self.name, key, self.language, Channel.WHATSAPP)

    def _day(self, iso: str) -> str:
        return dates.short(as_day(iso), self.now, self.language)

    def _patient(self) -> str:
        return str(self.answers.get("patient_name", ""))


def _figure(points: int) -> str:
    return f"{points:,}"


def _signed(points: int) -> str:
    return f"{points:+,}"
