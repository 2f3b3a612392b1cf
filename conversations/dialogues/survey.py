"""What an owner thinks of the quarter: one number, three more, and a word of their own."""

from collections.abc import Iterator
from typing import Any

from bot.channels.carrier import Option
from conversations.dialogue import Dialogue

LOW = 2
_SCORES = ("1", "2", "3", "4", "5")


class OwnerSurvey(Dialogue):
    """Entered with an answer to our question; each answer is kept at once, however late."""

    name = "survey"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, "read_the_score", "find_survey"),
        ("find_survey", "found", "is_scored", "keep_survey", "keep_overall"),
        ("find_survey", "found", None, "keep_survey", "ask_overall"),
        ("find_survey", "none", None, None, "over"),
        ("ask_overall", "rating", None, "keep_score", "keep_overall"),
        ("ask_overall", "choice", None, "keep_score", "keep_overall"),
        ("ask_overall", "anything", None, None, "ask_overall"),
        ("keep_overall", "kept", "is_low", "say_sorry", "ask_timeliness"),
        ("keep_overall", "kept", None, "say_thanks", "ask_timeliness"),
        ("keep_overall", "over", None, None, "over"),
        ("keep_overall", "closed", None, None, "closed"),
        ("ask_timeliness", "skip", None, None, "ask_communication"),
        ("ask_timeliness", "rating", None, "keep_score", "keep_timeliness"),
        ("ask_timeliness", "choice", None, "keep_score", "keep_timeliness"),
        ("ask_timeliness", "anything", None, None, "ask_timeliness"),
        ("keep_timeliness", "kept", None, None, "ask_communication"),
        ("keep_timeliness", "closed", None, None, "closed"),
        ("ask_communication", "skip", None, None, "ask_transparency"),
        ("ask_communication", "rating", None, "keep_score", "keep_communication"),
        ("ask_communication", "choice", None, "keep_score", "keep_communication"),
        ("ask_communication", "anything", None, None, "ask_communication"),
        ("keep_communication", "kept", None, None, "ask_transparency"),
        ("keep_communication", "closed", None, None, "closed"),
        ("ask_transparency", "skip", None, None, "ask_comment"),
        ("ask_transparency", "rating", None, "keep_score", "keep_transparency"),
        ("ask_transparency", "choice", None, "keep_score", "keep_transparency"),
        ("ask_transparency", "anything", None, None, "ask_transparency"),
        ("keep_transparency", "kept", None, None, "ask_comment"),
        ("keep_transparency", "closed", None, None, "closed"),
        ("ask_comment", "skip", None, None, "thanks"),
        ("ask_comment", "no", None, None, "thanks"),
        ("ask_comment", "text", None, "keep_words", "keep_comment"),
        ("ask_comment", "distress", None, "keep_words", "keep_comment"),
        ("ask_comment", "anything", None, None, "ask_comment"),
        ("keep_comment", "kept", None, None, "thanks"),
        ("keep_comment", "closed", None, None, "closed"),
    )
    house = frozenset(
        {
            "find_survey",
            "keep_overall",
            "keep_timeliness",
            "keep_communication",
            "keep_transparency",
            "keep_comment",
        }
    )
    offers = {
        "ask_overall": "scores",
        "ask_timeliness": "scores_or_none",
        "ask_communication": "scores_or_none",
        "ask_transparency": "scores_or_none",
        "ask_comment": ("skip",),
    }

    def read_the_score(self, _: Any) -> None:
        """The answer our question came with, if it was one of ours."""
        answer = self.answers.pop("answer", "")
        if answer in _SCORES:
            self.keep_score(answer)

    def is_scored(self, _: Any) -> bool:
        return "score" in self.answers

    def keep_survey(self, survey: dict[str, str]) -> None:
        self.answers.update(survey)

    def keep_score(self, score: Any) -> None:
        self.answers["score"] = int(str(score).removeprefix("rate_"))

    def is_low(self, _: Any) -> bool:
        return bool(self.answers["score"] <= LOW)

    def say_sorry(self, _: Any) -> None:
        self.note("sorry", score=self.answers["score"])

    def say_thanks(self, _: Any) -> None:
        self.note("kept", score=self.answers["score"])

    def keep_words(self, words: str) -> None:
        self.answers["words"] = words

    def scores(self) -> Iterator[Option]:
        for score in _SCORES:
            yield Option(f"rate_{score}", "")

    def scores_or_none(self) -> Iterator[Option]:
        yield from self.scores()
        yield Option("skip", "")
