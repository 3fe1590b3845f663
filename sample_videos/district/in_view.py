"""What of all that is placed a camera sees, in which box, and how much of it: by geometry alone.

A thing's body is the hull of its footprint below and above, and its outline in the picture the hull of that.
Walls, hoardings and crowns hide what the height field says they hide; a nearer thing hides what lies inside
its outline. Truth and oracle both ask here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.heights import district_heights
from sample_videos.district.things import Placed, hull_enu
from vision.types import Box

__all__ = ["InView", "in_view", "seen_share", "unhidden_share"]

F64 = NDArray[np.float64]
GRID = 7
"""Pixels across and down a box that are asked whether they are the thing's, and hidden."""
NEAREST_M = 1.0
LARGEST_M = 3.6
"""From the middle of the largest thing to its farthest corner."""


@dataclass(frozen=True, slots=True)
class InView:
    """One thing in a picture.

    Args:
        placed: The thing.
        box: Its box, clipped to the picture, pixels of the calibrated pose.
        depth_m: Along the optical axis.
        share: Pixels of it that nothing hides, of all its pixels in the picture, 0..1.
    """

    placed: Placed
    box: Box
    depth_m: float
    share: float


def in_view(camera: DistrictCamera, placed: Sequence[Placed]) -> list[InView]:
    """All things that reach into a camera's picture, the nearest first."""
    bodies = [(thing, body) for thing in placed if (body := _body(camera, thing)) is not None]
    bodies.sort(key=lambda pair: pair[1].depth_m)
    found = []
    for number, (thing, body) in enumerate(bodies):
        nearer = [other for _, other in bodies[:number]]
        found.append(InView(thing, body.box, body.depth_m, _share(body, nearer)))
    return found


def seen_share(camera: DistrictCamera, thing: Placed, placed: Sequence[Placed]) -> float:
    """The share of one thing among all that is placed, as `in_view` has it; 0 outside the picture."""
    body = _body(camera, thing)
    if body is None:
        return 0.0
    nearer = [
        other
        for each in _about(camera, body, placed)
        if each != thing and (other := _body(camera, each)) is not None and other.depth_m < body.depth_m
    ]
    return _share(body, nearer)


def unhidden_share(camera: DistrictCamera, thing: Placed) -> float:
    """The share that neither walls nor crowns hide; 0 where it is not in the picture."""
    body = _body(camera, thing)
    return 0.0 if body is None else float(body.is_open.mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """A thing in the picture, nothing before it.

    Args:
        box: Clipped to the picture.
        depth_m: Of its middle.
        outline: (E, 2) corners of its outline, counter-clockwise in the picture, pixels.
        pixels: (P, 2) some of its pixels in the picture.
        is_open: (P,) which of them no wall and no crown hides.
    """

    box: Box
    depth_m: float
    outline: F64
    pixels: F64
    is_open: NDArray[np.bool_]


@lru_cache(maxsize=8000)
def _body(camera: DistrictCamera, thing: Placed) -> _Body | None:
    """Where a thing falls in the picture, or None where it does not."""
    hull = hull_enu(thing)
    depth = camera.depth(hull)
    if float(depth.min()) < NEAREST_M:
        return None
    px = camera.project(hull)
    if not np.isfinite(px).all():
        return None
    (x1, y1), (x2, y2) = px.min(axis=0), px.max(axis=0)
    width, height = camera.size_wh
    box = (
        max(0.0, float(x1)),
        max(0.0, float(y1)),
        min(float(width), float(x2)),
        min(float(height), float(y2)),
    )
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        return None
    outline = cv2.convexHull(px.astype(np.float32))[:, 0].astype(np.float64)
    steps = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(box[0] + steps * (box[2] - box[0]), box[1] + steps * (box[3] - box[1]))
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    own = pixels[_is_inside(outline, pixels)]
    if not len(own):
        own = np.array([[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]])
    places = _places(camera, thing, own)
    is_open = district_heights().sees(camera.place_enu, places)
    return _Body(box, float(depth.mean()), outline, own, is_open)


def _places(camera: DistrictCamera, thing: Placed, pixels: F64) -> F64:
    """(P, 3) where pixels of a thing lie: upright through its middle, or on the ground before it."""
    rays = camera.rays(pixels)
    level = np.maximum(np.hypot(rays[:, 0], rays[:, 1]), 1e-6)
    reach = camera.distance_m(thing.east_m, thing.north_m) / level
    to_ground = camera.height_m / np.maximum(-rays[:, 2], 1e-9)
    return np.asarray(camera.place_enu + rays * np.minimum(reach, to_ground)[:, None])


def _about(camera: DistrictCamera, body: _Body, placed: Sequence[Placed]) -> list[Placed]:
    """The things that may cover part of a body: near its box, whatever their size."""
    places = np.array([(each.east_m, each.north_m, 0.9) for each in placed]).reshape(-1, 3)
    depth = camera.depth(places)
    with np.errstate(invalid="ignore"):
        middles = camera.straight(places)
        spare = camera.focal_px * LARGEST_M / np.maximum(depth - LARGEST_M, 0.5) * 1.3
        near = (middles[:, 0] + spare > body.box[0]) & (middles[:, 0] - spare < body.box[2])
        near &= (middles[:, 1] + spare > body.box[1]) & (middles[:, 1] - spare < body.box[3])
    near &= depth < body.depth_m + LARGEST_M
    return [each for each, is_near in zip(placed, near, strict=True) if is_near]


def _share(body: _Body, nearer: Sequence[_Body]) -> float:
    """Share of a body's pixels that nothing hides."""
    shown = body.is_open.copy()
    for other in nearer:
        if _overlaps(other.box, body.box):
            shown &= ~_is_inside(other.outline, body.pixels)
    return float(shown.mean())


def _is_inside(outline: F64, pixels: F64) -> NDArray[np.bool_]:
    """(P,) whether pixels (P, 2) lie in a convex outline (E, 2)."""
    side = np.roll(outline, -1, axis=0) - outline
    x, y = pixels[:, 0, None] - outline[:, 0], pixels[:, 1, None] - outline[:, 1]
    turn = side[:, 0] * y - side[:, 1] * x
    return np.asarray((turn >= 0).all(axis=1) | (turn <= 0).all(axis=1))


def _overlaps(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
