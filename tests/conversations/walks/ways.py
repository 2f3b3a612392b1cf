"""The way into each dialogue, from wherever a talk stands."""

import random
from collections.abc import Callable
from datetime import timedelta

from bot.channels.carrier import Channel
from tests.conversations.walks.house import Phone, WalkedHouse
from tests.conversations.walks.phone import Talker
from tests.conversations.walks.words import PROOFS, WAYS

_OF_OWNERS = ("owner", "survey", "sides")
_OF_MESSAGES = ("reminder", "feedback", "survey", "waitlist")
"""Talks that a message opens: its buttons name them; a digit does only while it is the newest."""
_LEFT_ALONE = ("booking", "preferences", "privacy", "rewards", "appointments", "registration")
"""Talks that can be left and taken up again, or answered with nonsense."""
_MINUTE = timedelta(minutes=1)
_TOO_OFTEN = 9
"""Turns after which whoever proved nothing has to wait."""
_NOBODY_WAITS = 20
"""Turns without an offer after which somebody else comes: all times of a family may be taken."""


class Guided(Talker):
    """One phone, or several one after another, on the way to a dialogue."""

    def __init__(self, dialogue: str, house: WalkedHouse, chance: random.Random) -> None:
        super().__init__(house, chance)
        self.dialogue = dialogue
        self.astray = 0
        """Turns since the dialogue was open."""

    def arrive(self) -> None:
        """With a new phone: nobody's, a family's, an owner's or both."""
        has_buttons = self.dialogue in _OF_MESSAGES and self.chance.random() < 0.8
        self.take(self.house.new_phone(Channel.WHATSAPP if has_buttons else None))
        if self.dialogue in _OF_OWNERS:
            self._own()
        elif self.dialogue != "registration":
            people = self.chance.choice((1, 1, 2, 3))
            self.house.settle(self.phone, people)
            self.went.append(f"-- of a family of {people} --")
        self.look()

    def _own(self) -> None:
        kinds = {"sides": ("both", "two"), "survey": ("one", "two", "three", "both")}
        kind = self.chance.choice(kinds.get(self.dialogue, ("one", "two", "both")))
        names = {"two": ("Chief Danladi", "Zuma Holdings")}
        names |= {"three": (*names["two"], "Okon Estates")}
        self.house.own(self.phone, *names.get(kind, ("Chief Danladi",)))
        if kind == "both":
            self.house.settle(self.phone, 1)
        self.went.append(f"-- of an owner: {kind} --")

    def steer(self) -> None:
        """One turn towards the dialogue."""
        if self.astray and self.astray % _TOO_OFTEN == 0:
            self.wait(31 * _MINUTE)
        at, way = self.seen.stands_at, getattr(self, f"_to_{self.dialogue}", None)
        if self.seen.is_suppressed and self.chance.random() < 0.3:
            self.say("start")
        elif self.seen.dialogue == "person" and self.chance.random() < 0.5:
            self.say("menu")
        elif at in PROOFS and self.dialogue != "identity":
            self.say(PROOFS[at])
        elif at in ("identity.ask_patient", "sides.ask") and self.newest:
            self.pick(self.chance.choice(self.newest))
        elif way and (self.dialogue not in WAYS or self.chance.random() < 0.6):
            way()
        else:
            self.say_one_of(WAYS[self.dialogue])

    # -- where words alone do not lead -------------------------------------------------------------

    def _to_identity(self) -> None:
        if self.seen.dialogue is not None:
            self.wait(13 * 60 * _MINUTE)
        self.say_one_of(WAYS["identity"])

    def _to_language(self) -> None:
        found = [option for option in self.newest if option.id.endswith("|change_language")]
        if found:
            self.pick(found[0])
        else:
            self.say("menu")

    def _to_lost(self) -> None:
        if self.seen.dialogue in _LEFT_ALONE:
            self.say_one_of(("hmm", "qwrtz plk", "let me think about that"))
        else:
            self.say_one_of(("book", "preferences", "rewards"))

    def _to_resume(self) -> None:
        if self.seen.dialogue in _LEFT_ALONE:
            self.wait(self.chance.choice((31, 45, 20 * 60)) * _MINUTE)
            self.say_one_of(("yes", "1", "hm", "tomorrow"))
        else:
            self.say_one_of(("book", "preferences", "rewards", "my data"))

    def _to_registration(self) -> None:
        is_met = self.seen.counts["registered"] > 0
        if is_met and self.chance.random() < 0.7:
            self.arrive()
        if self.seen.stands_at == "booking.ask_patient" and self.newest:
            self.pick(self.newest[-1])
        else:
            self.say_one_of(WAYS["registration"])

    def _to_appointments(self) -> None:
        if self.chance.random() < 0.6:
            self.happen("a visit is booked", self.house.have_booked, self.phone)
        self.say_one_of(WAYS["appointments"])

    def _to_codes(self) -> None:
        if self.seen.dialogue == "rewards":
            self.lead_on()
        else:
            self.say_one_of(("rewards", "my codes"))

    def _to_place(self) -> None:
        if self.chance.random() < 0.5:
            self.happen("a time opens", self.house.open_a_time, self.phone)
        self.say_one_of(WAYS["place"])

    # -- where a message asks ----------------------------------------------------------------------

    def _to_feedback(self) -> None:
        self._answer("feedback", self.house.have_visited)

    def _to_reminder(self) -> None:
        self._answer("reminder", self.house.come_near)

    def _to_survey(self) -> None:
        self._answer("survey", lambda _: self.house.survey())

    def _to_waitlist(self) -> None:
        asks_when = self.seen.stands_at in ("booking.ask_day", "booking.no_times")
        if self.astray and self.astray % _NOBODY_WAITS == 0:
            self.arrive()
        elif asks_when and self.chance.random() < 0.5:
            self.say("tell me when free")
        elif self.chance.random() < 0.3:
            self.say("book eye 8/12")
        else:
            self._answer("waitlist", self.house.open_a_time)

    def _answer(self, kind: str, make: Callable[[Phone], None]) -> None:
        """Press a button of a message that asked lately, or write a digit when it is the newest."""
        is_sms = self.phone.channel is Channel.SMS
        if is_sms or not self.house.asked[kind] or self.chance.random() < 0.15:
            self.happen(f"something to ask about: {kind}", make, self.phone)
        lately = self.house.asked[kind][-10:]
        if not lately:
            self.say_one_of(("start", "menu", "1"))
        elif is_sms:
            self.say(str(self.chance.randint(1, 3)))
        else:
            self.press(self.chance.choice(lately))
