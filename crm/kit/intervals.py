"""How sure a figure is: Wilson's interval of a proportion, the margin of a net promoter score.

Wilson (1927) as in Agresti and Coull (1998), NPS variance p + d - (p - d)^2; both at 95 %.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

Z95 = 1.959963984540054
_PROMOTERS, _PASSIVES = 9, 7


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which bounds the truth lies, 19 times of 20."""

    low: float
    high: float


def wilson(numerator: int, denominator: int) -> Interval | None:
    """Wilson's score interval of numerator / denominator; None when nothing was counted."""
    if denominator == 0:
        return None
    p, n, z2 = numerator / denominator, denominator, Z95 * Z95
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach))


@dataclass(frozen=True, slots=True)
class Nps:
    """Promoters (9 and 10) minus detractors (0 to 6) in points of a hundred, over answers only."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    @classmethod
    def of(cls, answers: Iterable[int]) -> "Nps":
        """Count answers from 0 to 10."""
        counts = [0, 0, 0]
        for answer in answers:
            counts[0 if answer >= _PROMOTERS else 1 if answer >= _PASSIVES else 2] += 1
        return cls(*counts)

    @property
    def n(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> float | None:
        """From -100 to 100; None when nobody answered."""
        return 100 * (self.promoters - self.detractors) / self.n if self.n else None

    @property
    def margin(self) -> float | None:
        """Points to either side of the score; None when nobody answered."""
        if not self.n:
            return None
        p, d = self.promoters / self.n, self.detractors / self.n
        return 100 * Z95 * sqrt((p + d - (p - d) ** 2) / self.n)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of what counts, and what was left out of it and why."""

    numerator: int
    denominator: int
    excluded: Mapping[str, int] = field(default_factory=dict)
    is_of_cases: bool = True
    """False for shares of money or points: an interval needs cases that were counted."""

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; None when nothing counted."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> Interval | None:
        """How sure it is."""
        return wilson(self.numerator, self.denominator) if self.is_of_cases else None
