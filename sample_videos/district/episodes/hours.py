"""When things happen: rates over the day, and spans."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from sample_videos.district.things import hour

__all__ = ["DAWN_H", "STREET_HOURS", "VENDOR_HOURS", "WORK_HOURS", "arrivals", "stay"]

DAWN_H: Final = 4.0
"""A day of the simulation runs from this hour to the same hour of the next day: the street is emptiest."""
LAST_H: Final = 27.95
Weights = Sequence[tuple[float, float, float]]
"""(from hour, to hour, weight per hour); hours beyond 24 are those of the next day."""
VENDOR_HOURS: Weights = (
    (5.0, 6.0, 1.0),
    (6.0, 9.0, 2.4),
    (9.0, 16.0, 1.0),
    (16.0, 22.0, 2.2),
    (22.0, 26.5, 0.7),
)
STREET_HOURS: Weights = ((5.0, 7.0, 0.7), (7.0, 20.0, 1.6), (20.0, 23.0, 1.0), (23.0, 27.5, 0.2))
WORK_HOURS: Weights = ((6.5, 12.0, 1.5), (12.0, 13.5, 0.5), (13.5, 19.0, 1.4), (19.0, 24.0, 0.4))


def arrivals(rng: np.random.Generator, day: int, rate: float, weights: Weights) -> list[float]:
    """Moments of a day, about `rate` of them, in order."""
    shares = np.array([(end - start) * weight for start, end, weight in weights])
    count = int(rng.poisson(rate))
    moments = []
    for _ in range(count):
        start, end, _weight = weights[int(rng.choice(len(weights), p=shares / shares.sum()))]
        moments.append(hour(day, float(rng.uniform(start, end))))
    return sorted(moments)


def stay(
    rng: np.random.Generator, day: int, start: float, median_min: float, bounds_min: tuple[float, float]
) -> float:
    """End of a stay that begins at `start`: log-normal about a median, and never beyond the day's end."""
    minutes = float(np.clip(median_min * np.exp(rng.normal(0, 0.8)), *bounds_min))
    return min(start + minutes * 60.0, hour(day, LAST_H))
