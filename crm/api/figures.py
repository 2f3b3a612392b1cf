"""The shapes of figures: rates with their interval, scores of a scale of five, NPS."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, Self

from crm.api.kit import Out
from crm.kit.intervals import Interval, Nps, Rate
from crm.kit.scores import LEAST, SCALE, Tally


class IntervalOut(Out):
    """The bounds within which the truth lies, 19 times of 20."""

    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval | None) -> Self | None:
        """The same; null stays null."""
        return cls(low=interval.low, high=interval.high) if interval else None


class RateOut(Out):
    """A share of what counts; null where nothing counted. `excluded` says what was left out."""

    numerator: int
    denominator: int
    rate: float | None
    interval: IntervalOut | None
    excluded: Mapping[str, int]
    as_of: datetime

    @classmethod
    def of(cls, rate: Rate, as_of: datetime) -> Self:
        """The shape of a rate."""
        return cls(
            numerator=rate.numerator,
            denominator=rate.denominator,
            rate=rate.rate,
            interval=IntervalOut.of(rate.interval),
            excluded=rate.excluded,
            as_of=as_of,
        )


class NpsOut(Out):
    """Promoters minus detractors in points, with the margin to either side."""

    score: float | None
    margin: float | None
    promoters: int
    passives: int
    detractors: int

    @classmethod
    def of(cls, nps: Nps) -> Self | None:
        """The shape; null where so few answered that it would point at them."""
        if nps.n < LEAST:
            return None
        return cls(
            score=nps.score,
            margin=nps.margin,
            promoters=nps.promoters,
            passives=nps.passives,
            detractors=nps.detractors,
        )


class CsatOut(Out):
    """The share of those who gave one of the two best scores."""

    rate: float | None
    interval: IntervalOut | None


class ScoresOut(Out):
    """Answers on a scale of five. Fewer than five answers show nothing but their number."""

    n: int
    average: float | None = None
    distribution: Mapping[int, int] | None = None
    csat: CsatOut | None = None
    nps: NpsOut | None = None

    @classmethod
    def of(cls, tally: Tally) -> Self:
        """The shape of a tally."""
        if tally.is_hidden:
            return cls(n=tally.n)
        return cls(
            n=tally.n,
            average=tally.average,
            distribution=dict(zip(SCALE, tally.scores, strict=True)),
            csat=CsatOut(rate=tally.csat, interval=IntervalOut.of(tally.csat_interval)),
            nps=NpsOut.of(tally.nps),
        )


class Grouped(Protocol):
    """A line of a series, as operations count it."""

    @property
    def key(self) -> str:
        """What it is grouped by."""
        ...

    @property
    def name(self) -> str:
        """The same for people."""
        ...

    @property
    def tally(self) -> Tally:
        """What was counted."""
        ...


class ScoreGroupOut(ScoresOut):
    """One line of a series."""

    key: str
    name: str

    @classmethod
    def of_group(cls, group: Grouped) -> Self:
        """The shape of a line."""
        scores = ScoresOut.of(group.tally).model_dump()
        return cls(key=group.key, name=group.name, **scores)
