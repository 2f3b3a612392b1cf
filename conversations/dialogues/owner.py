"""The owner's account: balance, payouts line by line, contract, statement, and what is disputed."""

from collections.abc import Iterator
from typing import Any

from bot.channels.carrier import Option
from conversations.dialogue import Dialogue

SHORTEST_WORDS = 5
"""Fewer letters do not say what is wrong; a digit is an answer to something else."""


class Owner(Dialogue):
    """Entered with a wish, or at the menu; money is told to who can say the account's last digits.

    `intent` is what is wished, `month` (a first day) of when.
    """

    name = "owner"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "find_owner"),
        ("find_owner", "nobody", None, None, "to_menu"),
        ("find_owner", "one", "asks_something", None, "identify"),
        ("find_owner", "one", None, None, "ask"),
        ("ask", "book", None, "forget_all", "to_booking"),
        ("ask", "person", None, None, "to_person"),
        ("ask", "change_language", None, None, "to_language"),
        ("ask", "choice", None, "keep_choice", "identify"),
        ("ask", "owner_wish", "is_for_owners", "keep_wish", "identify"),
        ("ask", "anything", None, None, "ask"),
        # who it is
        ("identify", "known", "wants_account", None, "find_account"),
        ("identify", "known", "wants_contract", None, "find_contracts"),
        ("identify", "known", None, None, "find_payouts"),
        ("identify", "unknown", None, None, "ask_digits"),
        ("identify", "locked", None, None, "locked"),
        ("identify", "no_account", None, None, "no_account"),
        ("ask_digits", "last_four", None, "keep_digits", "check_digits"),
        ("ask_digits", "owner_wish", "is_for_owners", "keep_wish", "ask_digits"),
        ("ask_digits", "anything", None, None, "ask_digits"),
        ("check_digits", "right", None, None, "identify"),
        ("check_digits", "wrong", None, "tell_wrong", "ask_digits"),
        ("check_digits", "locked", None, None, "locked"),
        # what is asked
        ("find_account", "found", "was_ever_paid", "keep_account", "account"),
        ("find_account", "found", None, "keep_account", "account_unpaid"),
        ("find_contracts", "none", None, None, "no_contract"),
        ("find_contracts", "pages", "is_one_page", "keep_pages", "told"),
        ("find_contracts", "pages", None, "keep_pages", "page"),
        ("find_payouts", "none", "names_a_month", None, "no_payout_then"),
        ("find_payouts", "none", None, None, "no_payout"),
        ("find_payouts", "one", "wants_dispute", "keep_payout", "find_lines"),
        ("find_payouts", "one", "wants_statement", "keep_payout", "find_statement"),
        ("find_payouts", "one", None, "keep_payout", "find_pages"),
        ("find_payouts", "several", None, "keep_payouts", "ask_which"),
        ("ask_which", "choice", "wants_dispute", "choose_payout", "find_lines"),
        ("ask_which", "choice", "wants_statement", "choose_payout", "find_statement"),
        ("ask_which", "choice", None, "choose_payout", "find_pages"),
        ("ask_which", "owner_wish", "is_for_owners", "keep_wish", "identify"),
        ("ask_which", "anything", None, None, "ask_which"),
        ("find_pages", "pages", None, "keep_pages", "page"),
        ("page", "next_page", "comes_to_the_end", "turn_page", "told"),
        ("page", "next_page", None, "turn_page", "page"),
        ("page", "statement", "shows_payout", "want_statement", "identify"),
        ("page", "dispute", "shows_payout", "want_dispute", "identify"),
        ("page", "owner_wish", "is_for_owners", "keep_wish", "identify"),
        ("page", "anything", None, None, "page"),
        ("find_statement", "link", None, "keep_link", "statement"),
        # what is wrong
        ("find_lines", "lines", None, "keep_lines", "ask_line"),
        ("ask_line", "choice", None, "choose_line", "ask_wrong"),
        ("ask_line", "owner_wish", "is_for_owners", "keep_wish", "identify"),
        ("ask_line", "anything", None, None, "ask_line"),
        ("ask_wrong", "owner_wish", "is_another_wish", "keep_wish", "identify"),
        ("ask_wrong", "text", "says_enough", "keep_words", "open_dispute"),
        ("ask_wrong", "anything", None, None, "ask_wrong"),
        ("open_dispute", "opened", None, "keep_dispute", "disputed"),
    )
    house = frozenset(
        {
            "find_owner",
            "identify",
            "check_digits",
            "find_account",
            "find_contracts",
            "find_payouts",
            "find_pages",
            "find_statement",
            "find_lines",
            "open_dispute",
        }
    )
    offers = {
        "ask": (
            "account",
            "payout",
            "statement",
            "contract",
            "dispute",
            "book",
            "person",
            "change_language",
        ),
        "ask_which": "payouts",
        "page": "ways_on",
        "ask_line": "lines",
    }
    leads_to = {
        "to_menu": "menu",
        "to_booking": "booking",
        "to_person": "person",
        "to_language": "language",
    }

    # -- what is wished

    def asks_something(self, _: Any) -> bool:
        return bool(self.answers.get("intent"))

    def is_for_owners(self, wish: dict[str, Any]) -> bool:
        return bool(wish["word"] != "help")

    def is_another_wish(self, wish: dict[str, Any]) -> bool:
        """The words for "it is wrong" are an answer to what is wrong."""
        return bool(wish["word"] not in {"help", "dispute"})

    def keep_choice(self, id_: str) -> None:
        self.keep_wish({"word": id_, "month": None})

    def keep_wish(self, wish: dict[str, Any]) -> None:
        """Another wish; what was shown for the last one is no longer meant."""
        self.answers["intent"], self.answers["month"] = wish["word"], wish["month"]
        self.answers.pop("payout", None)
        self.begins_anew = True

    def shows_payout(self, _: Any) -> bool:
        return "payout" in self.answers

    def want_statement(self, _: Any) -> None:
        self.answers["intent"] = "statement"

    def want_dispute(self, _: Any) -> None:
        self.answers["intent"] = "dispute"

    def wants_account(self, _: Any) -> bool:
        return self._wants("account")

    def wants_contract(self, _: Any) -> bool:
        return self._wants("contract")

    def wants_dispute(self, _: Any) -> bool:
        return self._wants("dispute")

    def wants_statement(self, _: Any) -> bool:
        return self._wants("statement")

    def names_a_month(self, _: Any) -> bool:
        return bool(self.answers.get("month"))

    def _wants(self, word: str) -> bool:
        return bool(self.answers.get("intent") == word)

    def forget_all(self, _: Any) -> None:
        """A visit is booked without what an owner asked."""
        self.answers.clear()

    # -- who it is

    def keep_digits(self, digits: str) -> None:
        self.answers["digits"] = digits

    def tell_wrong(self, tries_left: int) -> None:
        self.note("wrong_digits", tries=tries_left)

    # -- what is told

    def was_ever_paid(self, account: dict[str, str]) -> bool:
        return bool(account["paid"])

    def keep_account(self, account: dict[str, str]) -> None:
        self.answers.update(account)

    def keep_payout(self, payout: dict[str, str]) -> None:
        self.answers["payout"] = payout

    def keep_payouts(self, found: list[dict[str, str]]) -> None:
        self.answers["payouts"] = found

    def choose_payout(self, id_: str) -> None:
        self.keep_payout(self.answers["payouts"][int(id_)])

    def keep_pages(self, pages: list[str]) -> None:
        self.answers["pages"], self.answers["at"] = pages, 0

    def is_one_page(self, pages: list[str]) -> bool:
        return len(pages) == 1

    def comes_to_the_end(self, _: Any) -> bool:
        """The last page, with nothing to do on it."""
        is_last = self.answers["at"] + 2 == len(self.answers["pages"])
        return is_last and not self.shows_payout(None)

    def turn_page(self, _: Any) -> None:
        self.answers["at"] += 1

    def keep_link(self, link: str) -> None:
        self.answers["link"] = link

    # -- what is wrong

    def keep_lines(self, labels: list[list[str]]) -> None:
        self.answers["payout_lines"] = labels

    def choose_line(self, id_: str) -> None:
        self.answers["line"] = id_

    def says_enough(self, words: str) -> bool:
        return len(words) >= SHORTEST_WORDS

    def keep_words(self, words: str) -> None:
        self.answers["words"] = words

    def keep_dispute(self, phone: str) -> None:
        self.answers["phone"] = phone

    # -- what is offered and said

    def payouts(self) -> Iterator[Option]:
        for number, payout in enumerate(self.answers["payouts"]):
            yield Option(str(number), payout["period"], f"{payout['hospital']}, {payout['net']}")

    def ways_on(self) -> Iterator[Option]:
        """The next page while there is one; what can be done with a payout that is shown."""
        if self.answers["at"] + 1 < len(self.answers["pages"]):
            yield Option("next_page", "")
        if self.shows_payout(None):
            yield Option("statement", "")
            yield Option("dispute", "")

    def lines(self) -> Iterator[Option]:
        for number, (label, amount) in enumerate(self.answers["payout_lines"]):
            yield Option(str(number), label, amount)
        yield Option("whole", "", self.answers["payout"]["net"])

    def facts(self) -> dict[str, Any]:
        """The payout in words, and the page that is shown."""
        payout = self.answers.get("payout") or {}
        pages, at = self.answers.get("pages") or [""], self.answers.get("at", 0)
        return self.answers | payout | {"page": pages[at]}
