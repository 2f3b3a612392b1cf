"""Then and now, side by side."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from bot.texts import dates
from conversations.replay.again import Turn

_WIDE = 46


def side_by_side(turns: Sequence[Turn]) -> Iterator[str]:
    """The turns as lines: what was said, then two columns; a `!` marks each line that differs."""
    yield f"    {'then':<{_WIDE}}   now"
    for turn in turns:
        house = "  (asks the house something else)" if turn.asks_house and turn.differs else ""
        yield ""
        yield f"{turn.number:>3} {dates.moment(turn.at)}: {' '.join(turn.words.split())}{house}"
        yield from _columns(turn)
    differing = sum(turn.differs for turn in turns)
    yield ""
    yield f"{len(turns)} turns, {differing or 'none'} of them different."


def _columns(turn: Turn) -> Iterator[str]:
    for then, now in zip_longest(_lines(turn.then), _lines(turn.now), fillvalue=""):
        mark = " " if then == now else "!"
        yield f"    {then:<{_WIDE}} {mark} {now}".rstrip()


def _lines(text: str) -> list[str]:
    return [line for part in text.splitlines() for line in wrap(part, _WIDE) or [""]]
