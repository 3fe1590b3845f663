"""Which parts of a picture the detector sees at full resolution."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vision.boxes import share_inside
from vision.detectors.boxes import nms
from vision.types import Box, Detections

__all__ = ["crop_around", "merge_tiles", "tiles"]

EDGE_PX = 2.0


def crop_around(box: Box, size_wh: tuple[int, int], min_side_px: int, margin: float) -> Box:
    """A square-ish crop around a box, with context, inside the picture, at even coordinates.

    Args:
        box: What to look at, picture pixels.
        size_wh: Size of the picture.
        min_side_px: Least side: below the model's input size nothing would be gained.
        margin: Context on each side, share of the longer side of the box.
    """
    width, height = size_wh
    long_side = max(box[2] - box[0], box[3] - box[1])
    side = max(long_side * (1 + 2 * margin), float(min_side_px))
    left, right = _span((box[0] + box[2]) / 2, side, width)
    top, bottom = _span((box[1] + box[3]) / 2, side, height)
    return left, top, right, bottom


def tiles(size_wh: tuple[int, int], tile_px: int, overlap_px: int) -> list[Box]:
    """Square tiles that cover a picture, neighbours sharing at least `overlap_px`."""
    columns = _starts(size_wh[0], tile_px, overlap_px)
    rows = _starts(size_wh[1], tile_px, overlap_px)
    return [
        (float(x), float(y), float(min(size_wh[0], x + tile_px)), float(min(size_wh[1], y + tile_px)))
        for y in rows
        for x in columns
    ]


def merge_tiles(parts: Sequence[Detections], boxes: Sequence[Box], size_wh: tuple[int, int]) -> Detections:
    """Detections of several tiles as one, in picture pixels.

    A box that an inner tile edge cuts is dropped where another tile shows more of it.

    Args:
        parts: One per tile, in the tile's own pixels.
        boxes: The tiles, picture pixels.
        size_wh: Size of the picture.
    """
    xyxy, scores, classes, is_cut = [], [], [], []
    for part, tile in zip(parts, boxes, strict=True):
        moved = part.xyxy + np.array([tile[0], tile[1]] * 2, np.float32)
        xyxy.append(moved)
        scores.append(part.scores)
        classes.append(part.classes)
        is_cut.append(_cut_by_inner_edge(moved, tile, size_wh))
    names = parts[0].names
    found = Detections(
        np.concatenate(xyxy).astype(np.float32), np.concatenate(scores), np.concatenate(classes), names
    )
    found = found.select(_without_halves(found, np.concatenate(is_cut)))
    return found.select(nms(found.xyxy, found.scores, found.classes))


def _without_halves(found: Detections, is_cut: NDArray[np.bool_]) -> NDArray[np.bool_]:
    keep = np.ones(len(found), bool)
    for row in np.flatnonzero(is_cut):
        half = [float(value) for value in found.xyxy[row]]
        for other in np.flatnonzero(found.classes == found.classes[row]):
            whole = [float(value) for value in found.xyxy[other]]
            if other != row and not is_cut[other] and share_inside(half, whole) > 0.7:
                keep[row] = False
                break
    return keep


def _cut_by_inner_edge(xyxy: NDArray[np.float32], tile: Box, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    width, height = size_wh
    cut = np.zeros(len(xyxy), bool)
    if tile[0] > 0:
        cut |= xyxy[:, 0] <= tile[0] + EDGE_PX
    if tile[1] > 0:
        cut |= xyxy[:, 1] <= tile[1] + EDGE_PX
    if tile[2] < width:
        cut |= xyxy[:, 2] >= tile[2] - EDGE_PX
    if tile[3] < height:
        cut |= xyxy[:, 3] >= tile[3] - EDGE_PX
    return cut


def _span(centre: float, side: float, length: int) -> tuple[float, float]:
    """Start and end of a span of `side` around a centre, moved inside 0..length, at even coordinates."""
    side = min(side, float(length))
    wanted = min(max(0.0, centre - side / 2), length - side)
    start = float(int(wanted) // 2 * 2)
    # The end follows from what was wanted, not from the rounded start, or the last row would be lost.
    end = min(float(length), float(-(-int(np.ceil(wanted + side)) // 2) * 2))
    return start, end


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    if length <= tile:
        return [0]
    count = int(np.ceil((length - overlap) / (tile - overlap)))
    return [int(value) // 2 * 2 for value in np.linspace(0, length - tile, count)]
