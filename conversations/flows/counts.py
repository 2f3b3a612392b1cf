"""Where people stop, as a table to read in a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from crm.dialogue_steps import Count

_HEAD = ("question", "came", "went on", "stopped", "of those", "now here", "misheard")


def table(talks: Sequence[tuple[str, Sequence[str]]], counts: Mapping[str, Count]) -> str:
    """The questions of each talk in the order of its script, those nobody came to left out."""
    return "\n".join(_lines(talks, counts))


def _lines(
    talks: Sequence[tuple[str, Sequence[str]]], counts: Mapping[str, Count]
) -> Iterator[str]:
    yield "The last 30 days, until yesterday"
    yield _row(_HEAD)
    seen = False
    for name, states in talks:
        for state in states:
            count = counts.get(f"{name}.{state}")
            if count:
                seen = True
                yield _row(_cells(f"{name}.{state}", count))
    if not seen:
        yield "Nobody has been counted yet; the job `steps` does it each night."


def _cells(question: str, count: Count) -> tuple[str, ...]:
    share = f"{count.drop_off:.0%}" if count.entered else ""
    numbers = (count.entered, count.left, count.abandoned)
    return (question, *map(str, numbers), share, str(count.standing), str(count.misheard))


def _row(cells: Sequence[str]) -> str:
    first, *rest = cells
    return f"{first:<34}" + "".join(f"{cell:>10}" for cell in rest)
