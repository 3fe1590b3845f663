"""The place of a thing: the centroid of its footprint on the ground, with all that is uncertain in it.

A box shows where a thing meets the ground in front and how wide it looks from here. How deep it is, and
how it is turned, the box does not show: both are a prior by category, whose spread stretches the error
ellipse, mostly along the line of sight.
Source: docs/methods/georeference.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.georeference.ellipse import Ellipse95, ellipse_of
from vision.georeference.homography import PlaneGeoreferencer
from vision.types import Box

__all__ = ["Place", "place_footprint"]

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a footprint whose width, as seen from here, is 1: means and standard deviations.

    Args:
        depth: Twice the way from its nearest point to its centroid, along the line of sight.
        depth_sigma: Of it.
        area: Its area.
        area_sigma: Of it.
    """

    depth: float
    depth_sigma: float
    area: float
    area_sigma: float


SHAPES = {
    "street_vendor": Shape(1.0, 0.28, 0.60, 0.24),
    "garbage_pile": Shape(1.07, 0.30, 0.81, 0.25),
    "construction_debris": Shape(1.07, 0.30, 0.81, 0.25),
    "overflowing_bin": Shape(0.95, 0.16, 0.57, 0.16),
}
"""Drawn 20 000 times each: oblongs (stalls 0.7 +- 0.2 as deep as wide, bins 0.9 +- 0.15) and ovals (heaps
0.8 +- 0.2) at any place before the camera and turned any way, seen as boxes."""
OTHER_SHAPE = Shape(1.02, 0.35, 0.65, 0.30)
SIDEWAYS = 0.05
"""Standard deviation of the centroid across the line of sight, share of the width: a turned oblong's
middle is not the box's (0.04), and goods or roofs hang over one side."""
EDGE_PX = 2.0
EDGE_SHARE = 0.03
"""Error of a detected box's edge: so many pixels, and this share of the box's longer side."""
CUT_PX = 2.0
CUT_SHARE = 0.5
"""A box cut off by the picture's edge hides up to its own size; this share of it is the error."""
NORMAL_95 = 1.96
CORNERS = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands.

    Args:
        lonlat: Centroid of the footprint, degrees EPSG:4326.
        ellipse: Its 95 % error.
        footprint: Closed ring, counter-clockwise: an oval as wide and as large as the footprint.
        area_m2: Area of the footprint.
        area_error_m2: 95 % half width of the area.
    """

    lonlat: tuple[float, float]
    ellipse: Ellipse95
    footprint: list[tuple[float, float]]
    area_m2: float
    area_error_m2: float


def place_footprint(
    box_xyxy_px: Box,
    georeferencer: PlaneGeoreferencer,
    picture_wh: tuple[int, int],
    category: str,
    look_px: float = 1.0,
) -> Place | None:
    """The place of the thing in a box.

    Args:
        box_xyxy_px: Its box, pixels of the calibration's picture; the lower edge is where it meets the
            ground in front.
        georeferencer: The view's calibration.
        picture_wh: Size of the calibration's picture.
        category: Chooses the prior of depth and area.
        look_px: Pixels of the calibration's picture per pixel of the look that the box was found in.

    Returns: The place, or None beyond the horizon or the range.
    """
    x1, y1, x2, y2 = box_xyxy_px
    middle_px = (x1 + x2) / 2
    edge_sigma = float(np.hypot(EDGE_PX * look_px, EDGE_SHARE * max(x2 - x1, y2 - y1)))
    feet = georeferencer.locate(
        np.array([[x1, y2], [x2, y2], [middle_px, y2], [middle_px, y2 - 2.0]]), edge_sigma
    )
    if not np.isfinite(feet.east_north_m).all():
        return None
    left, right, front, beyond = feet.east_north_m
    width_m = max(float(np.linalg.norm(right - left)), 1e-6)
    away = (beyond - front) / max(float(np.linalg.norm(beyond - front)), 1e-9)
    across = np.array([-away[1], away[0]])
    shape = SHAPES.get(category, OTHER_SHAPE)
    centre = front + away * shape.depth * width_m / 2
    covariance = feet.covariance_m2[2] + _spread(shape, width_m, away, across)
    covariance += _cut_off(box_xyxy_px, picture_wh, width_m, away, across)
    area_m2 = shape.area * width_m**2
    width_sigma = float(np.sqrt(2.0 * across @ feet.covariance_m2[2] @ across))
    relative = float(np.hypot(shape.area_sigma / shape.area, 2 * width_sigma / width_m))
    ring = _oval(centre, across * width_m / 2, away * area_m2 / width_m)
    lonlat = georeferencer.frame.to_lonlat(np.vstack([centre[None], ring]))
    return Place(
        (float(lonlat[0, 0]), float(lonlat[0, 1])),
        ellipse_of(covariance),
        [(float(lon), float(lat)) for lon, lat in lonlat[1:]],
        area_m2,
        NORMAL_95 * area_m2 * min(relative, 3.0),
    )


def _spread(shape: Shape, width_m: float, away: F64, across: F64) -> F64:
    """(2, 2) covariance of the centroid about the place that the prior gives."""
    along = (shape.depth_sigma * width_m / 2) ** 2 * np.outer(away, away)
    return np.asarray(along + (SIDEWAYS * width_m) ** 2 * np.outer(across, across))


def _cut_off(box: Box, picture_wh: tuple[int, int], width_m: float, away: F64, across: F64) -> F64:
    """Additional covariance of a box that the picture's edge cuts."""
    hidden = (CUT_SHARE * width_m) ** 2
    extra = np.zeros((2, 2))
    if box[0] <= CUT_PX or box[2] >= picture_wh[0] - CUT_PX:
        # What is cut off in width is missing in the depth that follows from it, too.
        extra += hidden * (np.outer(across, across) + 0.25 * np.outer(away, away))
    if box[3] >= picture_wh[1] - CUT_PX:
        extra += hidden * np.outer(away, away)
    return extra


def _oval(centre: F64, half_across: F64, depth: F64) -> F64:
    """(CORNERS + 1, 2) closed ring around `centre`, counter-clockwise, of area 2 |half_across| |depth|."""
    turns = np.arange(CORNERS + 1) * 2 * np.pi / CORNERS
    turns[-1] = 0.0
    # A polygon of this many corners with unit reach has the area CORNERS / 2 * sin(2 pi / CORNERS).
    unit_area = CORNERS / 2 * np.sin(2 * np.pi / CORNERS)
    half_depth = depth * 2 / unit_area
    ring = centre + np.outer(np.cos(turns), half_across) + np.outer(np.sin(turns), half_depth)
    turned = half_across[0] * half_depth[1] - half_across[1] * half_depth[0] < 0
    return np.asarray(ring[::-1] if turned else ring)
