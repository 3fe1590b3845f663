"""The place of a thing: the centroid of its footprint on the ground, with all that is uncertain in it.

A box shows where a thing meets the ground in front, how wide and how high it looks from here. How deep it
is, and how it is turned, the box does not show: bodies of usual sizes, turned any way, are put before the
camera so that they fill the box, and each counts by how well it does.
Source: docs/methods/georeference.md.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vision.georeference.ellipse import Ellipse95, ellipse_of
from vision.georeference.homography import PlaneGeoreferencer
from vision.georeference.plane import Plane
from vision.georeference.shapes import Bodies, bodies_of
from vision.georeference.upright import Upright
from vision.types import Box

__all__ = ["Place", "place_footprint"]

F64 = NDArray[np.float64]
EDGE_PX = 3.0
EDGE_SHARE = 0.04
"""Error of a detected box's edge: so many pixels, or this share of the box's size across that edge, the
larger (one sigma)."""
SKEW_SHARE = 0.025
"""Standard deviation of the footprint's centroid from where a body of even sides has it, of the width."""
BODY_SHARE = 0.04
"""Error of a body's height in the picture, share of it: roofs hang over, heaps have no edges."""
ODD = 0.003
"""A box whose height fits no body at all still says where its lower edge stands."""
ROUNDS = 2
CUT_PX = 2.0
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
        category: Chooses the bodies.
        look_px: Pixels of the calibration's picture per pixel of the look that the box was found in.

    Returns: The place, or None beyond the horizon or the range.
    """
    box = _SeenBox.of(box_xyxy_px, picture_wh, look_px)
    x1, _, x2, y2 = box_xyxy_px
    middle_px = (x1 + x2) / 2
    feet = georeferencer.locate(np.array([[x1, y2], [x2, y2], [middle_px, y2], [middle_px, y2 - 2.0]]), 0.0)
    if not np.isfinite(feet.east_north_m).all():
        return None
    left, right, front, beyond = feet.east_north_m
    width_m = max(float(np.linalg.norm(right - left)), 1e-6)
    away = (beyond - front) / max(float(np.linalg.norm(beyond - front)), 1e-9)
    stand = _Stand(front, np.array([away[1], -away[0]]), away, width_m)
    to_place = np.asarray(np.linalg.inv(georeferencer.plane.jacobians(front[None])[0][0]), np.float64)
    bodies = bodies_of(category)
    centres, scales, weights = _fill(box, stand, bodies, _upright(georeferencer.plane), to_place)
    centre = weights @ centres
    spread = (centres - centre) * np.sqrt(weights)[:, None]
    covariance = feet.covariance_m2[2] + spread.T @ spread + box.covariance_m2(to_place)
    # What stands on the ground is not under the middle of what is seen: a parasol stands off its table.
    covariance += (SKEW_SHARE * width_m) ** 2 * np.eye(2)
    # A box that is seen too wide makes the thing larger, and its middle farther from its front.
    width_error = box.sigma_width / max(x2 - x1, 1.0)
    covariance += width_error**2 * np.outer(centre - front, centre - front)
    areas = bodies.areas * scales**2
    area_m2 = float(weights @ areas)
    area_sigma = float(np.sqrt(weights @ (areas - area_m2) ** 2 + (2 * width_error * area_m2) ** 2))
    if not np.isfinite([*centre, *covariance.ravel(), area_m2]).all():
        return None
    ring = _oval(centre, stand.across * width_m / 2, away * area_m2 / width_m)
    lonlat = georeferencer.frame.to_lonlat(np.vstack([centre[None], ring]))
    return Place(
        (float(lonlat[0, 0]), float(lonlat[0, 1])),
        ellipse_of(covariance),
        [(float(lon), float(lat)) for lon, lat in lonlat[1:]],
        area_m2,
        NORMAL_95 * min(area_sigma, 3.0 * area_m2),
    )


@dataclass(frozen=True, slots=True)
class _SeenBox:
    """A box, what its edges are worth, and which of them the picture's edge cuts.

    Args:
        xyxy: Pixels.
        sigma_x: Error of the left and right edge, pixels.
        sigma_y: Error of the upper and lower edge.
        cut: Whether left, upper, right and lower edge are the picture's.
    """

    xyxy: Box
    sigma_x: float
    sigma_y: float
    cut: tuple[bool, bool, bool, bool]

    @classmethod
    def of(cls, xyxy: Box, picture_wh: tuple[int, int], look_px: float) -> "_SeenBox":
        x1, y1, x2, y2 = xyxy
        far_x, far_y = picture_wh[0] - CUT_PX, picture_wh[1] - CUT_PX
        return cls(
            xyxy,
            max(EDGE_PX * look_px, EDGE_SHARE * (x2 - x1)),
            max(EDGE_PX * look_px, EDGE_SHARE * (y2 - y1)),
            (x1 <= CUT_PX, y1 <= CUT_PX, x2 >= far_x, y2 >= far_y),
        )

    @property
    def sigma_width(self) -> float:
        """Error of its width, pixels."""
        return float(np.sqrt(2.0) * self.sigma_x)

    def covariance_m2(self, to_place: F64) -> F64:
        """(2, 2) what the errors of its edges make of the place; `to_place`: metres by pixels."""
        one_side = self.cut[0] != self.cut[2]
        across = self.sigma_x**2 * (1.0 if one_side else 0.5)
        return np.asarray(to_place @ np.diag([across, self.sigma_y**2]) @ to_place.T)

    def misses(self, filled: "_Boxes") -> F64:
        """(N, 2) pixels to the right and down by which bodies' boxes are to be moved.

        The edges that the picture cuts are no edges of the thing: the opposite one then holds it.
        """
        x1, y1, x2, y2 = self.xyxy
        cut_left, _, cut_right, cut_below = self.cut
        right = (x1 + x2 - filled.left - filled.right) / 2
        if cut_left != cut_right:
            right = x2 - filled.right if cut_left else x1 - filled.left
        down = y1 - filled.top if cut_below else y2 - filled.bottom
        return np.stack([right, down], axis=1)

    def growth(self, filled: "_Boxes", scales: F64) -> F64:
        """(N,) factor by which bodies must grow to be as wide; one that is cut may be any larger."""
        growth = (self.xyxy[2] - self.xyxy[0]) / np.maximum(filled.right - filled.left, 1e-6)
        return np.maximum(growth, 1 / scales) if self.cut[0] or self.cut[2] else growth

    def likelihood(self, filled: "_Boxes") -> F64:
        """(N,) how well bodies that are as wide are also as high."""
        height, theirs = self.xyxy[3] - self.xyxy[1], filled.bottom - filled.top
        sigma = np.hypot(np.sqrt(2.0) * self.sigma_y, BODY_SHARE * theirs)
        short = (height - theirs) / sigma
        if self.cut[1] or self.cut[3]:
            short = np.maximum(short, 0.0)
        return np.asarray(np.exp(-0.5 * short**2) + ODD)


@dataclass(frozen=True, slots=True, eq=False)
class _Stand:
    """The ground before a box: its front in local metres, unit vectors to the right and away, its width."""

    front: F64
    across: F64
    away: F64
    width_m: float


@dataclass(frozen=True, slots=True, eq=False)
class _Boxes:
    """Edges of the boxes of bodies, each (N,) pixels."""

    left: F64
    top: F64
    right: F64
    bottom: F64


def _fill(
    box: _SeenBox, stand: _Stand, bodies: Bodies, upright: Upright, to_place: F64
) -> tuple[F64, F64, F64]:
    """Bodies that fill a box: centroids (N, 2), scales (N,), and how much each counts (N,), 1 together."""
    east = bodies.right * stand.across[0] + bodies.away * stand.away[0]
    north = bodies.right * stand.across[1] + bodies.away * stand.away[1]
    scales = stand.width_m / np.ptp(bodies.right, axis=1)
    centres = stand.front - (scales * bodies.away.min(axis=1))[:, None] * stand.away

    def boxes() -> _Boxes:
        by, at = scales[:, None], centres[:, :, None]
        x, y = upright.project(east * by + at[:, 0], north * by + at[:, 1], bodies.up * by)
        return _Boxes(x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1))

    for _ in range(ROUNDS):
        filled = boxes()
        scales = scales * box.growth(filled, scales)
        centres = centres + box.misses(filled) @ to_place.T
    filled = boxes()
    centres = centres + box.misses(filled) @ to_place.T
    with np.errstate(invalid="ignore", over="ignore"):
        weights = np.exp(bodies.log_prior(scales)) * box.likelihood(filled)
    lost = ~(np.isfinite(weights) & np.isfinite(centres).all(axis=1))
    weights[lost], centres[lost], scales[lost] = 0.0, stand.front, 1.0
    return centres, scales, weights / max(float(weights.sum()), 1e-300)


@lru_cache(maxsize=64)
def _upright(plane: Plane) -> Upright:
    return Upright.of(plane)


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
