"""A script as data, played by `transitions`: what each question hears, and what is asked then.

A line of a script reads *at, hears, when, does, then*: at this question, hearing this, when this
holds, the talk does this and goes there. A state is one of three things:

- a **question to the person**: entering it sends the text of the same name and its options;
- a **question to the house** (listed in `house`): the desk answers it, and the talk hears that;
- an **end**: its text is sent and the talk is over, or it `leads_to` another talk.

Nothing here touches a database, a clock or a carrier: the same state, answers and words always
give the same play, so a conversation can be replayed from its messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

from transitions import Event, Machine, Transition

from bot.channels.carrier import Option

Answers = dict[str, Any]
"""What the talk knows so far; only what JSON can hold."""
Line = tuple[str, str, str | None, str | None, str]


class ScriptWrong(Exception):
    """A script names something that is not there; found at import."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence said before the next question, by its text's key."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Dialogue:
    """One talk at one moment: a state, the answers so far, and the table that moves it."""

    name: ClassVar[str]
    script: ClassVar[Sequence[Line]]
    house: ClassVar[frozenset[str]] = frozenset()
    offers: ClassVar[Mapping[str, str | tuple[str, ...]]] = {}
    """The options of a question: their ids, or the method that lists them."""
    leads_to: ClassVar[Mapping[str, str]] = {}
    """Ends that open another talk, as "dialogue", "dialogue.state" or "back"; "onward" is the
    talk that is named in `answers["then"]`."""
    is_personal: ClassVar[bool] = False
    """Shows or changes what is kept of one patient: a date of birth opens it, once in a talk."""

    machine: ClassVar[Machine]
    hears: ClassVar[Mapping[str, tuple[str, ...]]]

    def __init__(self, state: str, answers: Answers, now: datetime, language: str = "en") -> None:
        """Take up the talk where it stands."""
        self.state = state
        self.answers = answers
        self.now = now
        self.language = language
        self.notes: list[Note] = []
        self.begins_anew = False
        """Set where the answers so far are dropped: "back" must not lead to what asked for them."""

    def __init_subclass__(cls) -> None:
        """Build the machine once, and refuse a script that cannot be played."""
        super().__init_subclass__()
        cls.hears = _hears(cls.script)
        cls.machine = _machine(cls.script)
        faults = list(_faults(cls))
        if faults:
            raise ScriptWrong(f"{cls.__name__}: " + "; ".join(faults))

    def fire(self, heard: str, value: Any = None) -> bool:
        """Play one thing heard. False when no line of the script holds for it here."""
        return bool(self.machine.events[heard].trigger(self, value))

    @property
    def is_over(self) -> bool:
        """True at an end."""
        return self.state not in self.hears

    def note(self, key: str, /, **facts: Any) -> None:
        """Say something before the next question."""
        self.notes.append(Note(key, facts))

    def options(self) -> list[Option]:
        """What the present question offers; labels of fixed ones come from the texts."""
        offer = self.offers.get(self.state, ())
        if isinstance(offer, str):
            return list(getattr(self, offer)())
        return [Option(id_, "") for id_ in offer]

    def other_names(self) -> Mapping[str, Sequence[str]]:
        """What else people call the options of the present question, by their ids."""
        return {}

    def facts(self) -> dict[str, Any]:
        """What the texts of this talk may mention."""
        return dict(self.answers)


def as_day(text: str) -> date:
    """A day kept among the answers."""
    return date.fromisoformat(text)


def as_moment(text: str) -> datetime:
    """A moment kept among the answers."""
    return datetime.fromisoformat(text)


def _hears(script: Sequence[Line]) -> dict[str, tuple[str, ...]]:
    kinds: dict[str, list[str]] = {}
    for at, hears, *_ in script:
        at_state = kinds.setdefault(at, [])
        if hears not in at_state:
            at_state.append(hears)
    return {at: tuple(heard) for at, heard in kinds.items()}


_Played = tuple[tuple[str, ...], tuple[str, ...], str]
"""The conditions of a line, what it does, and where it goes."""


class _Hearing(Event):
    """Something heard: the first line of the script that holds is played.

    The library's own trigger runs its hooks for entering, leaving, before and after, of machine
    and states, at each step: a third of a turn's time, and no script has any.
    """

    def trigger(self, model: Any, *args: Any, **_: Any) -> bool:
        """Play one line for this talk. False when none holds where it stands."""
        for conditions, actions, then in self._lines.get(model.state, ()):
            if not conditions or all(getattr(model, name)(*args) for name in conditions):
                for action in actions:
                    getattr(model, action)(*args)
                model.state = then
                return True
        return False

    @cached_property
    def _lines(self) -> dict[str, list[_Played]]:
        return {at: [_played(line) for line in lines] for at, lines in self.transitions.items()}


def _played(line: Transition) -> _Played:
    conditions = tuple(str(condition.func) for condition in line.conditions)
    return conditions, tuple(map(str, line.before)), str(line.dest)


class _ScriptMachine(Machine):
    """A machine whose events are things heard."""

    event_cls = _Hearing


def _machine(script: Sequence[Line]) -> Machine:
    rows = [
        {"trigger": hears, "source": at, "dest": then, "conditions": when, "before": does}
        for at, hears, when, does, then in script
    ]
    states = list(dict.fromkeys(state for at, *_, then in script for state in (at, then)))
    return _ScriptMachine(
        model=None,
        states=states,
        transitions=rows,
        initial=states[0],
        auto_transitions=False,
        queued=False,
    )


def _faults(cls: type[Dialogue]) -> list[str]:
    named = [name for *_, when, does, _ in cls.script for name in (when, does) if name]
    named += [offer for offer in cls.offers.values() if isinstance(offer, str)]
    reached = {then for *_, then in cls.script}
    return [
        *(f"no method {name}" for name in named if not hasattr(cls, name)),
        *(f"{state} is never reached" for state in cls.hears if state not in reached | _ENTRIES),
        *(
            f"{state} does not hear anything"
            for state, kinds in cls.hears.items()
            if state not in cls.house and "anything" not in kinds
        ),
        *(f"{state} is not in the script" for state in cls.house if state not in cls.hears),
        *(f"{end} leads on but is no end" for end in cls.leads_to if end in cls.hears),
        *(f"nobody offers at {state}" for state in cls.offers if state not in reached),
    ]


_ENTRIES = {"start"}
