"""How a visit was: one number, then what it was about, a comment, a call if it was bad."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.channels.carrier import Option
from conversations.dialogue import Dialogue
from conversations.understand import rating_with_reason, spoken_of

LOW = 2
_STORY = 7  # words from which an answer tells what happened, and is kept as it is
_NOTHING = ("no", "nothing", "none", "no comment", "nothing else", "no thanks", "nope", "notin")


class Feedback(Dialogue):
    """Entered with an answer to our question, or by the word; the rating is kept at once."""

    name = "feedback"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, "read_the_score", "find_visit"),
        ("find_visit", "asked", "is_rated", "keep_visit", "give"),
        ("find_visit", "asked", None, "keep_visit", "ask_rating"),
        ("find_visit", "several", None, "keep_patients", "ask_whose"),
        ("find_visit", "rated", "is_another_score", "keep_given", "change"),
        ("find_visit", "rated", None, None, "rated"),
        ("find_visit", "over", None, None, "over"),
        ("find_visit", "no_visit", None, None, "no_visit"),
        ("ask_whose", "choice", None, "choose_patient", "find_visit"),
        ("ask_whose", "anything", None, None, "ask_whose"),
        ("ask_rating", "rating", None, "keep_rating", "give"),
        ("ask_rating", "choice", None, "keep_rating", "give"),
        ("ask_rating", "rating_with_reason", None, "keep_both", "give"),
        ("ask_rating", "distress", "tells_a_rating", "keep_danger", "give"),
        ("ask_rating", "anything", None, None, "ask_rating"),
        ("give", "given", "has_told", "tell_given", "add_comment"),
        ("give", "given", None, "tell_given", "ask_topics"),
        ("give", "rated", None, None, "rated"),
        ("change", "added", "is_low", "tell_changed", "ask_topics"),
        ("change", "added", None, "tell_changed", "thanks"),
        ("change", "closed", None, None, "rated"),
        ("ask_topics", "skip", None, None, "ask_comment"),
        ("ask_topics", "text", "is_a_story", "keep_story", "add_comment"),
        ("ask_topics", "topics", None, "keep_topics", "add_topics"),
        ("ask_topics", "choice", None, "keep_topic", "add_topics"),
        ("ask_topics", "distress", None, "keep_story", "add_comment"),
        ("ask_topics", "anything", None, None, "ask_topics"),
        ("add_topics", "added", None, None, "ask_comment"),
        ("add_topics", "closed", None, None, "closed"),
        ("ask_comment", "skip", "is_low", None, "ask_call"),
        ("ask_comment", "skip", None, None, "thanks"),
        ("ask_comment", "without_name", None, None, "ask_unnamed"),
        ("ask_comment", "text", None, "keep_comment", "add_comment"),
        ("ask_comment", "distress", None, "keep_comment", "add_comment"),
        ("ask_comment", "anything", None, None, "ask_comment"),
        ("add_comment", "urgent", "is_in_danger", None, "ask_call"),
        ("add_comment", "urgent", None, None, "urgent"),
        ("add_comment", "added", "is_low", None, "ask_call"),
        ("add_comment", "added", None, None, "thanks"),
        ("add_comment", "closed", None, None, "closed"),
        ("ask_unnamed", "skip", None, None, "unname"),
        ("ask_unnamed", "text", None, "keep_comment", "unname"),
        ("ask_unnamed", "distress", None, "keep_comment", "unname"),
        ("ask_unnamed", "anything", None, None, "ask_unnamed"),
        ("unname", "unnamed", None, None, "unnamed"),
        ("unname", "closed", None, None, "closed"),
        ("ask_call", "yes", None, "agree_to_a_call", "add_call"),
        ("ask_call", "no", None, "refuse_a_call", "add_call"),
        ("ask_call", "anything", None, None, "ask_call"),
        ("add_call", "added", "wants_a_call", None, "call"),
        ("add_call", "added", None, None, "thanks"),
        ("add_call", "closed", None, None, "closed"),
        ("no_visit", "person", None, None, "to_person"),
        ("no_visit", "menu", None, None, "to_menu"),
        ("no_visit", "anything", None, None, "no_visit"),
    )
    house = frozenset(
        {
            "find_visit",
            "give",
            "change",
            "add_topics",
            "add_comment",
            "unname",
            "add_call",
        }
    )
    offers = {
        "ask_whose": "patients",
        "ask_rating": "scores",
        "ask_topics": (
            "waiting_time",
            "staff_courtesy",
            "doctor_communication",
            "cleanliness",
            "billing",
            "pharmacy",
            "facilities",
            "other",
            "skip",
        ),
        "ask_comment": ("skip", "without_name"),
        "ask_unnamed": ("skip",),
        "ask_call": ("yes", "no"),
        "no_visit": ("person", "menu"),
    }
    leads_to = {"to_person": "person", "to_menu": "menu"}

    def read_the_score(self, _: Any) -> None:
        """The answer our question came with, if it was one of ours."""
        answer = self.answers.get("answer", "")
        if answer in _SCORES:
            self.answers["rating"] = int(answer)
        if reason := self.answers.pop("reason", ""):
            self.keep_story(reason)

    def is_rated(self, _: Any) -> bool:
        return "rating" in self.answers

    def is_another_score(self, given: dict[str, Any]) -> bool:
        """They picked another number after all."""
        return bool(self.answers.get("rating", given["rating"]) != given["rating"])

    def is_low(self, _: Any) -> bool:
        return bool(self.answers["rating"] <= LOW)

    def keep_patients(self, found: list[list[str]]) -> None:
        self.answers["patients"] = found

    def choose_patient(self, id_: str) -> None:
        self.answers["patient"] = id_

    def keep_visit(self, visit: dict[str, str]) -> None:
        self.answers.update(visit)

    def keep_rating(self, score: Any) -> None:
        self.answers["rating"] = int(str(score).removeprefix("rate_"))

    def keep_both(self, told: tuple[int, str]) -> None:
        score, reason = told
        self.keep_rating(score)
        self.keep_story(reason)

    def tells_a_rating(self, text: str) -> bool:
        """Words of danger, with a number before them."""
        return rating_with_reason(text) is not None

    def keep_danger(self, text: str) -> None:
        self.answers["in_danger"] = True
        if told := rating_with_reason(text):
            self.keep_both(told)

    def is_in_danger(self, _: Any) -> bool:
        """They have been told of help already; what they would be asked next, they are."""
        return bool(self.answers.get("in_danger"))

    def has_told(self, _: Any) -> bool:
        """What led to the rating came with it."""
        return "comment" in self.answers

    def keep_given(self, given: dict[str, Any]) -> None:
        self.answers.update({key: given[key] for key in ("patient", "feedback")})

    def tell_given(self, given: dict[str, Any]) -> None:
        self.answers["feedback"] = given["feedback"]
        words = "sorry" if self.is_low(None) else "kept"
        self.note(words, score=self.answers["rating"])
        if given["points"]:
            self.note("points", points=given["points"])

    def tell_changed(self, _: Any) -> None:
        self.note("changed", score=self.answers["rating"])

    def is_a_story(self, text: str) -> bool:
        """More than a list of topics: what happened, in their words."""
        return len(text.split()) >= _STORY

    def keep_story(self, text: str) -> None:
        self.answers["topics"] = spoken_of(text)
        self.keep_comment(text)

    def keep_topics(self, ids: list[str]) -> None:
        self.answers["topics"] = [id_ for id_ in ids if id_ != "skip"]

    def keep_topic(self, id_: str) -> None:
        self.keep_topics([id_])

    def keep_comment(self, text: str) -> None:
        self.answers["comment"] = text

    def agree_to_a_call(self, _: Any) -> None:
        self.answers["may_contact"] = True

    def refuse_a_call(self, _: Any) -> None:
        self.answers["may_contact"] = False

    def wants_a_call(self, _: Any) -> bool:
        return bool(self.answers["may_contact"])

    def patients(self) -> Iterator[Option]:
        for id_, name in self.answers["patients"]:
            yield Option(id_, name)

    def scores(self) -> Iterator[Option]:
        for score in _SCORES:
            yield Option(f"rate_{score}", "")

    def other_names(self) -> Mapping[str, Sequence[str]]:
        """All the ways to say that there is nothing to add."""
        return {"skip": _NOTHING} if "skip" in self.offers.get(self.state, ()) else {}

    def facts(self) -> dict[str, Any]:
        """Whose visit it was."""
        return {"patient": self.answers.get("patient_name", "")}


_SCORES = ("1", "2", "3", "4", "5")
