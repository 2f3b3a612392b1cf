"""Changing the language."""

from collections.abc import Iterator

from bot.channels.carrier import Option
from bot.texts import NAMES
from conversations.dialogue import Dialogue


class Language(Dialogue):
    """One question; the answer holds for every message after it."""

    name = "language"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "ask"),
        ("ask", "language", None, "keep_language", "to_menu"),
        ("ask", "choice", None, "keep_language", "to_menu"),
        ("ask", "anything", None, None, "ask"),
    )
    offers = {"ask": "languages"}
    leads_to = {"to_menu": "menu"}

    def keep_language(self, code: str) -> None:
        self.answers["language"] = self.language = code
        self.note("changed")

    def languages(self) -> Iterator[Option]:
        for code in self.answers["languages"]:
            yield Option(code, NAMES[code])
