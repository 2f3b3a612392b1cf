"""Answers on a scale of five, counted in the database: mean, share of the satisfied, NPS.

Figures of fewer than five answers are not shown: they would point at people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute

from crm.kit.intervals import Interval, Nps, wilson

LEAST = 5
"""Groups smaller than this are hidden."""
SCALE = (1, 2, 3, 4, 5)
_SATISFIED = 4
Column = InstrumentedAttribute[Any] | ColumnElement[Any]


def counted(score: Column, nps: Column) -> list[ColumnElement[int]]:
    """The columns of a query whose row `Tally.of` reads: five scores, then three kinds of NPS."""
    kinds = (nps >= 9, nps.between(7, 8), nps <= 6)  # noqa: PLR2004 -- the scale's own bounds
    return [
        *(func.count().filter(score == each) for each in SCALE),
        *(func.count().filter(kind) for kind in kinds),
    ]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each score was given, and the NPS beside it."""

    scores: tuple[int, ...] = (0, 0, 0, 0, 0)
    nps: Nps = field(default_factory=Nps)

    @classmethod
    def of(cls, row: Sequence[int]) -> "Tally":
        """Read what `counted` asked for."""
        return cls(tuple(row[:5]), Nps(*row[5:8]))

    @property
    def n(self) -> int:
        """How many answered."""
        return sum(self.scores)

    @property
    def is_hidden(self) -> bool:
        """True when so few answered that the figures would point at them."""
        return self.n < LEAST

    @property
    def average(self) -> float | None:
        """The mean score; None when nobody answered."""
        total = sum(score * times for score, times in zip(SCALE, self.scores, strict=True))
        return total / self.n if self.n else None

    @property
    def satisfied(self) -> int:
        """How many gave one of the two best scores."""
        return sum(self.scores[_SATISFIED - 1 :])

    @property
    def csat(self) -> float | None:
        """Their share of all answers; None when nobody answered."""
        return self.satisfied / self.n if self.n else None

    @property
    def csat_interval(self) -> Interval | None:
        """How sure that share is."""
        return wilson(self.satisfied, self.n)
