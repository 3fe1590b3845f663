"""Where things can be put in a camera's view: spots on the strips of the plan that the camera sees well."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import Strip
from sample_videos.district.things import Part, hull_enu

__all__ = ["FARTHEST_M", "Spots", "is_framed", "sees_well", "spots_of", "trains_on"]

F64 = NDArray[np.float64]
NEAREST_M, FARTHEST_M = 7.0, 58.0
STEP_M = 0.5
SIGHT_M = (0.15, 0.9)
"""Heights above a spot that must be in sight."""
EDGE_PX = 10.0
IN_ROWS: Final = ("wall", "kerb", "road")


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Spots of one kind of strip in a camera's view.

    Args:
        places: (N, 2) east, north, metres: the middle of the strip where it is a row, else anywhere on it.
        strips: (N,) index of each one's strip in `DISTRICT.strips`.
    """

    places: F64
    strips: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.places)

    def strip(self, index: int) -> Strip:
        """The strip of a spot."""
        return DISTRICT.strips[int(self.strips[index])]


@lru_cache(maxsize=128)
def spots_of(camera: DistrictCamera, kinds: tuple[str, ...]) -> Spots:
    """The spots on strips of some kinds that a camera sees well; always in the same order."""
    places, strips = [np.zeros((0, 2))], [np.zeros(0, np.intp)]
    for index, strip in enumerate(DISTRICT.strips):
        if strip.kind in kinds:
            found = _on(strip)
            found = found[sees_well(camera, found)]
            places.append(found)
            strips.append(np.full(len(found), index, np.intp))
    return Spots(np.vstack(places), np.concatenate(strips))


def sees_well(camera: DistrictCamera, places: F64) -> NDArray[np.bool_]:
    """(N,) whether a camera sees (N, 2) places and what stands there: near enough, inside, not hidden."""
    if not len(places):
        return np.zeros(0, bool)
    reach = np.hypot(*(places - camera.place_enu[:2]).T)
    good = (reach > NEAREST_M) & (reach < FARTHEST_M)
    for height in SIGHT_M:
        points = np.column_stack([places, np.full(len(places), height)])
        pixels = camera.project(points)
        with np.errstate(invalid="ignore"):
            inside = (pixels > EDGE_PX) & (pixels < np.array(camera.size_wh) - EDGE_PX)
        good &= inside.all(axis=1)
        good[good] &= district_heights().sees(camera.place_enu, points[good])
    return np.asarray(good)


def is_framed(camera: DistrictCamera, part: Part) -> bool:
    """Whether the whole of a thing lies inside a camera's picture."""
    pixels = camera.project(hull_enu(part))
    edge = np.array(camera.size_wh) - EDGE_PX
    with np.errstate(invalid="ignore"):
        return bool(((pixels > EDGE_PX) & (pixels < edge)).all())


def trains_on(place: tuple[float, float]) -> bool:
    """Whether a camera that is used for training sees a place."""
    spot = np.array([place])
    return any(camera.split == "train" and bool(sees_well(camera, spot)[0]) for camera in CAMERAS)


def _on(strip: Strip) -> F64:
    """(N, 2) places on a strip, `STEP_M` apart: along its middle line where it is a row."""
    wide, deep = strip.east_m - strip.west_m, strip.north_m - strip.south_m
    east = np.linspace(strip.west_m, strip.east_m, max(2, int(wide / STEP_M) + 1))
    north = np.linspace(strip.south_m, strip.north_m, max(2, int(deep / STEP_M) + 1))
    if strip.kind in IN_ROWS:
        if wide > deep:
            north = np.array([(strip.south_m + strip.north_m) / 2])
        else:
            east = np.array([(strip.west_m + strip.east_m) / 2])
    grid = np.meshgrid(east, north)
    return np.column_stack([grid[0].ravel(), grid[1].ravel()])
