"""The lines of the district's paths: places along them, and the pieces that a camera sees."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT

__all__ = ["Line", "beside", "line_of", "seen_pieces"]

F64 = NDArray[np.float64]
VIEW_M = 95.0
CORNER_M = 1.2
"""Place and heading are blended over so many metres before and after."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A path's line, cut into pieces.

    Args:
        starts_m: Metre at which each piece begins, and the whole length.
        easts: Of the corners.
        norths: Of the corners.
        length_m: Of the whole.
    """

    starts_m: tuple[float, ...]
    easts: tuple[float, ...]
    norths: tuple[float, ...]
    length_m: float

    def at(self, metre: float, aside_m: float, is_back: bool = False) -> tuple[float, float, float]:
        """East, north and heading at a metre, `aside_m` to the right of who goes along it.

        Near a corner place and heading are blended, so that nobody jumps.
        """
        ahead, behind = self._plain(metre + CORNER_M), self._plain(metre - CORNER_M)
        east, north = (ahead[0] + behind[0]) / 2, (ahead[1] + behind[1]) / 2
        along_e, along_n = ahead[0] - behind[0], ahead[1] - behind[1]
        length = float(np.hypot(along_e, along_n)) or 1.0
        sign = -1.0 if is_back else 1.0
        along_e, along_n = sign * along_e / length, sign * along_n / length
        yaw = float(np.rad2deg(np.arctan2(along_e, along_n)) % 360)
        return east + along_n * aside_m, north - along_e * aside_m, yaw

    def _plain(self, metre: float) -> tuple[float, float]:
        number = min(max(bisect_right(self.starts_m, metre) - 1, 0), len(self.starts_m) - 2)
        start, end = self.starts_m[number], self.starts_m[number + 1]
        share = (metre - start) / (end - start)
        return (
            self.easts[number] + (self.easts[number + 1] - self.easts[number]) * share,
            self.norths[number] + (self.norths[number + 1] - self.norths[number]) * share,
        )


@lru_cache(maxsize=len(DISTRICT.paths))
def line_of(path: int) -> Line:
    """The line of a path of `DISTRICT.paths`."""
    corners = np.array(DISTRICT.paths[path].line_en)
    starts = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    easts, norths = corners.T
    return Line(
        tuple(float(value) for value in starts),
        tuple(float(value) for value in easts),
        tuple(float(value) for value in norths),
        float(starts[-1]),
    )


@lru_cache(maxsize=512)
def seen_pieces(camera: DistrictCamera, path: int) -> tuple[tuple[float, float], ...]:
    """The pieces (from metre, to metre) of a path in or near a camera's picture and in sight."""
    line = line_of(path)
    metres = np.arange(0.0, line.length_m, 1.0)
    places = np.array([line.at(float(metre), 0.0)[:2] for metre in metres])
    points = np.column_stack([places, np.full(len(places), 1.2)])
    depth = camera.depth(points)
    spare = camera.focal_px * 3.0 / np.maximum(depth, 1.0)
    straight = camera.straight(points)
    with np.errstate(invalid="ignore"):
        inside = (straight > -spare[:, None]) & (straight < np.array(camera.size_wh) + spare[:, None])
    seen = inside.all(axis=1) & (depth > 0.5) & (depth < VIEW_M)
    seen[seen] = district_heights().sees(camera.place_enu, points[seen])
    seen = np.convolve(seen, np.ones(9), "same") > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(int)))
    return tuple((float(start), float(end)) for start, end in zip(edges[::2], edges[1::2], strict=True))


def beside(path: int, places: F64) -> tuple[F64, F64]:
    """(N,) metre along a path and (N,) metres to the right of it, of (N, 2) places."""
    line = line_of(path)
    corners = np.column_stack([line.easts, line.norths])
    best, metres, asides = np.full(len(places), np.inf), np.zeros(len(places)), np.zeros(len(places))
    for start_m, start, end in zip(line.starts_m, corners, corners[1:], strict=False):
        along = (end - start) / np.hypot(*(end - start))
        offset = places - start
        metre = np.clip(offset @ along, 0, np.hypot(*(end - start)))
        away = np.hypot(*(offset - metre[:, None] * along).T)
        nearer = away < best
        best[nearer], metres[nearer] = away[nearer], start_m + metre[nearer]
        asides[nearer] = (offset[:, 0] * along[1] - offset[:, 1] * along[0])[nearer]
    beyond = best > np.abs(asides) + 0.5
    asides[beyond] = np.inf
    return metres, asides
