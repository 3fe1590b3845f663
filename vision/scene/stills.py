"""Background stills: the median of several looks, in which passers-by vanish."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import BadInput
from vision.types import Box, Planes

__all__ = ["compose", "evidence_picture"]

U8 = NDArray[np.uint8]

STRIP_ROWS = 64
REDUCTION = 8
FEATHER = 0.5


def compose(pictures: Sequence[Planes]) -> Planes:
    """The per-pixel median of several looks of one view.

    Args:
        pictures: Looks of equal size, oldest first. Of an even number the oldest is left out,
            because the mean of two middle values would show half a passer-by.

    Raises:
        BadInput: There is no look, or their sizes differ.
    """
    if not pictures:
        raise BadInput("no look to compose a still from")
    if len({picture.size_wh for picture in pictures}) != 1:
        raise BadInput("looks of different sizes cannot be composed")
    used = pictures[len(pictures) % 2 == 0 :]
    return Planes(
        _median([picture.y for picture in used]),
        _median([picture.u for picture in used]),
        _median([picture.v for picture in used]),
    )


def _median(layers: Sequence[U8]) -> U8:
    """Exact median of an odd number of equal (H, W) uint8 arrays.

    Sorts with whole-array minimum and maximum, which are an order of magnitude faster than a
    partition along the short axis; strips keep the working set in the processor's cache.
    """
    if len(layers) == 1:
        return layers[0].copy()
    median = np.empty_like(layers[0])
    for top in range(0, median.shape[0], STRIP_ROWS):
        rows = [layer[top : top + STRIP_ROWS].copy() for layer in layers]
        median[top : top + STRIP_ROWS] = _middle(rows)
    return median


def _middle(rows: list[U8]) -> U8:
    """The middle of an odd number of arrays, which are overwritten.

    Forgetful selection: of just over half the values, neither the least nor the greatest can be the
    median; drop both, take in the next, repeat.

    Source: A. W. Paeth, Median finding on a 3x3 grid, Graphics Gems (1990).
    """
    active = len(rows) // 2 + 2
    held, waiting = rows[:active], rows[active:]
    while len(held) > 1:
        for index in range(len(held) - 1):
            _exchange(held[index], held[-1])
        for index in range(1, len(held) - 1):
            _exchange(held[0], held[index])
        held = held[1:-1]
        if waiting:
            held.append(waiting.pop(0))
    return held[0]


def _exchange(low: U8, high: U8) -> None:
    """Put the lesser values into `low` and the greater into `high`."""
    least = np.minimum(low, high)
    np.maximum(low, high, out=high)
    low[...] = least


def evidence_picture(image: U8, box: Box, margin: float = 0.25, reduction: int = REDUCTION) -> U8:
    """The picture sharp in and around the box, and everywhere else too coarse to recognise anyone.

    The seam is feathered inside the margin, so nothing sharp shows beyond it. No mark is drawn:
    viewers draw the box, and the picture stays what was seen.

    Args:
        image: (H, W, 3) uint8, masked.
        box: The incident, pixels.
        margin: Sharp surroundings, share of the box's longer side, on every side.
        reduction: Linear reduction of the rest.

    Raises:
        BadInput: The box lies outside the picture.
    """
    height, width = image.shape[:2]
    around = max(margin * max(box[2] - box[0], box[3] - box[1]), 1.0)
    left, top = max(0, int(box[0] - around)), max(0, int(box[1] - around))
    right, bottom = min(width, int(np.ceil(box[2] + around))), min(height, int(np.ceil(box[3] + around)))
    if right <= left or bottom <= top:
        raise BadInput(f"box {box} lies outside a picture of {width}x{height}")
    coarse_wh = (max(1, width // reduction), max(1, height // reduction))
    coarse = cv2.resize(image, coarse_wh, interpolation=cv2.INTER_AREA)
    picture = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    feather = max(1.0, around * FEATHER)
    across = _ramp(left, right, feather, width)
    down = _ramp(top, bottom, feather, height)
    weight = np.minimum(down[:, None], across[None, :])[:, :, None]
    sharp, blurred = image[top:bottom, left:right], picture[top:bottom, left:right]
    mixed = sharp * weight + blurred * (1 - weight)
    picture[top:bottom, left:right] = np.round(mixed).astype(np.uint8)
    return picture


def _ramp(start: int, end: int, feather: float, length: int) -> NDArray[np.float32]:
    """Weight of the sharp picture at each pixel of start..end: 1, falling to 0 at inner edges."""
    at = np.arange(start, end, dtype=np.float32) + 0.5
    weight = np.ones(end - start, np.float32)
    if start > 0:
        weight = np.minimum(weight, (at - start) / feather)
    if end < length:
        weight = np.minimum(weight, (end - at) / feather)
    return np.clip(weight, 0, 1)
