"""Bounds against values from tables, and against what they claim: how often they hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.bounds import clustered_interval, poisson_bounds
from contracts.shares import wilson_bounds


@given(st.integers(0, 300), st.integers(1, 300))
def test_wilson_bounds_lie_where_the_share_is_just_one_bound_away(hits: int, total: int) -> None:
    hits = min(hits, total)
    for bound in wilson_bounds(hits, total):
        if 0 < bound < 1:
            distance = (hits / total - bound) / math.sqrt(bound * (1 - bound) / total)
            assert abs(distance) == pytest.approx(1.6448536, abs=1e-6)
    assert wilson_bounds(0, 0) == (0.0, 1.0)


def test_poisson_agrees_with_garwoods_table() -> None:
    # Garwood 1936, 95 % on each side.
    assert poisson_bounds(0, 1.0) == pytest.approx((0.0, 2.9957), abs=1e-3)
    assert poisson_bounds(5, 1.0) == pytest.approx((1.9702, 10.5130), abs=1e-3)
    assert poisson_bounds(30, 40.0) == pytest.approx((21.594 / 40, 40.691 / 40), abs=1e-3)
    assert poisson_bounds(3, 0.0) == (0.0, math.inf)


@pytest.mark.parametrize("rate", [0.3, 1.0, 8.0, 60.0])
def test_the_upper_bound_of_a_rate_holds_at_least_nineteen_times_of_twenty(rate: float) -> None:
    counts = np.random.default_rng(1).poisson(rate, 4000)
    bounds = {int(count): poisson_bounds(int(count), 1.0) for count in set(counts)}
    assert np.mean([bounds[int(count)][1] >= rate for count in counts]) >= 0.945
    assert np.mean([bounds[int(count)][0] <= rate for count in counts]) >= 0.945


@given(st.integers(0, 400), st.integers(1, 400))
def test_bounds_enclose_the_share_and_tighten_with_more_of_the_same(hits: int, more: int) -> None:
    total = hits + more
    low, high = wilson_bounds(hits, total)
    assert 0 <= low <= hits / total <= high <= 1
    lower, higher = wilson_bounds(10 * hits, 10 * total)
    assert low <= lower + 1e-12 and higher <= high + 1e-12


@given(st.integers(0, 500), st.floats(0.1, 1000))
def test_bounds_enclose_the_rate(count: int, exposure: float) -> None:
    low, high = poisson_bounds(count, exposure)
    assert low <= count / exposure < high


def test_clusters_that_agree_within_themselves_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    alone = clustered_interval([int(hit) for hit in rng.random(1000) < 0.95], [1] * 1000)
    together = clustered_interval([50] * 19 + [0], [50] * 20)
    assert alone is not None and together is not None
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])
    assert clustered_interval([3], [4]) is None and clustered_interval([], []) is None
    assert clustered_interval([4, 4], [4, 4]) == (1.0, 1.0)
