"""Sun shadows from a height field: below which height each place of the district lies in shadow."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["shadow_ceiling"]

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
NEVER = -1000.0
OPEN = -2.0
"""Below all ground, the canal's water included: nothing lies so deep, so nothing is shaded."""
SOFT_CELLS = 1.3
LOWEST_SUN = 0.035
"""Sine of the lowest elevation for which shadows are drawn: two degrees."""


def shadow_ceiling(heights: F32, cell_m: float, sun: F64) -> F32:
    """Height below which each cell lies in shadow: (ny, nx) float32 metres; `OPEN` where in the open.

    A cell at distance d towards the sun shades up to its own height less d times the tangent of the
    sun's elevation; the maximum over all d is taken by doubling: what shades over n cells and what
    shades over the n cells beyond them.

    Args:
        heights: (ny, nx) float32 metres of what stands there; row 0 is the southernmost.
        cell_m: Side of a cell.
        sun: (3,) unit vector to the sun, east, north, up.
    """
    level = float(np.hypot(sun[0], sun[1]))
    rise = max(float(sun[2]), LOWEST_SUN)
    if level < 1e-6:
        return np.full(heights.shape, OPEN, np.float32)
    step = np.array([sun[0], sun[1]]) / level
    drop = rise / level * cell_m
    reach = max(2.0, float(heights.max()) / drop)
    ceiling = _from(heights, step, drop)
    cells = 1
    while cells < reach:
        ceiling = np.maximum(ceiling, _from(ceiling, step * cells, drop * cells))
        cells *= 2
    # The grid's steps would stand as scallops along every edge of a shadow.
    return np.asarray(cv2.GaussianBlur(np.maximum(ceiling, OPEN), (0, 0), SOFT_CELLS), np.float32)


def _from(heights: F32, step: F64, drop: float) -> F32:
    """The heights found at `step` cells further on, lowered by `drop`."""
    move = np.array([[1.0, 0.0, -step[0]], [0.0, 1.0, -step[1]]])
    size = (heights.shape[1], heights.shape[0])
    moved = cv2.warpAffine(
        heights, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=NEVER
    )
    return np.asarray(moved - np.float32(drop), np.float32)
