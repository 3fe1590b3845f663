"""Bounds of measured rates, and of shares whose samples hang together."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "clustered_interval",
    "poisson_bounds",
    "quantile",
    "rate_of",
    "rounded",
    "share_of",
]

TAIL: Final = 0.05
RESAMPLES: Final = 2000
HALVINGS: Final = 60


def poisson_bounds(count: int, exposure: float) -> tuple[float, float]:
    """Lower and upper exact one-sided 95 % bound of a rate per unit of exposure; (0, inf) without exposure.

    Source: F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936).
    """
    if exposure <= 0:
        return 0.0, math.inf
    high = 10.0 + 3.0 * count
    upper = _crossing(lambda mean: _poisson_at_most(count, mean) - TAIL, high)
    lower = _crossing(lambda mean: TAIL - 1 + _poisson_at_most(count - 1, mean), high) if count else 0.0
    return lower / exposure, upper / exposure


def clustered_interval(
    hits: Sequence[int], totals: Sequence[int], seed: int = 0
) -> tuple[float, float] | None:
    """Two-sided 95 % interval of a share whose samples hang together in clusters; None below two clusters.

    Whole clusters are drawn again with replacement.
    Source: B. Efron, R. Tibshirani, An introduction to the bootstrap (1993).
    """
    if len(totals) < 2 or not sum(totals):
        return None
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(totals), (RESAMPLES, len(totals)))
    all_hits, all_totals = np.array(hits)[drawn].sum(axis=1), np.array(totals)[drawn].sum(axis=1)
    shares: NDArray[np.float64] = all_hits[all_totals > 0] / all_totals[all_totals > 0]
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The least value that at least `share` of the values do not exceed; None without values."""
    ordered = sorted(values)
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)


def share_of(part: int, total: int) -> float | None:
    """A share to four digits; None of nothing."""
    return round(part / total, 4) if total else None


def rate_of(count: float, exposure: float) -> float | None:
    """A rate to three digits; None without exposure."""
    return round(count / exposure, 3) if exposure else None


def rounded(bounds: Sequence[float]) -> list[float]:
    """Bounds to four digits; what has no bound is written as 1e9, for JSON knows no infinity."""
    return [round(bound, 4) if math.isfinite(bound) else 1e9 for bound in bounds]


def _poisson_at_most(count: int, mean: float) -> float:
    """Probability of at most `count` events."""
    if mean <= 0:
        return 1.0
    numbers = np.arange(count + 1)
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(numbers[1:]))])
    return min(1.0, float(np.exp(numbers * math.log(mean) - mean - log_factorials).sum()))


def _crossing(falling: Callable[[float], float], high: float) -> float:
    """Where a falling function crosses 0 between 0 and `high`."""
    low = 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
