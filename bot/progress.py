"""Showing how far a long piece of work is: a bar on a terminal, a few plain lines elsewhere."""

from collections.abc import Collection, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track as bar

_Item = TypeVar("_Item")


def track(items: Collection[_Item], label: str) -> Iterator[_Item]:
    """Yield the items, showing how many are done."""
    console = Console()
    if console.is_terminal:
        yield from bar(items, description=label, console=console)
    else:
        yield from items
        console.print(f"{label}: {len(items)}", highlight=False)
