"""A talk written down as it would be remembered, played through the whole product.

::

    Ada: hi
    Bot: Welcome to GrandPro...
         [English] [Pidgin]
    Ada: [English]
    -- 14 hours later --

`...` stands for any words; `[label]` presses a button or list row; a Bot paragraph is one message.
A mismatch fails with the whole talk as it really went.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from textwrap import dedent

from bot.sandbox.messages import Message
from tests.people import PEOPLE, Person
from tests.stack import Stack

_LATER = re.compile(r"-- (\d+) (minute|hour|day)s? later --")
_PRESS = re.compile(r"\[(.+)\]")


@dataclass
class Step:
    """One line of the talk with what continues it."""

    speaker: str
    text: str


class TalkWentElsewhere(AssertionError):
    """The bot said something else than remembered."""


def play(stack: Stack, talk: str) -> None:
    """Play the talk and compare each of the bot's messages."""
    went: list[str] = []
    seen: dict[str, int] = {}
    person: Person | None = None
    for step in _steps(talk):
        if step.speaker == "--":
            stack.later(_pause(step.text))
        elif step.speaker.startswith("Bot"):
            hearer = _hearer(step, person)
            _hear(stack, hearer, step, seen, went)
        else:
            person = PEOPLE[step.speaker]
            seen.setdefault(person.name, len(stack.heard_by(person)))
            _refuse_unheard(stack, person, seen, went)
            went.append(f"{person.name}: {step.text}")
            _speak(stack, person, step.text)
    for name in seen:
        _refuse_unheard(stack, PEOPLE[name], seen, went)


def drawn(message: Message) -> str:
    """A message as the person sees it: its words, then its buttons or rows."""
    labels = " ".join(f"[{choice.label}]" for choice in message.choices)
    return f"{message.body}\n{labels}".strip()


def _steps(talk: str) -> Iterator[Step]:
    step: Step | None = None
    for line in dedent(talk).strip().splitlines():
        if line.startswith("--"):
            start = Step("--", line)
        elif line[:1].strip() and ":" in line:
            speaker, _, text = line.partition(":")
            start = Step(speaker, text.strip())
        else:
            assert step is not None, f"a talk does not begin with {line!r}"
            step.text += "\n" + line.strip()
            continue
        if step:
            yield Step(step.speaker, step.text.strip())
        step = start
    if step:
        yield Step(step.speaker, step.text.strip())


def _hearer(step: Step, person: Person | None) -> Person:
    named = re.fullmatch(r"Bot to (\w+)", step.speaker)
    if named:
        return PEOPLE[named[1]]
    assert person is not None, "nobody has spoken yet"
    return person


def _hear(stack: Stack, person: Person, step: Step, seen: dict[str, int], went: list[str]) -> None:
    heard = stack.heard_by(person)
    at = seen.setdefault(person.name, 0)
    if at >= len(heard):
        _fail(went, step.text, "(nothing)")
    said = drawn(heard[at])
    seen[person.name] = at + 1
    if not _is_meant(step.text, said):
        _fail(went, step.text, said)
    went.append(f"{step.speaker}: {said}")


def _refuse_unheard(stack: Stack, person: Person, seen: dict[str, int], went: list[str]) -> None:
    unheard = stack.heard_by(person)[seen[person.name] :]
    if unheard:
        _fail(went, "(nothing more)", drawn(unheard[0]))


def _is_meant(expected: str, said: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, said, re.DOTALL) is not None


def _speak(stack: Stack, person: Person, text: str) -> None:
    press = _PRESS.fullmatch(text)
    if press:
        stack.press(person, press[1])
    else:
        stack.say(person, text)


def _pause(line: str) -> timedelta:
    found = _LATER.fullmatch(line.strip())
    assert found, f"not a pause: {line!r}"
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _fail(went: list[str], expected: str, said: str) -> None:
    talk = "\n".join(went)
    raise TalkWentElsewhere(f"\n{talk}\n\nremembered:\n{expected}\n\nsaid:\n{said}")
