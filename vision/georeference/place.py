"""The place of a thing: the centroid of its footprint on the ground, with all that is uncertain in it.

A box shows where a thing meets the ground in front, not how deep it is. The depth is a prior by
category; its uncertainty stretches the error ellipse along the line of sight.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.georeference.ellipse import Ellipse95, ellipse_of
from vision.georeference.homography import PlaneGeoreferencer
from vision.types import Box

__all__ = ["Place", "place_footprint"]

F64 = NDArray[np.float64]
DEPTHS = {
    "street_vendor": (0.7, 0.25),
    "garbage_pile": (0.8, 0.25),
    "construction_debris": (0.8, 0.25),
    "overflowing_bin": (0.9, 0.2),
}
"""Depth over width of a footprint and its standard deviation, by category; judged from photographs."""
OTHER_DEPTH = (0.8, 0.35)
TURN_SIGMA = np.deg2rad(15.0)
"""How far a thing may be turned against the line of sight (one sigma): it shifts the middle sideways."""
NORMAL_95 = 1.96
EDGE_PX = 2.0
EDGE_SIGMA_SHARE = 0.5
"""A box cut off by the picture's edge hides up to its own size; this share of it is the error."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands.

    Args:
        lonlat: Centroid of the footprint, degrees EPSG:4326.
        ellipse: Its 95 % error.
        footprint: Closed ring of the footprint, counter-clockwise.
        area_m2: Area of the footprint.
        area_error_m2: 95 % half width of the area.
    """

    lonlat: tuple[float, float]
    ellipse: Ellipse95
    footprint: list[tuple[float, float]]
    area_m2: float
    area_error_m2: float


def place_footprint(
    box_xyxy_px: Box, georeferencer: PlaneGeoreferencer, picture_wh: tuple[int, int], category: str
) -> Place | None:
    """The place of the thing in a box.

    Args:
        box_xyxy_px: Its box; the lower edge is where it meets the ground in front.
        georeferencer: The view's calibration.
        picture_wh: Size of the picture.
        category: Chooses the depth prior.

    Returns: The place, or None beyond the horizon or the range.
    """
    x1, _, x2, y2 = box_xyxy_px
    feet = georeferencer.locate(
        np.array([[x1, y2], [x2, y2], [(x1 + x2) / 2, y2], [(x1 + x2) / 2, y2 - 2.0]])
    )
    left, right, middle, beyond = feet.east_north_m
    if not np.isfinite(feet.east_north_m).all():
        return None
    width_m = float(np.linalg.norm(right - left))
    away = beyond - middle
    away /= max(float(np.linalg.norm(away)), 1e-9)
    share, share_sigma = DEPTHS.get(category, OTHER_DEPTH)
    depth_m, depth_sigma_m = share * width_m, share_sigma * width_m
    centre = middle + away * depth_m / 2
    covariance = feet.covariance_m2[2] + (depth_sigma_m / 2) ** 2 * np.outer(away, away)
    across = np.array([-away[1], away[0]])
    covariance += (depth_m / 2 * np.sin(TURN_SIGMA)) ** 2 * np.outer(across, across)
    covariance += _cut_off(box_xyxy_px, picture_wh, left, right, away)
    ring = _ring(left, right, away * depth_m)
    area, area_error = _area(width_m, depth_m, depth_sigma_m, feet.covariance_m2[2])
    lonlat = georeferencer.frame.to_lonlat(np.vstack([centre[None], ring]))
    return Place(
        (float(lonlat[0, 0]), float(lonlat[0, 1])),
        ellipse_of(covariance),
        [(float(lon), float(lat)) for lon, lat in lonlat[1:]],
        area,
        area_error,
    )


def _cut_off(box: Box, picture_wh: tuple[int, int], left: F64, right: F64, away: F64) -> F64:
    """Additional covariance of a box that the picture's edge cuts."""
    across = right - left
    extra = np.zeros((2, 2))
    if box[0] <= EDGE_PX or box[2] >= picture_wh[0] - EDGE_PX:
        extra += EDGE_SIGMA_SHARE**2 * np.outer(across, across)
    if box[3] >= picture_wh[1] - EDGE_PX:
        extra += (EDGE_SIGMA_SHARE * float(np.linalg.norm(across))) ** 2 * np.outer(away, away)
    return extra


def _ring(left: F64, right: F64, depth: F64) -> F64:
    """Closed ring of a footprint, counter-clockwise."""
    ring = np.array([left, right, right + depth, left + depth, left])
    turned = np.cross(np.append(right - left, 0.0), np.append(depth, 0.0))[2] < 0
    return ring[::-1].copy() if turned else ring


def _area(width_m: float, depth_m: float, depth_sigma_m: float, covariance: F64) -> tuple[float, float]:
    """Area and its 95 % half width; both ends of the width carry pixel error."""
    width_sigma = float(np.sqrt(np.trace(covariance)))
    area = width_m * depth_m
    relative = np.hypot(2 * width_sigma / max(width_m, 1e-6), depth_sigma_m / max(depth_m, 1e-6))
    return area, float(NORMAL_95 * area * min(relative, 3.0))
