"""The district as a height field, for sun shadows and for what hides what.

Two layers, because a tree is not a wall: `solid_m` is the top of buildings and hoardings (light and sight
end there), crowns are given from their underside to their top (light is dappled there).
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import Hoarding, Plan, Point, Tree

__all__ = ["CELL_M", "HeightField", "district_heights"]

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
CELL_M = 0.25
MARGIN_WSEN = (-128.0, -100.0, 128.0, 100.0)
"""Wider than the district: what stands beyond it throws shadows into it."""


@dataclass(frozen=True, slots=True, eq=False)
class HeightField:
    """Heights on a grid whose row 0 is the southernmost.

    Args:
        west_m: Western edge of column 0.
        south_m: Southern edge of row 0.
        solid_m: (rows, columns) top of what is solid; 0 on open ground.
        crown_low_m: (rows, columns) underside of tree crowns; infinite where there is none.
        crown_top_m: (rows, columns) top of tree crowns; 0 where there is none.
    """

    west_m: float
    south_m: float
    solid_m: F32
    crown_low_m: F32
    crown_top_m: F32

    def cells(self, east_m: F64, north_m: F64) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of places, kept inside the grid."""
        rows = np.floor((north_m - self.south_m) / CELL_M).astype(np.intp)
        columns = np.floor((east_m - self.west_m) / CELL_M).astype(np.intp)
        height, width = self.solid_m.shape
        return np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)

    def sees(self, eye_enu: F64, points_enu: F64) -> NDArray[np.bool_]:
        """(N,) whether nothing solid and no crown stands between an eye and (N, 3) places.

        The last half metre before a place is not asked: a thing may lean on a wall.
        """
        reach = np.linalg.norm(points_enu[:, :2] - eye_enu[:2], axis=1)
        steps = max(2, int(np.ceil(float(reach.max(initial=0.0)) / CELL_M)))
        share = np.linspace(0.0, 1.0, steps)[None, :] * (1 - 0.5 / np.maximum(reach, 0.5))[:, None]
        # Nor the first half metre: a camera hangs on the front of a house or on a pole.
        share = np.maximum(share, (0.5 / np.maximum(reach, 1.0))[:, None])
        way = points_enu - eye_enu
        rows, columns = self.cells(eye_enu[0] + share * way[:, None, 0], eye_enu[1] + share * way[:, None, 1])
        up = eye_enu[2] + share * way[:, None, 2]
        crown = (up > self.crown_low_m[rows, columns]) & (up < self.crown_top_m[rows, columns])
        return np.asarray(~((up < self.solid_m[rows, columns]) | crown).any(axis=1))


@lru_cache(maxsize=1)
def district_heights() -> HeightField:
    """The height field of the district; made once, about 0.1 s."""
    return height_field(DISTRICT)


def height_field(plan: Plan) -> HeightField:
    """The height field of a plan."""
    west, south, east, north = MARGIN_WSEN
    shape = (round((north - south) / CELL_M), round((east - west) / CELL_M))
    field = HeightField(
        west,
        south,
        np.zeros(shape, np.float32),
        np.full(shape, np.inf, np.float32),
        np.zeros(shape, np.float32),
    )
    for hoarding in plan.hoardings:
        for start, end in _sheets(hoarding):
            ends = _grid(field, (start, end))
            cv2.line(field.solid_m, ends[0].tolist(), ends[1].tolist(), hoarding.height_m)
    for building in sorted(plan.buildings, key=lambda building: building.height_m):
        cv2.fillPoly(field.solid_m, [_grid(field, building.footprint_en, inset=True)], building.height_m)
    for tree in plan.trees:
        _crown(field, tree)
    for layer in (field.solid_m, field.crown_low_m, field.crown_top_m):
        layer.flags.writeable = False
    return field


def _grid(field: HeightField, places: tuple[Point, ...], *, inset: bool = False) -> NDArray[np.int32]:
    """Columns and rows of places; `inset` for outlines, whose far cells would lie outside."""
    cells = (np.array(places) - (field.west_m, field.south_m)) / CELL_M
    if inset:
        middle = cells.mean(axis=0)
        return np.asarray(np.where(cells < middle, np.ceil(cells), np.ceil(cells) - 1), np.int32)
    return np.asarray(np.floor(cells), np.int32)


def _sheets(hoarding: Hoarding) -> list[tuple[Point, Point]]:
    """The pieces of a hoarding between its gates."""
    pieces = []
    for start, end in zip(hoarding.line_en, hoarding.line_en[1:], strict=False):
        a, b = np.array(start), np.array(end)
        length = float(np.linalg.norm(b - a))
        along = (b - a) / length
        cuts = [0.0]
        for gate in hoarding.gates_en:
            offsets = [np.array(place) - a for place in gate]
            if all(abs(along[0] * offset[1] - along[1] * offset[0]) < 0.1 for offset in offsets):
                cuts += sorted(float(np.clip(offset @ along, 0, length)) for offset in offsets)
        cuts.append(length)
        for first, last in zip(cuts[::2], cuts[1::2], strict=True):
            if last - first > CELL_M:
                pieces.append(((tuple(a + along * first)), tuple(a + along * last)))
    return [((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))) for a, b in pieces]


def _crown(field: HeightField, tree: Tree) -> None:
    """An ellipsoid from `clear_m` up to `height_m`."""
    reach = tree.crown_radius_m
    rows, columns = field.cells(
        np.array([tree.east_m - reach, tree.east_m + reach]),
        np.array([tree.north_m - reach, tree.north_m + reach]),
    )
    window = (slice(rows[0], rows[1] + 1), slice(columns[0], columns[1] + 1))
    north = field.south_m + (np.arange(rows[0], rows[1] + 1) + 0.5) * CELL_M - tree.north_m
    east = field.west_m + (np.arange(columns[0], columns[1] + 1) + 0.5) * CELL_M - tree.east_m
    rest = 1 - (north[:, None] ** 2 + east[None, :] ** 2) / reach**2
    half = (tree.height_m - tree.clear_m) / 2 * np.sqrt(np.maximum(rest, 0))
    middle = (tree.height_m + tree.clear_m) / 2
    inside = rest > 0
    low, top = field.crown_low_m[window], field.crown_top_m[window]
    low[inside] = np.minimum(low, middle - half)[inside]
    top[inside] = np.maximum(top, middle + half)[inside]
