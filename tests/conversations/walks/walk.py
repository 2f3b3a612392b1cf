"""A walk at random through one dialogue: whatever people write or press, and whenever.

Each dialogue is walked for `WALK_TURNS` turns of its own (15 if not set): the walk finds its way
in, by the words that open it or by the message whose question it answers, and counts the turns in
which it was open or was played. `WALK_SEED` walks the same walks again; every run prints it. A
walk that goes wrong prints its steps and its name, and `WALK_ONE` takes the walk of this name
alone:

    WALK_TURNS=10000 python -m pytest -s tests/conversations/test_any_words.py
    WALK_ONE=1234/booking/17 python -m pytest tests/conversations/test_any_words.py -k booking

A house is opened for every 250 turns. What is said at once comes in either order.
"""

import os
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count

from conversations.dialogues import DIALOGUES
from crm.models import Answering
from tests.conversations.walks import words
from tests.conversations.walks.house import WalkedHouse
from tests.conversations.walks.phone import GAPS, STOOD_AT
from tests.conversations.walks.ways import Guided

TURNS = int(os.environ.get("WALK_TURNS", "15"))
SEED = os.environ.get("WALK_SEED", "0")
ONE = os.environ.get("WALK_ONE", "")
_A_LEG = 250
_ENOUGH = 5
"""Walks that went wrong, after which a dialogue is left."""
_BRIEF = ("distress", "language", "lost", "sides")
"""Talks of one question, which any fitting answer ends."""
_LONGEST_WAY = 60
"""Turns in a row without coming to the dialogue."""

Houses = Callable[[random.Random], AbstractContextManager[WalkedHouse]]
TALLY: Counter[str] = Counter()
"""Turns of this process by dialogue: a walk to one leads through others."""


def through(dialogue: str, houses: Houses) -> None:
    """Walk the dialogue until it has had all its turns, or went wrong too often."""
    wrong: list[str] = []
    for name in _names(dialogue):
        wrong += _walk(name, dialogue, houses)
        if len(wrong) == _ENOUGH:
            break
    print(_report(dialogue))  # noqa: T201 -- what a long run is for
    assert not wrong, "these walks went wrong; their steps are told above"


def _names(dialogue: str) -> Iterator[str]:
    if ONE:
        yield ONE
        return
    for number in count():
        if TALLY[dialogue] >= TURNS:
            break
        yield f"{SEED}/{dialogue}/{number}"


def _walk(name: str, dialogue: str, houses: Houses) -> Iterator[str]:
    """One walk of this name; tells its story if it went wrong, and yields the name."""
    chance = random.Random(name)
    with houses(chance) as house:
        walk = Walk(dialogue, house, chance)
        try:
            walk.go(_A_LEG if ONE else min(TURNS - TALLY[dialogue], _A_LEG))
        except Exception as error:  # noqa: BLE001 -- whatever it is, its steps are what helps
            print(_story(name, walk, error))  # noqa: T201 -- at once: a long run goes on
            yield name


def _story(name: str, walk: "Walk", error: Exception) -> str:
    """The steps, where it broke, and how to walk them again."""
    steps, broke = "\n".join(walk.went), traceback.extract_tb(error.__traceback__)[-1]
    return f"{steps}\n\n{error!r} ({broke.name})\nWALK_ONE={name}"


def _report(dialogue: str) -> str:
    kind = DIALOGUES[dialogue]
    questions = {f"{dialogue}.{state}" for state in kind.hears.keys() - kind.house - {"start"}}
    missed = ", ".join(sorted(questions - STOOD_AT.keys())) or "none"
    turns = TALLY[dialogue]
    return f"WALK_SEED={SEED} {dialogue}: {turns} turns; questions never reached: {missed}"


class Walk(Guided):
    """Keeps to one dialogue, and says there what people say, and what nobody foresaw."""

    def go(self, turns: int) -> None:
        """Take turns until so many belonged to the dialogue."""
        self.arrive()
        enough = TALLY[self.dialogue] + turns
        while TALLY[self.dialogue] < enough:
            before, was_open = TALLY[self.dialogue], self.seen.dialogue
            self._step()
            TALLY.update({was_open, self.seen.dialogue, *self.seen.played} - {None})
            self.astray = 0 if TALLY[self.dialogue] > before else self.astray + 1
            assert self.astray < _LONGEST_WAY, f"no way into {self.dialogue}"

    def _step(self) -> None:
        """One turn, or what happens beside the talk and then one turn."""
        chance = self.chance.random()
        if self.seen.answering == Answering.PERSON and chance < 0.5:
            self.happen("the clerk hands back", self.house.hand_back, self.seen.conversation_id)
        elif chance < 0.005 and self.seen.conversation_id:
            self.happen("a clerk takes over", self.house.take_over, self.seen.conversation_id)
        elif chance < 0.035:
            self.wait(self.chance.choice(GAPS))
        if self.seen.dialogue == self.dialogue or self.chance.random() < 0.15:
            self._act()
        else:
            self.steer()

    def _act(self) -> None:
        """Mostly what leads on; a talk of surprises alone never comes to a booking."""
        acts, weights = zip(*_ACTS.items(), strict=True)
        [act] = self.chance.choices(acts, weights)
        if act is Walk.lead_on and self.dialogue in _BRIEF and self.chance.random() < 0.5:
            act = Walk._surprise
        act(self)

    def _banter(self) -> None:
        self.say(self.chance.choice(self.chance.choice((words.BANTER, words.COMMANDS))))

    def _say_what_always_counts(self) -> None:
        kinds = (words.STANDING, words.LANGUAGES, words.DISTRESS)
        self.say(self.chance.choice(self.chance.choice(kinds)))

    def _surprise(self) -> None:
        self.say(words.unforeseen(self.chance))

    def _press_old(self) -> None:
        self.press(self.chance.choice(self.shown or words.FOREIGN))

    def _press_foreign(self) -> None:
        self.press(self.chance.choice(words.FOREIGN))

    def _press_of_a_message(self) -> None:
        asked = [payload for payloads in self.house.asked.values() for payload in payloads]
        pressed = self.chance.choice(asked or words.FOREIGN)
        self.press(pressed if self.chance.random() < 0.8 else f"{pressed}x")

    def _attach(self) -> None:
        self.send_media(self.chance.choice(words.MEDIA))

    def _opt_out(self) -> None:
        self.opt_out(self.chance.choice(("STOP", "START", "HELP")))


_ACTS: dict[Callable[[Walk], None], float] = {
    Walk.lead_on: 66,
    Walk._banter: 10,
    Walk._say_what_always_counts: 4,
    Walk._surprise: 6,
    Walk._press_old: 4,
    Walk._press_foreign: 2,
    Walk._press_of_a_message: 1.5,
    Walk._attach: 2,
    Walk.repeat: 2,
    Walk.two_at_once: 2,
    Walk._opt_out: 0.5,
}
"""What is done in a turn of the dialogue, and how often in a hundred."""
