"""Pictures of the talks, drawn from the scripts that are played, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from conversations.dialogue import Dialogue
from conversations.dialogues import DIALOGUES
from conversations.flows.chart import chart_of, questions_of
from conversations.flows.checks import faults_of, ledger_faults
from conversations.flows.counts import table
from conversations.flows.mermaid import mermaid
from conversations.flows.svg import svg
from crm.dialogue_steps import Count

_DRAW = {"mermaid": mermaid, "svg": svg}
_ENDINGS = {"mermaid": "mmd", "svg": "svg"}


class NoSuchDialogue(Exception):
    """There is no dialogue of this name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One dialogue by its name, or all; with counts when there are any."""

    name: str | None = None
    counts: Mapping[str, Count] | None = None

    def __post_init__(self) -> None:
        """Raise NoSuchDialogue."""
        if self.name and self.name not in DIALOGUES:
            raise NoSuchDialogue(f"There is no dialogue {self.name}: {', '.join(DIALOGUES)}.")

    @property
    def talks(self) -> list[type[Dialogue]]:
        """Those that were asked for, in the order of their names."""
        return [DIALOGUES[self.name]] if self.name else [DIALOGUES[n] for n in sorted(DIALOGUES)]

    def faults(self) -> Iterator[str]:
        """What is wrong with them, and with the ledger of their questions."""
        for talk in self.talks:
            yield from faults_of(talk)
        if self.name is None:
            yield from ledger_faults()

    def drawn(self, form: str) -> dict[str, str]:
        """Each of them drawn, by name."""
        return {talk.name: _DRAW[form](chart_of(talk, self.counts or {})) for talk in self.talks}

    def write(self, folder: Path, form: str) -> Iterator[Path]:
        """A file for each in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in self.drawn(form).items():
            path = folder / f"{name}.{_ENDINGS[form]}"
            path.write_text(picture, "utf-8")
            yield path

    def table(self) -> str:
        """Their counts as a table."""
        return table([(t.name, questions_of(t)) for t in self.talks], self.counts or {})
