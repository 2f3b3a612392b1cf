"""Asking for a person."""

from conversations.dialogue import Dialogue


class Person(Dialogue):
    """Hands the conversation to the desk; MENU takes it back to the bot."""

    name = "person"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "hand_over"),
        ("hand_over", "open", None, "keep_desk", "waiting"),
        ("hand_over", "closed", None, "keep_desk", "closed"),
        ("waiting", "anything", None, None, "noted"),
        ("closed", "anything", None, None, "noted"),
        ("noted", "anything", None, None, "noted"),
    )
    house = frozenset({"hand_over"})

    def keep_desk(self, desk: dict[str, str]) -> None:
        self.answers.update(desk)
