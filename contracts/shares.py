"""Bounds of a share that was counted in a sample."""

import math
from typing import Final

__all__ = ["ONE_SIDED_95", "TWO_SIDED_95", "wilson_bounds"]

ONE_SIDED_95: Final = 1.6448536269514722
"""Standard deviations below which 95 % of a normal distribution lie."""
TWO_SIDED_95: Final = 1.959963984540054
"""Standard deviations between whose two signs 95 % of a normal distribution lie."""


def wilson_bounds(hits: int, total: int, deviations: float = ONE_SIDED_95) -> tuple[float, float]:
    """Lower and upper bound of a share; (0, 1) without a sample.

    Args:
        hits: How many of the sample.
        total: Size of the sample.
        deviations: `ONE_SIDED_95` for one-sided 95 % bounds, `TWO_SIDED_95` for a two-sided 95 % interval.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927).
    """
    if total == 0:
        return 0.0, 1.0
    z2 = deviations**2
    share = hits / total
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = deviations / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    # At the ends the two terms are equal but for rounding.
    return middle - half if hits else 0.0, middle + half if hits < total else 1.0
