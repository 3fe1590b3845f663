"""Cover boxes and polygons so that what was there cannot be brought back."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import Box, Planes

__all__ = ["PrivacyZones", "black_out", "cover", "dilated"]

U8 = NDArray[np.uint8]

CELLS_ACROSS = 2
"""Cells along the shorter side of a covered box: a head is at most one or two flat colours."""
SOLID_BELOW_PX = 32
"""A box whose shorter side is below this becomes one flat colour."""
BLACK_Y, BLACK_UV = 16, 128


@dataclass(frozen=True, slots=True)
class PrivacyZones:
    """What of a view is never looked at.

    Args:
        polygons_px: Corners (x, y) of each zone, pixels of the displayed picture that they were drawn on.
        drawn_wh: Size of that picture; a stream of another size is scaled to it. None: that of each picture.
    """

    polygons_px: Sequence[Sequence[tuple[float, float]]] = ()
    drawn_wh: tuple[int, int] | None = None

    def corners_px(self, size_wh: tuple[int, int]) -> list[NDArray[np.float64]]:
        """(N, 2) corners of each zone in the pixels of a picture of this size."""
        scale = np.array(size_wh) / np.array(self.drawn_wh or size_wh)
        return [np.asarray(polygon, np.float64).reshape(-1, 2) * scale for polygon in self.polygons_px]


def dilated(box: Box, share: float, size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """`box` grown by `share` of its width and height on every side, on whole pixels, inside the picture."""
    x1, y1, x2, y2 = box
    grow_x, grow_y = (x2 - x1) * share, (y2 - y1) * share
    return (
        int(np.clip(np.floor(x1 - grow_x), 0, size_wh[0])),
        int(np.clip(np.floor(y1 - grow_y), 0, size_wh[1])),
        int(np.clip(np.ceil(x2 + grow_x), 0, size_wh[0])),
        int(np.clip(np.ceil(y2 + grow_y), 0, size_wh[1])),
    )


def cover(image: U8, boxes: Sequence[tuple[int, int, int, int]]) -> U8:
    """A copy of (H, W, 3) `image` in which each box is a few flat cells of mean colour.

    Nothing inside a box survives but the means of at most twelve cells, so no filter can bring a face
    back. The largest box is painted last: where boxes overlap, the coarsest cells win.
    """
    covered = image.copy()
    for x1, y1, x2, y2 in sorted(set(boxes), key=lambda b: ((b[2] - b[0]) * (b[3] - b[1]), b)):
        if x2 > x1 and y2 > y1:
            covered[y1:y2, x1:x2] = _flat_cells(image[y1:y2, x1:x2])
    return covered


def _flat_cells(part: U8) -> U8:
    height, width = part.shape[:2]
    short = min(width, height)
    across = 1 if short < SOLID_BELOW_PX else CELLS_ACROSS
    # Never more than three times as many along as across: a long box keeps little detail too.
    along = min(3 * across, max(across, round(across * max(width, height) / short)))
    cells_wh = (across, along) if width <= height else (along, across)
    if min(part.shape[:2]) < max(cells_wh):
        cells_wh = (1, 1)
    small = cv2.resize(part, cells_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def black_out(planes: Planes, zones: PrivacyZones) -> Planes:
    """A copy of the picture in which the privacy zones are black; done before anything is analysed.

    Args:
        planes: The picture as it was decoded.
        zones: The view's privacy zones.

    Returns: The same planes where there is no zone.
    """
    if not zones.polygons_px:
        return planes
    height, width = planes.y.shape
    inside = np.zeros((height + height % 2, width + width % 2), np.uint8)
    for corners in zones.corners_px(planes.size_wh):
        cv2.fillPoly(inside, [np.round(corners).astype(np.int32)], 1)
    # Any luma pixel inside blackens its chroma sample, so that no colour of a zone shows at its edge.
    rows, cols = inside.shape
    chroma = inside.reshape(rows // 2, 2, cols // 2, 2).max(axis=(1, 3)).astype(bool)
    luma = inside[:height, :width].astype(bool)
    return Planes(
        np.where(luma, np.uint8(BLACK_Y), planes.y),
        np.where(chroma, np.uint8(BLACK_UV), planes.u),
        np.where(chroma, np.uint8(BLACK_UV), planes.v),
    )
