"""Intervals against figures from the literature and worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.intervals import Interval, Nps, wilson


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [
        # Newcombe (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_gives_the_published_bounds(numerator, denominator, low, high):
    found = wilson(numerator, denominator)

    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_nothing_counted_has_no_interval():
    assert wilson(0, 0) is None
    assert (Nps().score, Nps().margin) == (None, None)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_stays_a_proportion(counted):
    numerator, denominator = counted
    found = wilson(numerator, denominator)

    assert isinstance(found, Interval)
    assert 0 <= found.low <= numerator / denominator + 1e-12
    assert numerator / denominator - 1e-12 <= found.high <= 1


def test_nps_counts_promoters_passives_and_detractors():
    nps = Nps.of([10, 9, 9, 8, 7, 6, 0, 3, 10, 9])

    assert (nps.promoters, nps.passives, nps.detractors) == (5, 2, 3)
    assert nps.score == pytest.approx(20)


def test_the_margin_is_that_of_the_known_sample_sizes():
    """With p = .5, d = .2: 234 answers for ten points, 937 for five; at worst 384 for ten."""
    assert Nps(117, 70, 47).margin == pytest.approx(10, abs=0.05)
    assert Nps(468, 282, 187).margin == pytest.approx(5, abs=0.02)
    assert Nps(192, 0, 192).margin == pytest.approx(10, abs=0.01)


def test_if_all_agree_there_is_no_margin():
    assert Nps(7, 0, 0).margin == 0
