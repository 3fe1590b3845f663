"""What of all that is placed a camera sees, in which box, and how much of it: by geometry alone.

A thing's body is the hull of its footprint below and above. Walls, hoardings and crowns hide what the height
field says they hide; a nearer thing hides what lies inside its own box, drawn in a little, for no body fills
its box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.heights import district_heights
from sample_videos.district.things import Placed, hull_enu
from vision.types import Box

__all__ = ["InView", "in_view"]

F64 = NDArray[np.float64]
GRID = 6
"""Points across and down a box whose being hidden is asked."""
DRAWN_IN = 0.1
"""Share of its box on each side that a nearer thing leaves free."""
NEAREST_M = 1.0


@dataclass(frozen=True, slots=True)
class InView:
    """One thing in a picture.

    Args:
        placed: The thing.
        box: Its box, clipped to the picture, pixels of the calibrated pose.
        depth_m: Along the optical axis.
        share: Share of its whole body that is in the picture and not hidden, 0..1.
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
        found.append(InView(thing, body.box, body.depth_m, body.share * _free(body, nearer)))
    return found


@dataclass(frozen=True, slots=True)
class _Body:
    """A thing in the picture, nothing before it.

    Args:
        box: Clipped to the picture.
        whole: Not clipped.
        depth_m: Of its middle.
        share: Share inside the picture that no wall or crown hides.
    """

    box: Box
    whole: Box
    depth_m: float
    share: float


@lru_cache(maxsize=4000)
def _body(camera: DistrictCamera, thing: Placed) -> _Body | None:
    """Where a thing falls in the picture, or None where it does not."""
    hull = hull_enu(thing)
    depth = camera.depth(hull)
    if float(depth.min()) < NEAREST_M:
        return None
    px = camera.project(hull)
    if not np.isfinite(px).all():
        return None
    x1, y1 = (float(value) for value in px.min(axis=0))
    x2, y2 = (float(value) for value in px.max(axis=0))
    width, height = camera.size_wh
    box = max(0.0, x1), max(0.0, y1), min(float(width), x2), min(float(height), y2)
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        return None
    inside = (box[2] - box[0]) * (box[3] - box[1]) / ((x2 - x1) * (y2 - y1))
    # Points on the body's surface lie on its ground's edge; a metre's step into it would be inside a wall.
    points = np.vstack([hull, hull[: len(hull) // 2] * 0.5 + hull[len(hull) // 2 :] * 0.5])
    seen = float(district_heights().sees(camera.place_enu, points).mean())
    return _Body(box, (x1, y1, x2, y2), float(depth.mean()), inside * seen)


def _free(body: _Body, nearer: Sequence[_Body]) -> float:
    """Share of a box that no nearer thing covers."""
    x1, y1, x2, y2 = body.box
    over = [other for other in nearer if _overlaps(other.box, body.box)]
    if not over:
        return 1.0
    steps = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(x1 + steps * (x2 - x1), y1 + steps * (y2 - y1))
    covered = np.zeros(x.shape, bool)
    for other in over:
        left, top, right, bottom = other.whole
        inset_x, inset_y = DRAWN_IN * (right - left), DRAWN_IN * (bottom - top)
        covered |= (x > left + inset_x) & (x < right - inset_x) & (y > top + inset_y) & (y < bottom - inset_y)
    return float(1 - covered.mean())


def _overlaps(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
