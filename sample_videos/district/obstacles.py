"""What stands on or near a path on a day, and how those who pass go round it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.episodes.board import block_of
from sample_videos.district.layout import DISTRICT
from sample_videos.district.routes import beside, line_of
from sample_videos.district.things import Part
from sample_videos.district.timeline import day_of

__all__ = ["Course", "Obstacle", "bump", "obstacles", "swerves"]

F64 = NDArray[np.float64]
CLEAR_M = {"walk": 0.35, "cycle": 0.55, "drive": 1.15}
"""Half a mover's width and some air: so far it stays from what stands there."""
LONGEST_SWERVE_M = 2.6


@dataclass(frozen=True, slots=True)
class Course:
    """How one goes along a path.

    Args:
        path: Number of the path in `DISTRICT.paths`.
        is_back: It goes the path from its end.
        aside_m: Its offset to the right, as it goes.
        times: Knots of its way, seconds.
        metres: Metres gone at the knots.
    """

    path: int
    is_back: bool
    aside_m: float
    times: tuple[float, ...]
    metres: tuple[float, ...]


def bump(metres: float) -> float:
    """1 beside a thing, 0 from nine metres off; smooth."""
    away = abs(metres)
    if away >= 9.0:
        return 0.0
    return 1.0 if away <= 3.0 else float(0.5 + 0.5 * np.cos(np.pi * (away - 3.0) / 6.0))


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that stands on or near a path: where along it, from and to which offset, and when."""

    metre: float
    left_m: float
    right_m: float
    from_t: float
    to_t: float


def swerves(course: Course, there: Iterable[Obstacle]) -> Iterator[tuple[float, float]]:
    """(metre, offset to the right as one goes) of all that one must go round."""
    way, length = DISTRICT.paths[course.path], line_of(course.path).length_m
    clear = CLEAR_M[way.kind]
    aside = -course.aside_m if course.is_back else course.aside_m
    for each in there:
        if not each.left_m - clear < aside < each.right_m + clear:
            continue
        metre = length - each.metre if course.is_back else each.metre
        passes = float(np.interp(metre, course.metres, course.times))
        if each.from_t - 6 < passes < each.to_t + 6:
            left, right = each.left_m - clear - aside, each.right_m + clear - aside
            shift = left if -left <= right else right
            if abs(shift) <= LONGEST_SWERVE_M:
                yield metre, -shift if course.is_back else shift


@lru_cache(maxsize=256)
def obstacles(seed: int, scenario: str, path: int, day: int) -> tuple[Obstacle, ...]:
    """What stands on or near a path on a day."""
    way = DISTRICT.paths[path]
    parts, corners = _standing(seed, scenario, day)
    reach = way.width_m / 2 + CLEAR_M[way.kind]
    metres, asides = beside(path, corners.reshape(-1, 2))
    metres, asides = metres.reshape(-1, 4), asides.reshape(-1, 4)
    near = (asides.min(axis=1) < reach) & (asides.max(axis=1) > -reach)
    return tuple(
        Obstacle(float(metre.mean()), float(aside.min()), float(aside.max()), part.from_t, part.to_t)
        for part, metre, aside, is_near in zip(parts, metres, asides, near, strict=True)
        if is_near
    )


@lru_cache(maxsize=8)
def _standing(seed: int, scenario: str, day: int) -> tuple[tuple[Part, ...], F64]:
    """What stands still on a day: the parts, and (N, 4, 2) the corners of their ground."""
    parts = tuple(
        part for episode in day_of(seed, day, scenario).episodes for part in episode.parts if not part.way
    )
    return parts, np.array([block_of(part) for part in parts]).reshape(-1, 4, 2)
