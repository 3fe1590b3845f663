"""Errors of place and area of matched incidents, in metres of the district's own frame."""

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.truth_match import DayMatch, Pair, Verdict
from vision.georeference.frame import LocalFrame

__all__ = ["Placed", "is_inside_ellipse", "placed_of"]


@dataclass(frozen=True, slots=True)
class Placed:
    """How far a matched incident's place is from the truth.

    Args:
        category: Of the true thing.
        error_m: Distance of the two centroids.
        distance_m: Of the thing from the camera.
        is_covered: Whether the true centroid lies inside the 95 % ellipse.
        area_error: Absolute error of the area, share of the true one; None where no area was given.
    """

    category: str
    error_m: float
    distance_m: float
    is_covered: bool
    area_error: float | None


def placed_of(match: DayMatch) -> list[Placed]:
    """The matched incidents of a camera-day that have a place; doubles and wrong categories left out."""
    return [
        placed
        for pair in match.pairs
        if pair.verdict is Verdict.MATCHED and (placed := _placed(pair)) is not None
    ]


def is_inside_ellipse(east_m: float, north_m: float, ellipse: tuple[float, float, float]) -> bool:
    """Whether an offset from the ellipse's middle lies inside it.

    Args:
        east_m: Offset to the east.
        north_m: Offset to the north.
        ellipse: Half axes in metres, azimuth of the longer one in degrees clockwise from north.
    """
    major, minor, azimuth_deg = ellipse
    turn = math.radians(azimuth_deg)
    along = east_m * math.sin(turn) + north_m * math.cos(turn)
    across = east_m * math.cos(turn) - north_m * math.sin(turn)
    return (along / major) ** 2 + (across / minor) ** 2 <= 1.0


def _placed(pair: Pair) -> Placed | None:
    incident, thing = pair.incident, pair.thing
    if thing is None or incident.lonlat is None or incident.ellipse is None:
        return None
    frame = LocalFrame(*incident.lonlat)
    east, north = (float(value) for value in frame.to_metres(np.array([thing.lonlat]))[0])
    area = None if incident.area_m2 is None else abs(incident.area_m2 - thing.area_m2) / thing.area_m2
    return Placed(
        thing.category,
        math.hypot(east, north),
        thing.distance_m,
        is_inside_ellipse(east, north, incident.ellipse),
        area,
    )
